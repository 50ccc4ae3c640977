package org.geodex.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/**
 * Text from a masked-token model (BERT, RoBERTa): the masks of the prompt are filled; where it has
 * none, masks are put behind it, before its last token where that is an end token.
 *
 * <p>Mask–predict (Ghazvininejad et al. 2019): all masks are filled at once; in round t of T the
 * n·(T − t)/T least probable of the n new tokens are masked again and filled anew. Gibbs (Wang and
 * Cho 2019): after a first filling each sweep visits the new places in random order, masks one, and
 * draws it from the model's distribution given all others.
 *
 * @param newTokens masks behind a prompt that has none
 * @param gibbs Gibbs sampling instead of mask–predict
 * @param iterations rounds T, or sweeps
 * @param sampling how a masked token is chosen
 * @param seed of the drawing
 * @param maskToken id of the mask token, which is never chosen itself
 */
public record Infilling(
    int newTokens, boolean gibbs, int iterations, Sampling sampling, long seed, int maskToken) {

  /**
   * The tokens filled in for each prompt.
   *
   * @param firstPrompt number of the first prompt, which selects its random sequence
   */
  public List<int[]> run(Model model, int[][] prompts, long firstPrompt, LayerHook hook) {
    if (!(model instanceof BertModel bert) || !bert.hasHead()) {
      throw new InputException("%s: has no masked-token head", model.folder());
    }
    TokenBatch.checkRange(
        "mask token", new int[][] {{maskToken}}, model.config().vocabulary(), "vocab_size");
    List<int[]> results = new ArrayList<>();
    for (int b = 0; b < prompts.length; b++) {
      SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + firstPrompt + b);
      LayerHook ours = hook.batch(new long[] {firstPrompt + b}, new int[1]);
      results.add(new Filling(model, ours, prompts[b], random).run());
    }
    return results;
  }

  /** Where masks are put into a prompt: before its end token, or behind it where it has none. */
  public static int place(int[] prompt, ModelConfig config) {
    int last = prompt.length - 1;
    return last > 0 && isEnd(prompt[last], config) ? last : prompt.length;
  }

  /** [SEP] stands last in BERT's prompts; where the configuration is silent, id 102 is it. */
  private static boolean isEnd(int token, ModelConfig config) {
    return config.endTokens().isEmpty() ? token == 102 : config.endTokens().contains(token);
  }

  /** One prompt being continued. */
  private final class Filling {
    private final Model model;
    private final LayerHook hook;
    private final SplittableRandom random;
    private final int[] ids;
    private final List<Integer> places;

    Filling(Model model, LayerHook hook, int[] prompt, SplittableRandom random) {
      this.model = model;
      this.hook = hook;
      this.random = random;
      boolean holes = Arrays.stream(prompt).anyMatch(id -> id == maskToken);
      this.ids = holes ? prompt.clone() : extended(prompt, model.config());
      this.places =
          IntStream.range(0, ids.length).filter(i -> ids[i] == maskToken).boxed().toList();
    }

    private int[] extended(int[] prompt, ModelConfig config) {
      int first = place(prompt, config);
      int[] longer = Arrays.copyOf(prompt, prompt.length + newTokens);
      Arrays.fill(longer, first, first + newTokens, maskToken);
      System.arraycopy(prompt, first, longer, first + newTokens, prompt.length - first);
      return longer;
    }

    int[] run() {
      if (gibbs) {
        fill(places);
        for (int sweep = 0; sweep < iterations; sweep++) {
          for (int place : shuffled()) {
            ids[place] = maskToken;
            fill(List.of(place));
          }
        }
      } else {
        maskPredict();
      }
      return places.stream().mapToInt(place -> ids[place]).toArray();
    }

    private List<Integer> shuffled() {
      List<Integer> order = new ArrayList<>(places);
      for (int i = order.size() - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int other = order.get(j);
        order.set(j, order.get(i));
        order.set(i, other);
      }
      return order;
    }

    private void maskPredict() {
      double[] certainty = new double[ids.length];
      List<Integer> masked = places;
      for (int t = 1; !masked.isEmpty(); t++) {
        double[] found = fill(masked);
        for (int i = 0; i < found.length; i++) {
          certainty[masked.get(i)] = found[i];
        }
        int again = t >= iterations ? 0 : places.size() * (iterations - t) / iterations;
        masked = new ArrayList<>(places);
        masked.sort(Comparator.comparingDouble(place -> certainty[place]));
        masked = masked.subList(0, again);
        masked.forEach(place -> ids[place] = maskToken);
      }
    }

    /** Fills masked places from one forward pass; returns the log-probability of each choice. */
    private double[] fill(List<Integer> places) {
      double[] found = new double[places.size()];
      try (Activations pass =
          model.forward(TokenBatch.of(ids.clone()), Keep.nothing().withHeads(), hook)) {
        Matrix logits = pass.get("logits");
        for (int i = 0; i < found.length; i++) {
          double[] row = new double[logits.columns()];
          logits.copyRow(places.get(i), row);
          row[maskToken] = Double.NEGATIVE_INFINITY;
          double norm = logSumExp(row);
          double[] copy = row.clone();
          ids[places.get(i)] = sampling.choose(copy, random);
          found[i] = row[ids[places.get(i)]] - norm;
        }
      }
      return found;
    }

    private static double logSumExp(double[] values) {
      double largest = values[Sampling.argmax(values)];
      double sum = 0;
      for (double value : values) {
        sum += Math.exp(value - largest);
      }
      return largest + Math.log(sum);
    }
  }
}
