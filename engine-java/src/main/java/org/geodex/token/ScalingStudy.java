package org.geodex.token;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.entropy.CodingLength;
import org.geodex.entropy.MatrixEntropy;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.SecondMoment;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.SafetensorsFolder;
import org.geodex.model.Activations;
import org.geodex.model.FreshCheckpoint;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.TokenBatch;

/**
 * Entropy of representations against model size. Every text gives one value of each quantity in
 * each model; a model's value is the mean over texts. {@link ScalingLaws} fits laws of growth
 * through the models.
 *
 * <p>Quantities of a hidden state: normalized coding length (unit rows) at each ε; matrix entropy
 * and effective rank (centred unit rows), absolute and as a share of ln d and d. Of the first
 * hidden state also: the conditional entropy of a token given its context, half the information
 * gain at the fixed scale c = d/(T·ε²), T the longest context allowed, mean over a text's tokens
 * but the first and of the last; Diff-eRank, the effective rank with fresh weights less that of the
 * trained model, and the ratio of the two. And the model's own next-token loss where it has one.
 *
 * <p>Memory: texts are read one at a time; their hidden states are kept until {@value #BLOCK_BYTES}
 * bytes or an eighth of the budget is full, then measured side by side.
 *
 * @param epsilons distortions, the first also for the conditional entropy
 * @param layers hidden states to look at, 0 the embedding, −1 the last, −2 the one before
 * @param length T, the longest context allowed, in tokens
 * @param freshSeeds seeds of fresh weights; none leaves Diff-eRank out
 * @param seed of the bootstrap
 */
