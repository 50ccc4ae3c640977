package org.geodex.backend.scalar;

import java.util.List;
import org.geodex.backend.Network;
import org.geodex.matrix.Matrix;

/** Element by element, as the formulas stand; each element is rounded to f32 once. */
final class ScalarNetwork implements Network {

  @Override
  public void addBias(Matrix x, Matrix bias, boolean relu) {
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        double sum = (double) x.get(i, j) + bias.get(0, j);
        x.set(i, j, (float) (relu ? Math.max(0, sum) : sum));
      }
    }
  }

  @Override
  public void pair(Matrix a, Matrix b, int shift, Matrix bias, Matrix out) {
    long n = a.rows();
    for (long i = 0; i < n; i++) {
      for (int j = 0; j < a.columns(); j++) {
        double sum = (double) a.get(i, j) + b.get((i + shift) % n, j) + bias.get(0, j);
        out.set(i, j, (float) Math.max(0, sum));
      }
    }
  }

  @Override
  public void maskByActivation(Matrix gradient, Matrix activation) {
    for (long i = 0; i < gradient.rows(); i++) {
      for (int j = 0; j < gradient.columns(); j++) {
        if (activation.get(i, j) <= 0) {
          gradient.set(i, j, 0);
        }
      }
    }
  }

  @Override
  public void addHalves(Matrix both, int shift, Matrix out) {
    long n = out.rows();
    for (long i = 0; i < n; i++) {
      long bottom = n + Math.floorMod(i - shift, n);
      for (int j = 0; j < out.columns(); j++) {
        out.set(i, j, (float) ((double) both.get(i, j) + both.get(bottom, j)));
      }
    }
  }

  @Override
  public void columnSums(Matrix x, Matrix sums) {
    for (int j = 0; j < x.columns(); j++) {
      double sum = 0;
      for (long i = 0; i < x.rows(); i++) {
        sum += x.get(i, j);
      }
      sums.set(0, j, (float) sum);
    }
  }

  @Override
  public void add(Matrix a, Matrix b, Matrix out) {
    for (long i = 0; i < out.rows(); i++) {
      for (int j = 0; j < out.columns(); j++) {
        out.set(i, j, a.get(i, j) + b.get(i, j));
      }
    }
  }

  @Override
  public void probe(Matrix x, Matrix steps) {
    long probes = steps.rows();
    long n = x.rows() - 2 * probes;
    for (long p = 0; p < probes; p++) {
      for (int j = 0; j < x.columns(); j++) {
        x.set(n + p, j, x.get(p, j) + steps.get(p, j));
        x.set(n + probes + p, j, x.get(p, j) - steps.get(p, j));
      }
    }
  }

  @Override
  public void gather(Matrix x, Matrix index, Matrix out) {
    for (int i = 0; i < index.columns(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        out.set(i, j, x.get((long) index.get(0, i), j));
      }
    }
  }

  @Override
  public void gatherPairs(Matrix x, Matrix index, Matrix out) {
    for (int i = 0; i < index.columns(); i++) {
      for (int j = 0; j < index.columns(); j++) {
        out.set(i, j, x.get((long) index.get(0, i), (int) index.get(0, j)));
      }
    }
  }

  @Override
  public double squares(Matrix x) {
    double sum = 0;
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        sum += (double) x.get(i, j) * x.get(i, j);
      }
    }
    return sum;
  }

  @Override
  public void advance(List<Matrix> gradients, double limit, Matrix factors) {
    double sum = gradients.stream().mapToDouble(this::squares).sum();
    factors.setRow(0, Network.factors(factors.get(0, 0) + 1.0, Math.sqrt(sum), limit));
  }

  @Override
  public void adamW(
      Matrix w, Matrix g, Matrix m, Matrix v, Matrix factors, double rate, double decay) {
    double scale = factors.get(0, 1);
    double correct1 = factors.get(0, 2);
    double correct2 = factors.get(0, 3);
    for (long i = 0; i < w.rows(); i++) {
      for (int j = 0; j < w.columns(); j++) {
        double gradient = g.get(i, j) * scale;
        double mean = BETA_1 * m.get(i, j) + (1 - BETA_1) * gradient;
        double square = BETA_2 * v.get(i, j) + (1 - BETA_2) * gradient * gradient;
        double move = mean * correct1 / (Math.sqrt(square * correct2) + EPSILON);
        m.set(i, j, (float) mean);
        v.set(i, j, (float) square);
        w.set(i, j, (float) ((1 - rate * decay) * w.get(i, j) - rate * move));
      }
    }
  }
}
