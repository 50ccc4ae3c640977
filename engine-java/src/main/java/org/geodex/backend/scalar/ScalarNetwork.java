package org.geodex.backend.scalar;

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
  public void adamW(Matrix w, Matrix g, Matrix m, Matrix v, AdamWStep step) {
    for (long i = 0; i < w.rows(); i++) {
      for (int j = 0; j < w.columns(); j++) {
        double gradient = (double) g.get(i, j) * step.scale();
        double mean = BETA_1 * m.get(i, j) + (1 - BETA_1) * gradient;
        double square = BETA_2 * v.get(i, j) + (1 - BETA_2) * gradient * gradient;
        double move = mean * step.correct1() / (Math.sqrt(square * step.correct2()) + EPSILON);
        m.set(i, j, (float) mean);
        v.set(i, j, (float) square);
        w.set(i, j, (float) (step.keep() * (double) w.get(i, j) - step.rate() * move));
      }
    }
  }
}
