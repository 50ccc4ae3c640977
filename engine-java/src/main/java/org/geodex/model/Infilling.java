package org.geodex.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
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
   * As {@link #run(Model, int[][], long[], LayerHook)}, the prompts being numbered from a first.
   */
  public List<int[]> run(Model model, int[][] prompts, long firstPrompt, LayerHook hook) {
    return run(model, prompts, Generation.numbers(firstPrompt, prompts.length), hook);
  }

  /**
   * The tokens filled in for each prompt. Prompts run together, each as if it ran alone; those of
   * like length waste the least.
   *
   * @param numbers of the prompts, which select their random sequences
   */
  public List<int[]> run(Model model, int[][] prompts, long[] numbers, LayerHook hook) {
    if (!(model instanceof BertModel bert) || !bert.hasHead()) {
      throw new InputException("%s: has no masked-token head", model.folder());
    }
    TokenBatch.checkRange(
        "mask token", new int[][] {{maskToken}}, model.config().vocabulary(), "vocab_size");
    List<Filling> all = new ArrayList<>();
    for (int b = 0; b < prompts.length; b++) {
      int[] ids = withMasks(prompts[b], model.config());
      all.add(gibbs ? new Gibbs(ids, numbers[b]) : new MaskPredict(ids, numbers[b]));
    }
    for (List<Filling> open = open(all); !open.isEmpty(); open = open(open)) {
      step(model, open, hook);
    }
    return all.stream().map(Filling::filled).toList();
  }

  private static List<Filling> open(List<Filling> fillings) {
    return fillings.stream().filter(filling -> !filling.masked.isEmpty()).toList();
  }

  /** One forward pass over all prompts that have a mask; every mask is filled. */
  private void step(Model model, List<Filling> open, LayerHook hook) {
    int[][] ids = open.stream().map(filling -> filling.ids).toArray(int[][]::new);
    Generation.Padded padded = Generation.Padded.of(ids, model.config().padToken(), false);
    int length = padded.ids()[0].length;
    int[] places =
        IntStream.range(0, ids.length)
            .flatMap(b -> open.get(b).masked.stream().mapToInt(place -> b * length + place))
            .toArray();
    long[] numbers = open.stream().mapToLong(filling -> filling.number).toArray();
    LayerHook ours = hook.batch(numbers, new int[numbers.length]);
    TokenBatch batch = TokenBatch.of(padded.ids(), padded.mask());
    try (Activations pass = model.forward(batch, Keep.nothing().withLogits(places), ours)) {
      long row = 0;
      for (Filling filling : open) {
        int count = filling.masked.size();
        filling.fill(pass.get("logits").rows(row, row + count));
        row += count;
      }
    }
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

  /** The prompt itself where it has masks, or with masks put into it. */
  private int[] withMasks(int[] prompt, ModelConfig config) {
    if (Arrays.stream(prompt).anyMatch(id -> id == maskToken)) {
      return prompt.clone();
    }
    int first = place(prompt, config);
    int[] longer = Arrays.copyOf(prompt, prompt.length + newTokens);
    Arrays.fill(longer, first, first + newTokens, maskToken);
    System.arraycopy(prompt, first, longer, first + newTokens, prompt.length - first);
    return longer;
  }

  /** One prompt being filled, forward pass after forward pass. */
  private abstract sealed class Filling {
    final int[] ids;
    final long number;
    final SplittableRandom random;
    final List<Integer> places;

    /** Places that hold a mask now; none when all is done. */
    List<Integer> masked;

    Filling(int[] ids, long number) {
      this.ids = ids;
      this.number = number;
      this.random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number);
      this.places =
          IntStream.range(0, ids.length).filter(i -> ids[i] == maskToken).boxed().toList();
      this.masked = places;
    }

    /** Chooses a token for every mask. */
    final void fill(Matrix logits) {
      double[] certainty = new double[masked.size()];
      double[] row = new double[logits.columns()];
      for (int i = 0; i < certainty.length; i++) {
        logits.copyRow(i, row);
        row[maskToken] = Double.NEGATIVE_INFINITY;
        double[] copy = row.clone();
        int chosen = sampling.choose(copy, random);
        ids[masked.get(i)] = chosen;
        certainty[i] = row[chosen] - logSumExp(row);
      }
      next(certainty);
    }

    /** Puts the next masks, if any. */
    abstract void next(double[] certainty);

    final void mask(List<Integer> again) {
      masked = again;
      masked.forEach(place -> ids[place] = maskToken);
    }

    final int[] filled() {
      return places.stream().mapToInt(place -> ids[place]).toArray();
    }
  }

  private final class MaskPredict extends Filling {
    private final double[] certainty;
    private int round;

    MaskPredict(int[] ids, long number) {
      super(ids, number);
      this.certainty = new double[ids.length];
    }

    @Override
    void next(double[] found) {
      for (int i = 0; i < found.length; i++) {
        certainty[masked.get(i)] = found[i];
      }
      round++;
      int again = round >= iterations ? 0 : places.size() * (iterations - round) / iterations;
      List<Integer> least = new ArrayList<>(places);
      least.sort(Comparator.comparingDouble(place -> certainty[place]));
      mask(least.subList(0, again));
    }
  }

  private final class Gibbs extends Filling {
    private final Deque<Integer> sweep = new ArrayDeque<>();
    private int sweeps;

    Gibbs(int[] ids, long number) {
      super(ids, number);
    }

    @Override
    void next(double[] certainty) {
      if (sweep.isEmpty() && sweeps++ < iterations) {
        sweep.addAll(shuffled());
      }
      mask(sweep.isEmpty() ? List.of() : List.of(sweep.pop()));
    }

    private List<Integer> shuffled() {
      List<Integer> order = new ArrayList<>(places);
      for (int i = order.size() - 1; i > 0; i--) {
        Collections.swap(order, i, random.nextInt(i + 1));
      }
      return order;
    }
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
