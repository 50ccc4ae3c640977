package org.geodex.token;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.entropy.CodingLength;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.SecondMoment;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Vectors;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.T5Config;
import org.geodex.model.TokenBatch;

/**
 * How a model answers changed contexts: the loss of the token that is asked for, the target's
 * information gain, the normalized coding length and the mean of the hidden state's rows up to the
 * target, each against the whole context's.
 *
 * @param layer hidden state
 * @param eps distortion
 */
record Responses(Backend backend, Model model, int layer, double eps) {
  /** Largest logits of one pass. */
  private static final long LOGITS_BYTES = 256L << 20;

  private static final int MOST_TOKENS = 8192;

  /** One sequence to run. */
  private record Run(int context, Variant variant, int[] ids) {}

  /** What came of it; the loss NaN where nothing is asked. */
  private record Response(double loss, double gain, double entropy, double[] mean) {}

  /**
   * Runs all variants, those of one length together, and adds {@code change.ACTION.METHOD.QUANTITY}
   * to each context's observation, and {@code loss} of the whole context.
   *
   * @param variants of each context, the whole one first
   */
  void observe(
      List<Context> contexts, List<List<Variant>> variants, List<Observation> observations) {
    Map<Integer, List<Run>> byLength = new LinkedHashMap<>();
    for (int c = 0; c < contexts.size(); c++) {
      for (Variant variant : variants.get(c)) {
        int[] ids = contexts.get(c).asked(variant.ids());
        byLength.computeIfAbsent(ids.length, n -> new ArrayList<>()).add(new Run(c, variant, ids));
      }
    }
    Map<Variant, Response> responses = new java.util.IdentityHashMap<>();
    byLength.forEach(
        (length, runs) -> {
          int together = together(length);
          for (int from = 0; from < runs.size(); from += together) {
            run(contexts, runs.subList(from, Math.min(from + together, runs.size())), responses);
          }
        });
    for (int c = 0; c < contexts.size(); c++) {
      Response whole = responses.get(variants.get(c).getFirst());
      observations.get(c).add("loss", whole.loss());
      for (Variant variant : variants.get(c).subList(1, variants.get(c).size())) {
        String key = "change." + variant.action() + "." + variant.method() + ".";
        change(key, responses.get(variant), whole, observations.get(c));
      }
    }
  }

  private int together(int length) {
    long tokens = Math.min(MOST_TOKENS, LOGITS_BYTES / (4L * model.config().vocabulary()));
    return (int) Math.max(1, tokens / length);
  }

  private static void change(String key, Response now, Response whole, Observation out) {
    out.add(key + "loss", now.loss() - whole.loss());
    out.add(key + "information_gain", now.gain() - whole.gain());
    out.add(key + "entropy", now.entropy() - whole.entropy());
    out.add(key + "representation", 1 - Vectors.cosine(now.mean(), whole.mean()));
  }

  private void run(List<Context> contexts, List<Run> runs, Map<Variant, Response> out) {
    boolean asked = contexts.get(runs.getFirst().context()).answer() >= 0;
    Keep keep = asked ? Keep.layers(layer).withHeads() : Keep.layers(layer);
    TokenBatch batch = TokenBatch.of(runs.stream().map(Run::ids).toArray(int[][]::new));
    if (asked && model.config() instanceof T5Config t5) {
      batch = batch.withDecoder(decoder(contexts, runs, t5.startToken()), null);
    }
    int length = batch.length();
    try (Activations pass = model.forward(batch, keep, LayerHook.NONE)) {
      Matrix hidden = pass.get(model.config().reader().hiddenName(layer));
      for (int b = 0; b < runs.size(); b++) {
        Run run = runs.get(b);
        Context context = contexts.get(run.context());
        int n = run.variant().ids().length;
        long first = (long) b * length;
        // T5's answer is the second token of its decoder, all others' that of the target's row.
        long row = batch.decoderLength() > 0 ? 2L * b + 1 : first + n - 1;
        double loss =
            asked && pass.has("logits")
                ? NextTokenLoss.of(pass.get("logits"), row, context.answer())
                : Double.NaN;
        Matrix rows = hidden.rows(first, first + n);
        out.put(run.variant(), response(rows, context.ids().length, loss));
      }
    }
  }

  /** The start of an answer: the sentinel that stands in the target's place. */
  private static int[][] decoder(List<Context> contexts, List<Run> runs, int start) {
    return runs.stream()
        .map(run -> new int[] {start, contexts.get(run.context()).question()})
        .toArray(int[][]::new);
  }

  /**
   * Measures the rows of a context.
   *
   * @param whole tokens of the whole context, whose scale the gain keeps
   */
  private Response response(Matrix rows, int whole, double loss) {
    try (SecondMoment moment = SecondMoment.of(backend, rows, RowForm.UNIT);
        Matrix.Owned unit = InformationGain.unitRows(rows)) {
      double c = InformationGain.scale(whole, rows.columns(), eps);
      double[] gains = InformationGain.logDeterminant(backend, unit, c);
      double entropy = CodingLength.normalized(backend, moment, eps);
      return new Response(loss, gains[gains.length - 1], entropy, backend.algebra().means(rows));
    }
  }
}