public record ScalingStudy(
    double[] epsilons, int[] layers, int length, long[] freshSeeds, long seed) {
  private static final long BLOCK_BYTES = 128L << 20;

  public ScalingStudy {
    if (epsilons.length == 0) {
      throw new UsageException("--eps: expected at least one distortion, such as 0.5");
    }
    if (layers.length == 0) {
      throw new UsageException("--layers: expected at least one hidden state, such as -1");
    }
    for (double eps : epsilons) {
      InformationGain.scale(1, 1, eps);
    }
  }

  /**
   * What one model gave.
   *
   * @param name folder
   * @param parameters numbers in its weights
   * @param width d
   * @param values quantity → one value a text
   * @param conditionalEntropy mean by place in the context, nats
   * @param loss mean next-token loss by place of the token that is asked for, nats; NaN at 0, empty
   *     where the model has none
   * @param diffErank of the mean entropies of all texts, one for each seed of fresh weights
   */
  public record Measurement(
      String name,
      long parameters,
      int width,
      long tokens,
      Map<String, double[]> values,
      double[] conditionalEntropy,
      double[] loss,
      double[] diffErank) {

    /** Mean over the texts. */
    public double mean(String quantity) {
      return mean(quantity, IntStream.range(0, values.get(quantity).length).toArray());
    }

    double mean(String quantity, int[] texts) {
      double[] all = values.get(quantity);
      return Arrays.stream(texts).mapToDouble(text -> all[text]).average().orElseThrow();
    }
  }

  /**
   * Refuses a model without the hidden states asked for, before any other is run.
   *
   * @throws UsageException when it has too few layers
   */
  public void checkLayers(Path folder) {
    ModelConfig config = ModelConfig.read(folder);
    for (int layer : layers) {
      hidden(config, folder, layer);
    }
  }

  /** Numbers in the weights of a checkpoint, each stored tensor once. */
  public static long parameters(Path folder) {
    try (SafetensorsFolder weights = SafetensorsFolder.open(folder)) {
      return weights.names().stream().mapToLong(name -> weights.tensor(name).elements()).sum();
    }
  }

  /**
   * Runs a model, and after it the same architecture with fresh weights, over texts.
   *
   * @param contexts token ids; texts of one token are left out
   * @param progress told of each text, (1 + seeds) times in all
   */
  public Measurement measure(
      Backend backend, Model model, List<int[]> contexts, LongConsumer progress) {
    List<int[]> texts = contexts.stream().filter(ids -> ids.length > 1).toList();
    for (int i = 0; i < contexts.size(); i++) {
      Context.requireDifferent(model.config(), "text " + (i + 1), contexts.get(i));
    }
    progress.accept(contexts.size() - texts.size());
    if (texts.isEmpty()) {
      throw new InputException(
          "%s: none of the %d texts has two tokens: one token alone has no entropy",
          model.folder(), contexts.size());
    }
    Sums sums = new Sums(texts.size(), length, true);
    read(backend, model, texts, layers, sums, progress);
    double[] diffErank = new double[freshSeeds.length];
    for (int s = 0; s < freshSeeds.length; s++) {
      diffErank[s] = againstFresh(backend, model.folder(), texts, freshSeeds[s], sums, progress);
    }
    return new Measurement(
        model.folder().toString(),
        parameters(model.folder()),
        model.config().width(),
        texts.stream().mapToLong(ids -> ids.length).sum(),
        sums.values,
        sums.conditional.means(),
        sums.loss.means(),
        diffErank);
  }

  /** Sums over texts and places. */
  private static final class Places {
    private final double[] sums;
    private final long[] counts;

    Places(int length) {
      sums = new double[length];
      counts = new long[length];
    }

    void add(double[] values) {
      for (int t = 0; t < values.length; t++) {
        sums[t] += values[t];
        counts[t]++;
      }
    }

    double[] means() {
      int places = 0;
      while (places < counts.length && counts[places] > 0) {
        places++;
      }
      return IntStream.range(0, places).mapToDouble(t -> sums[t] / counts[t]).toArray();
    }
  }

  private static final class Sums {
    private final int texts;
    private final boolean trained;
    private final Map<String, double[]> values = new LinkedHashMap<>();
    private final Places conditional;
    private final Places loss;

    Sums(int texts, int length, boolean trained) {
      this.texts = texts;
      this.trained = trained;
      this.conditional = new Places(length);
      this.loss = new Places(length);
    }

    void put(String quantity, int text, double value) {
      values.computeIfAbsent(quantity, q -> new double[texts])[text] = value;
    }
  }

  /** Adds the fresh model's effective ranks; returns Diff-eRank of the mean entropies. */
  private double againstFresh(
      Backend backend,
      Path folder,
      List<int[]> texts,
      long freshSeed,
      Sums trained,
      LongConsumer progress) {
    Sums fresh = new Sums(texts.size(), length, false);
    Path scratch = scratch();
    try {
      FreshCheckpoint.write(folder, freshSeed, scratch);
      try (Model model = Model.load(scratch, backend)) {
        read(backend, model, texts, new int[] {layers[0]}, fresh, progress);
      }
    } finally {
      delete(scratch);
    }
    double[] before = fresh.values.get("effective_rank");
    double[] after = trained.values.get("effective_rank");
    int n = freshSeeds.length;
    for (int t = 0; t < before.length; t++) {
      add(trained, "effective_rank_fresh", t, before[t] / n);
      add(trained, "diff_erank", t, (before[t] - after[t]) / n);
      add(trained, "erank_ratio", t, before[t] / after[t] / n);
    }
    return Math.exp(mean(fresh, "matrix_entropy")) - Math.exp(mean(trained, "matrix_entropy"));
  }

  private static void add(Sums sums, String quantity, int text, double value) {
    sums.values.computeIfAbsent(quantity, q -> new double[sums.texts])[text] += value;
  }

  private static double mean(Sums sums, String quantity) {
    return Arrays.stream(sums.values.get(quantity)).average().orElseThrow();
  }

  private static Path scratch() {
    try {
      return Files.createTempDirectory("geodex-fresh-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path scratch) {
    try {
      for (String name : List.of("config.json", "model.safetensors")) {
        Files.deleteIfExists(scratch.resolve(name));
      }
      Files.delete(scratch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Hidden states of one text, one for each layer looked at. */
  private record Rows(int text, List<Matrix.Owned> layers) {}

  private void read(
      Backend backend,
      Model model,
      List<int[]> texts,
      int[] chosen,
      Sums sums,
      LongConsumer progress) {
    int[] hidden =
        Arrays.stream(chosen).map(layer -> hidden(model.config(), model.folder(), layer)).toArray();
    long most = Math.min(BLOCK_BYTES, backend.memoryBudget() / 8);
    List<Rows> block = new ArrayList<>();
    try {
      long bytes = 0;
      for (int t = 0; t < texts.size(); t++) {
        block.add(new Rows(t, forward(backend, model, hidden, texts.get(t), t, sums)));
        bytes += 4L * texts.get(t).length * model.config().width() * hidden.length;
        if (bytes >= most || t == texts.size() - 1) {
          measure(backend, block, chosen, sums);
          progress.accept(block.size());
          close(block);
          bytes = 0;
        }
      }
    } finally {
      close(block);
    }
  }

  private static void close(List<Rows> block) {
    block.forEach(rows -> rows.layers().forEach(Matrix.Owned::close));
    block.clear();
  }

  private static int hidden(ModelConfig config, Path folder, int layer) {
    int states = config.layers();
    int hidden = layer < 0 ? states + 1 + layer : layer;
    if (hidden < 0 || hidden > states) {
      throw new UsageException(
          "--layers %d: expected 0 to %d or -1 to -%d, the hidden states of %s",
          layer, states, states + 1, folder);
    }
    return hidden;
  }

  private static List<Matrix.Owned> forward(
      Backend backend, Model model, int[] hidden, int[] ids, int text, Sums sums) {
    Keep keep = Keep.layers(hidden);
    boolean asked = sums.trained && model.config().causal();
    try (Activations run =
        model.forward(TokenBatch.of(ids), asked ? keep.withHeads() : keep, LayerHook.NONE)) {
      if (asked && run.has("logits")) {
        double[] losses = losses(backend, run.get("logits"), ids);
        sums.loss.add(losses);
        sums.put("loss", text, Arrays.stream(losses).skip(1).average().orElseThrow());
      }
      List<Matrix.Owned> rows = new ArrayList<>();
      for (int layer : hidden) {
        Matrix state = run.get(model.config().reader().hiddenName(layer));
        Matrix.Owned copy = Matrix.allocate(state.rows(), state.columns());
        copy.copyFrom(state);
        rows.add(copy);
      }
      return rows;
    }
  }

  /** Loss of each token but the first, whose place holds NaN. */
  private static double[] losses(Backend backend, Matrix logits, int[] ids) {
    double[] losses = new double[ids.length];
    losses[0] = Double.NaN;
    backend
        .parallel()
        .forEach(
            ids.length - 1L,
            i -> losses[(int) i + 1] = NextTokenLoss.of(logits, i, ids[(int) i + 1]));
    return losses;
  }

  /** What the hidden states of one text gave. */
  private record Measured(Observation entropies, double[] conditional) {}

  private void measure(Backend backend, List<Rows> block, int[] chosen, Sums sums) {
    Measured[] measured = new Measured[block.size()];
    backend
        .parallel()
        .forEach(
            measured.length,
            b -> measured[(int) b] = measure(backend, block.get((int) b), chosen, sums.trained));
    for (int b = 0; b < measured.length; b++) {
      int text = block.get(b).text();
      Observation entropies = measured[b].entropies();
      entropies.keys().forEach(key -> sums.put(key, text, entropies.get(key)));
      sums.conditional.add(measured[b].conditional());
    }
  }

  private Measured measure(Backend backend, Rows rows, int[] chosen, boolean trained) {
    try {
      return measured(backend, rows, chosen, trained);
    } catch (InputException e) {
      throw new InputException(
          e, "text %d of those with two tokens or more: %s", rows.text() + 1, e.getMessage());
    }
  }

  private Measured measured(Backend backend, Rows rows, int[] chosen, boolean trained) {
    Observation out = new Observation();
    for (int l = 0; l < chosen.length; l++) {
      String suffix = l == 0 ? "" : "_layer_" + chosen[l];
      if (trained) {
        codingLengths(backend, rows.layers().get(l), suffix, out);
      }
      spectrum(backend, rows.layers().get(l), suffix, out);
    }
    double[] conditional = trained ? conditional(backend, rows.layers().getFirst()) : new double[0];
    if (trained) {
      out.add("conditional_entropy", Arrays.stream(conditional).skip(1).average().orElseThrow());
      out.add("conditional_entropy_last", conditional[conditional.length - 1]);
    }
    return new Measured(out, conditional);
  }

  private void codingLengths(Backend backend, Matrix rows, String suffix, Observation out) {
    try (SecondMoment unit = SecondMoment.of(backend, rows, RowForm.UNIT)) {
      for (double eps : epsilons) {
        double value = CodingLength.normalized(backend, unit, eps);
        out.add("coding_length_normalized_eps_" + eps + suffix, value);
      }
    }
  }

  private static void spectrum(Backend backend, Matrix rows, String suffix, Observation out) {
    int d = rows.columns();
    try (SecondMoment centred = SecondMoment.of(backend, rows, RowForm.CENTRED_UNIT)) {
      double entropy = MatrixEntropy.of(centred);
      out.add("matrix_entropy" + suffix, entropy);
      out.add("matrix_entropy_share" + suffix, entropy / Math.log(d));
      out.add("effective_rank" + suffix, Math.exp(entropy));
      out.add("effective_rank_share" + suffix, Math.exp(entropy) / d);
    }
  }

  /** Half the gain of every token. */
  private double[] conditional(Backend backend, Matrix rows) {
    try (Matrix.Owned unit = InformationGain.unitRows(rows)) {
      double c = InformationGain.scale(length, rows.columns(), epsilons[0]);
      double[] gains = InformationGain.logDeterminant(backend, unit, c);
      return Arrays.stream(gains).map(gain -> gain / 2).toArray();
    }
  }
}
