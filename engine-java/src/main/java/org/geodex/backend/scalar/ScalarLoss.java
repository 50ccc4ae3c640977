package org.geodex.backend.scalar;

import org.geodex.backend.Loss;
import org.geodex.matrix.Matrix;

/** Losses as their formulas stand, in f64; each result is rounded to f32 once. */
final class ScalarLoss implements Loss {

  @Override
  public void donskerVaradhan(
      Matrix scores, double memory, Matrix average, Matrix gradient, Matrix bound) {
    int n = scores.intRows() / 2;
    double joint = 0;
    double exponential = 0;
    for (int i = 0; i < n; i++) {
      joint += scores.get(i, 0);
      exponential += Math.exp(scores.get(n + i, 0));
    }
    double mean = exponential / n;
    double old = Math.exp(average.get(0, 0));
    double moving = Double.isNaN(old) ? mean : memory * old + (1 - memory) * mean;
    for (int i = 0; i < n; i++) {
      gradient.set(i, 0, -1f / n);
      double softmax = Math.exp(scores.get(n + i, 0)) / (n * moving);
      gradient.set(n + i, 0, Loss.scoreGradient(softmax));
    }
    average.set(0, 0, (float) Math.log(moving));
    bound.set(0, 0, (float) (joint / n - Math.log(mean)));
  }

  @Override
  public void infoNce(Matrix scores, Matrix gradient, Matrix bound) {
    int n = scores.intRows();
    double total = 0;
    for (int i = 0; i < n; i++) {
      double sum = 0;
      for (int j = 0; j < n; j++) {
        sum += Math.exp((double) scores.get(i, j) - scores.get(i, i));
      }
      total -= Math.log(sum);
      for (int j = 0; j < n && gradient != null; j++) {
        double softmax = Math.exp((double) scores.get(i, j) - scores.get(i, i)) / sum;
        gradient.set(i, j, Loss.scoreGradient(softmax / n) - (i == j ? 1f / n : 0));
      }
    }
    bound.set(0, 0, (float) (Math.log(n) + total / n));
  }

  @Override
  public void residual(Matrix u, Matrix v, double weight, Matrix gradient, Matrix value) {
    double count = (double) u.rows() * u.columns();
    double sum = 0;
    for (long i = 0; i < u.rows(); i++) {
      for (int j = 0; j < u.columns(); j++) {
        double difference = (double) u.get(i, j) - v.get(i, j);
        sum += difference * difference;
        if (gradient != null) {
          gradient.set(i, j, (float) (2 * weight / count * difference));
        }
      }
    }
    value.set(0, 0, (float) (sum / count));
  }

  @Override
  public void stress(
      Matrix x, Matrix scale, Matrix distances, double weight, Matrix gradient, Matrix value) {
    int n = x.intRows();
    double a = 0;
    double b = 0;
    double c = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double e = distance(x, scale, i, j);
        double delta = distances.get(i, j);
        a += e * delta;
        b += e * e;
        c += delta * delta;
      }
    }
    value.set(0, 0, (float) (c == 0 ? 0 : b == 0 ? 1 : 1 - a / b * (a / c)));
    if (gradient == null || b == 0 || c == 0) {
      return;
    }
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < x.columns(); k++) {
        double slope = 0;
        for (int j = 0; j < n; j++) {
          double e = distance(x, scale, i, j);
          double w = e > 0 ? 4 * a / (b * c) * (a / b - distances.get(i, j) / e) : 0;
          slope += w * ((double) x.get(i, k) - x.get(j, k)) * scale(scale, k);
        }
        double added = weight * slope * scale(scale, k);
        gradient.set(i, k, (float) (gradient.get(i, k) + added));
      }
    }
  }

  private static double scale(Matrix scale, int k) {
    return scale == null ? 1 : scale.get(0, k);
  }

  private static double distance(Matrix x, Matrix scale, int i, int j) {
    double sum = 0;
    for (int k = 0; k < x.columns(); k++) {
      double difference = ((double) x.get(i, k) - x.get(j, k)) * scale(scale, k);
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  @Override
  public void curvature(
      Matrix outputs, int probes, double square, double weight, Matrix gradient, Matrix value) {
    long n = outputs.rows() - 2L * probes;
    double factor = 2 * weight / (probes * square);
    double sum = 0;
    for (int p = 0; p < probes; p++) {
      for (int j = 0; j < outputs.columns(); j++) {
        double moved = (double) outputs.get(n + p, j) + outputs.get(n + probes + p, j);
        double bend = moved - 2.0 * outputs.get(p, j);
        sum += bend * bend;
        if (gradient != null) {
          gradient.set(p, j, (float) (gradient.get(p, j) - 2 * factor * bend));
          gradient.set(n + p, j, (float) (factor * bend));
          gradient.set(n + probes + p, j, (float) (factor * bend));
        }
      }
    }
    value.set(0, 0, (float) (sum / probes / square));
  }

  @Override
  public void pull(Matrix gradient, Matrix added, double weight, boolean limited) {
    double length = norm(added);
    double w = limited && length > 0 ? Math.min(weight, norm(gradient) / length) : weight;
    for (long i = 0; i < gradient.rows(); i++) {
      for (int j = 0; j < gradient.columns(); j++) {
        gradient.set(i, j, (float) (gradient.get(i, j) + w * added.get(i, j)));
      }
    }
  }

  private static double norm(Matrix x) {
    double sum = 0;
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        sum += (double) x.get(i, j) * x.get(i, j);
      }
    }
    return Math.sqrt(sum);
  }
}
