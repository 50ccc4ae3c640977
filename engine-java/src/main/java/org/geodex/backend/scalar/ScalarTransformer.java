package org.geodex.backend.scalar;

import java.util.Arrays;
import org.apache.commons.numbers.gamma.Erf;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.backend.transformer.Epilogue;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.backend.transformer.Transformer;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

final class ScalarTransformer implements Transformer {

  @Override
  public void embed(StoredMatrix[] tables, int[][] ids, Matrix out) {
    for (int i = 0; i < out.rows(); i++) {
      for (int j = 0; j < out.columns(); j++) {
        double sum = 0;
        for (int t = 0; t < tables.length; t++) {
          sum += tables[t].f32().get(ids[t][i], j);
        }
        out.set(i, j, (float) sum);
      }
    }
  }

  @Override
  public void linear(Matrix x, Projection projection, Epilogue epilogue, Matrix y) {
    Matrix w = projection.weight().f32();
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < y.columns(); j++) {
        double sum = projection.bias() == null ? 0 : projection.bias().get(0, j);
        for (int k = 0; k < x.columns(); k++) {
          double weight = projection.outputRows() ? w.get(j, k) : w.get(k, j);
          sum += x.get(i, k) * weight;
        }
        double value = apply(epilogue.function(), sum);
        if (epilogue.factor() != null) {
          value *= epilogue.factor().get(i, j);
        }
        if (epilogue.residual() != null) {
          value += epilogue.residual().get(i, j);
        }
        y.set(i, j, (float) value);
      }
    }
  }

  private static double apply(ActivationFunction function, double x) {
    return switch (function) {
      case LINEAR -> x;
      case GELU -> x / 2 * (1 + Erf.value(x / Math.sqrt(2)));
      case GELU_TANH ->
          x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case QUICK_GELU -> x * sigmoid(1.702 * x);
      case RELU -> Math.max(x, 0);
      case RELU_SQUARED -> Math.max(x, 0) * Math.max(x, 0);
      case SILU -> x * sigmoid(x);
      case TANH -> Math.tanh(x);
      case SIGMOID -> sigmoid(x);
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Override
  public void norm(Matrix x, Norm norm, Matrix y) {
    int d = x.columns();
    double[] row = new double[d];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, row);
      double mean = norm.rms() ? 0 : mean(row);
      double squares = 0;
      for (double value : row) {
        squares += (value - mean) * (value - mean);
      }
      double scale = 1 / Math.sqrt(squares / d + norm.epsilon());
      for (int j = 0; j < d; j++) {
        double bias = norm.bias() == null ? 0 : norm.bias().get(0, j);
        y.set(i, j, (float) ((row[j] - mean) * scale * norm.gain().get(0, j) + bias));
      }
    }
  }

  private static double mean(double[] row) {
    double sum = 0;
    for (double value : row) {
      sum += value;
    }
    return sum / row.length;
  }

  @Override
  public void attention(Attention a, Matrix out, Matrix weights, AttentionStatistics statistics) {
    double[] p = new double[a.keys()];
    for (int b = 0; b < a.batch(); b++) {
      for (int h = 0; h < a.heads(); h++) {
        for (int i = 0; i < a.queries(); i++) {
          weights(a, b, h, i, p);
          if (weights != null) {
            long row = ((long) b * a.heads() + h) * a.queries() + i;
            for (int j = 0; j < a.keys(); j++) {
              weights.set(row, j, (float) p[j]);
            }
          }
          if (out != null) {
            values(a, b, h, i, p, out);
          }
          if (statistics != null && isToken(a, b, i)) {
            count(a, h, i, p, statistics);
          }
        }
      }
    }
  }

  /** p = softmax of the scores of one query over the keys it may see, 0 for the others. */
  private static void weights(Attention a, int b, int h, int i, double[] p) {
    Arrays.fill(p, 0);
    int visible = a.visible(i);
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < visible; j++) {
      p[j] = score(a, b, h, i, j);
      largest = Math.max(largest, p[j]);
    }
    double sum = 0;
    for (int j = 0; j < visible; j++) {
      p[j] = largest == Double.NEGATIVE_INFINITY ? 1 : Math.exp(p[j] - largest);
      sum += p[j];
    }
    for (int j = 0; j < visible; j++) {
      p[j] /= sum;
    }
  }

  private static double score(Attention a, int b, int h, int i, int j) {
    long query = (long) b * a.queries() + i;
    long key = (long) b * a.keyStride() + j;
    double sum = 0;
    for (int c = 0; c < a.headSize(); c++) {
      sum += (double) element(a.q(), query, h, c, a) * element(a.k(), key, h, c, a);
    }
    double score = a.scale() * sum;
    if (a.positionBias() != null) {
      score += a.positionBias().get(h, j - (a.past() + i) + a.keys() - 1);
    }
    return a.keyMask() == null ? score : score + a.keyMask()[b * a.keys() + j];
  }

  private static float element(Heads heads, long row, int h, int c, Attention a) {
    return heads.matrix().get(row, heads.column() + h * a.headSize() + c);
  }

  private static void values(Attention a, int b, int h, int i, double[] p, Matrix out) {
    for (int c = 0; c < a.headSize(); c++) {
      double sum = 0;
      for (int j = 0; j < a.keys(); j++) {
        sum += p[j] * element(a.v(), (long) b * a.keyStride() + j, h, c, a);
      }
      out.set((long) b * a.queries() + i, h * a.headSize() + c, (float) sum);
    }
  }

  /** Whether query {@code i} of self-attention is a token and not padding. */
  private static boolean isToken(Attention a, int b, int i) {
    return a.keyMask() == null || a.keyMask()[b * a.keys() + a.past() + i] == 0;
  }

  private static void count(Attention a, int h, int i, double[] p, AttentionStatistics statistics) {
    double distance = 0;
    double entropy = 0;
    for (int j = 0; j < a.keys(); j++) {
      distance += p[j] * Math.abs(a.past() + i - j);
      entropy -= p[j] > 0 ? p[j] * Math.log(p[j]) : 0;
    }
    statistics.add(h, distance, entropy, 1);
  }

  @Override
  public void attentionValues(Attention a, Matrix weights, Matrix out) {
    double[] p = new double[a.keys()];
    for (int b = 0; b < a.batch(); b++) {
      for (int h = 0; h < a.heads(); h++) {
        for (int i = 0; i < a.queries(); i++) {
          weights.copyRow(((long) b * a.heads() + h) * a.queries() + i, p);
          values(a, b, h, i, p, out);
        }
      }
    }
  }
}
