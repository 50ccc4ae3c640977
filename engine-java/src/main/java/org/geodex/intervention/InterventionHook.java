package org.geodex.intervention;

import java.util.List;
import java.util.SplittableRandom;
import org.geodex.matrix.Matrix;
import org.geodex.model.LayerHook;

/**
 * Carries out interventions on one batch. Sums in f64, results rounded to f32. The noise of a row
 * depends on seed, sequence, stack, layer and place alone: it is the same with and without a cache,
 * in a batch and alone.
 */
final class InterventionHook implements LayerHook {
  private final List<Intervention> interventions;
  private final long seed;

  /** Number of each sequence of the batch, or null: counted from 0. */
  private final long[] sequences;

  /** Tokens in front of each, or null: none. */
  private final int[] padding;

  InterventionHook(List<Intervention> interventions, long seed) {
    this(interventions, seed, null, null);
  }

  private InterventionHook(
      List<Intervention> interventions, long seed, long[] sequences, int[] padding) {
    this.interventions = interventions;
    this.seed = seed;
    this.sequences = sequences;
    this.padding = padding;
  }

  @Override
  public LayerHook batch(long[] numbers, int[] inFront) {
    return new InterventionHook(interventions, seed, numbers, inFront);
  }

  @Override
  public void residual(Site site, Matrix x) {
    for (Intervention one : interventions) {
      if (!one.kind().onAttention() && one.actsAt(site, site.layer())) {
        float[] row = new float[x.columns()];
        for (long i = 0; i < x.rows(); i++) {
          x.copyRow(i, row);
          residual(one, site, i, row);
          x.setRow(i, row);
        }
      }
    }
  }

  private void residual(Intervention one, Site site, long i, float[] h) {
    switch (one.kind()) {
      case TRANSLATE -> translate(h, one.alpha(), one.direction().at(site.layer()));
      case SCALE -> scale(h, one.alpha());
      case NOISE -> noise(h, one.alpha(), random(site, i));
      default -> throw new IllegalStateException(one.kind() + " acts on attention");
    }
  }

  private static void translate(float[] h, double alpha, float[] u) {
    double step = alpha * Math.sqrt(squares(h));
    for (int j = 0; j < h.length; j++) {
      h[j] = (float) (h[j] + step * u[j]);
    }
  }

  private static void scale(float[] h, double alpha) {
    for (int j = 0; j < h.length; j++) {
      h[j] = (float) (alpha * h[j]);
    }
  }

  private static void noise(float[] h, double sigma, SplittableRandom random) {
    double step = sigma * Math.sqrt(squares(h) / h.length);
    for (int j = 0; j < h.length; j++) {
      h[j] = (float) (h[j] + step * random.nextGaussian());
    }
  }

  private static double squares(float[] h) {
    double sum = 0;
    for (float value : h) {
      sum += (double) value * value;
    }
    return sum;
  }

  private SplittableRandom random(Site site, long row) {
    int b = (int) (row / site.queries());
    long inFront = padding == null ? 0 : padding[b];
    long place = site.keys() - site.queries() + row % site.queries() - inFront;
    long sequence = sequences == null ? b : sequences[b];
    long key = seed;
    for (long part : new long[] {sequence, site.stack().ordinal(), site.layer(), place}) {
      key = (key ^ part) * 0x9E3779B97F4A7C15L;
      key ^= key >>> 29;
    }
    return new SplittableRandom(key);
  }

  @Override
  public boolean wantsAttention(Site site) {
    return interventions.stream()
        .anyMatch(one -> one.kind().onAttention() && one.actsAt(site, site.layer() + 1));
  }

  @Override
  public void attention(Site site, Matrix weights) {
    float[] row = new float[weights.columns()];
    for (Intervention one : interventions) {
      if (one.kind().onAttention() && one.actsAt(site, site.layer() + 1)) {
        for (long i = 0; i < weights.rows(); i++) {
          weights.copyRow(i, row);
          attention(one, site, i, row);
          weights.setRow(i, row);
        }
      }
    }
  }

  private static void attention(Intervention one, Site site, long i, float[] w) {
    switch (one.kind()) {
      case ATTENTION_TEMPERATURE -> temper(w, one.alpha());
      case ATTENTION_UNIFORM -> mix(w, one.alpha());
      case ATTENTION_SPAN -> {
        int place = (int) (site.keys() - site.queries() + i % site.queries());
        limit(w, one.alpha(), place, one.span());
      }
      case REMOVE_HEADS -> {
        int head = (int) (i / site.queries() % site.heads());
        if (one.heads().contains(head)) {
          scale(w, 1 - one.alpha());
        }
      }
      default -> throw new IllegalStateException(one.kind() + " acts on the residual stream");
    }
  }

  private static void temper(float[] w, double temperature) {
    double largest = 0;
    for (float weight : w) {
      largest = Math.max(largest, weight);
    }
    double[] tempered = new double[w.length];
    for (int j = 0; j < w.length; j++) {
      tempered[j] = w[j] > 0 ? Math.pow(w[j] / largest, 1 / temperature) : 0;
    }
    normalize(tempered, w);
  }

  private static void mix(float[] w, double share) {
    int seen = 0;
    for (float weight : w) {
      seen += weight > 0 ? 1 : 0;
    }
    for (int j = 0; j < w.length; j++) {
      w[j] = w[j] > 0 ? (float) ((1 - share) * w[j] + share / seen) : 0;
    }
  }

  private static void limit(float[] w, double share, int place, int span) {
    double[] limited = new double[w.length];
    for (int j = 0; j < w.length; j++) {
      limited[j] = Math.abs(place - j) > span ? (1 - share) * w[j] : w[j];
    }
    normalize(limited, w);
  }

  /** Brings weights to sum 1; weights that are all 0 leave the row as it was. */
  private static void normalize(double[] weights, float[] into) {
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    for (int j = 0; sum > 0 && j < into.length; j++) {
      into[j] = (float) (weights[j] / sum);
    }
  }
}
