package org.geodex.statistics;

import java.util.Arrays;
import org.geodex.error.InputException;

/**
 * Laws of growth y(x) for x, y &gt; 0 with multiplicative errors, fitted by least squares in ln y,
 * so that their likelihoods and AICs can be compared:
 *
 * <ul>
 *   <li>{@link Law#POWER}: y = a·x^b
 *   <li>{@link Law#SHIFTED_POWER}: y = a·x^b + c
 *   <li>{@link Law#LOGARITHMIC}: y = a + b·ln x
 *   <li>{@link Law#CONSTANT}: y = a
 * </ul>
 *
 * AIC = n·ln(RSS/n) + 2(p + 1), with p parameters and the variance; AICc adds 2q(q + 1)/(n − q −
 * 1), q = p + 1, and is NaN where n ≤ q + 1. Source: Burnham, Anderson (2002), section 2.4.
 *
 * @param law which law
 * @param parameters a, b, c as far as the law has them
 * @param residuals ln y − ln ŷ
 * @param rSquared 1 − RSS/TSS of ln y
 * @param aic Akaike's criterion; smaller is better, differences alone have a meaning
 * @param aicc the same corrected for few points
 */
public record GrowthFit(
    Law law, double[] parameters, double[] residuals, double rSquared, double aic, double aicc) {
  private static final int MOST_STEPS = 200;

  /** The laws. */
  public enum Law {
    POWER(2),
    SHIFTED_POWER(3),
    LOGARITHMIC(2),
    CONSTANT(1);

    private final int parameters;

    Law(int parameters) {
      this.parameters = parameters;
    }

    /** How many parameters the law has. */
    public int parameters() {
      return parameters;
    }
  }

  /**
   * Fits one law.
   *
   * @throws InputException when a value is not positive, or all x are equal where the law has a
   *     slope
   */
  public static GrowthFit of(Law law, double[] x, double[] y) {
    check(law, x, y);
    double[] parameters =
        switch (law) {
          case POWER -> power(x, y);
          case SHIFTED_POWER -> shiftedPower(x, y);
          case LOGARITHMIC -> descend(law, x, y, line(logs(x), y));
          case CONSTANT -> new double[] {Math.exp(mean(logs(y)))};
        };
    return evaluate(law, parameters, x, y);
  }

  private static void check(Law law, double[] x, double[] y) {
    if (x.length != y.length || x.length < 2) {
      throw new InputException("a law of growth needs at least 2 points, there are %d", x.length);
    }
    for (int i = 0; i < x.length; i++) {
      if (!(x[i] > 0) || !(y[i] > 0)) {
        throw new InputException(
            "point %d is (%s, %s): a law of growth needs positive values", i, x[i], y[i]);
      }
    }
    if (law != Law.CONSTANT && Arrays.stream(x).distinct().count() < 2) {
      throw new InputException("all sizes are %s: a slope needs two different ones", x[0]);
    }
  }

  private static double[] logs(double[] values) {
    return Arrays.stream(values).map(Math::log).toArray();
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  /** Intercept and slope of the least-squares line. */
  private static double[] line(double[] u, double[] v) {
    double meanU = mean(u);
    double meanV = mean(v);
    double uv = 0;
    double uu = 0;
    for (int i = 0; i < u.length; i++) {
      uv += (u[i] - meanU) * (v[i] - meanV);
      uu += (u[i] - meanU) * (u[i] - meanU);
    }
    return new double[] {meanV - uv / uu * meanU, uv / uu};
  }

  private static double[] power(double[] x, double[] y) {
    double[] line = line(logs(x), logs(y));
    return new double[] {Math.exp(line[0]), line[1]};
  }

  /** Starts from a grid of shifts below the smallest y; the rest is the power law of y − c. */
  private static double[] shiftedPower(double[] x, double[] y) {
    double smallest = Arrays.stream(y).min().orElseThrow();
    double[] plain = power(x, y);
    double[] best = {plain[0], plain[1], 0};
    for (int tenths = -20; tenths < 10; tenths++) {
      double c = tenths / 10.0 * smallest;
      double[] start = power(x, Arrays.stream(y).map(v -> v - c).toArray());
      double[] fit = descend(Law.SHIFTED_POWER, x, y, new double[] {start[0], start[1], c});
      best = rss(Law.SHIFTED_POWER, fit, x, y) < rss(Law.SHIFTED_POWER, best, x, y) ? fit : best;
    }
    return best;
  }

  /** Levenberg–Marquardt on the residuals of ln y. */
  private static double[] descend(Law law, double[] x, double[] y, double[] start) {
    double[] best = start;
    double bestRss = rss(law, best, x, y);
    double damping = 1e-3;
    for (int step = 0; step < MOST_STEPS && damping < 1e12; step++) {
      double[] next = step(law, x, y, best, damping);
      double rss = rss(law, next, x, y);
      damping *= rss < bestRss ? 0.25 : 4;
      if (rss < bestRss) {
        best = next;
        bestRss = rss;
      }
    }
    return best;
  }

  private static double[] step(Law law, double[] x, double[] y, double[] p, double damping) {
    int count = p.length;
    double[][] normal = new double[count][count + 1];
    for (int i = 0; i < x.length; i++) {
      double value = predict(law, p, x[i]);
      double[] slope = slope(law, p, x[i]);
      double residual = Math.log(y[i] / value);
      for (int a = 0; a < count; a++) {
        for (int b = 0; b < count; b++) {
          normal[a][b] += slope[a] / value * (slope[b] / value);
        }
        normal[a][count] += slope[a] / value * residual;
      }
    }
    for (int a = 0; a < count; a++) {
      normal[a][a] *= 1 + damping;
    }
    double[] next = solve(normal);
    for (int a = 0; a < count; a++) {
      next[a] += p[a];
    }
    return next;
  }

  /** Derivatives of the law's value by its parameters. */
  private static double[] slope(Law law, double[] p, double x) {
    return switch (law) {
      case SHIFTED_POWER -> {
        double power = Math.pow(x, p[1]);
        yield new double[] {power, p[0] * power * Math.log(x), 1};
      }
      case LOGARITHMIC -> new double[] {1, Math.log(x)};
      case POWER, CONSTANT -> throw new IllegalArgumentException(law + " has a closed form");
    };
  }

  /** Gaussian elimination with pivots on [A b]. */
  private static double[] solve(double[][] a) {
    int n = a.length;
    for (int k = 0; k < n; k++) {
      int pivot = k;
      for (int i = k + 1; i < n; i++) {
        pivot = Math.abs(a[i][k]) > Math.abs(a[pivot][k]) ? i : pivot;
      }
      double[] held = a[k];
      a[k] = a[pivot];
      a[pivot] = held;
      for (int i = 0; i < n; i++) {
        double factor = i == k || a[k][k] == 0 ? 0 : a[i][k] / a[k][k];
        for (int j = k; j <= n; j++) {
          a[i][j] -= factor * a[k][j];
        }
      }
    }
    double[] x = new double[n];
    for (int k = 0; k < n; k++) {
      x[k] = a[k][k] == 0 ? 0 : a[k][n] / a[k][k];
    }
    return x;
  }

  private static double rss(Law law, double[] p, double[] x, double[] y) {
    double rss = evaluate(law, p, x, y).rss();
    return Double.isNaN(rss) ? Double.POSITIVE_INFINITY : rss;
  }

  private static GrowthFit evaluate(Law law, double[] p, double[] x, double[] y) {
    int n = x.length;
    double[] residuals = new double[n];
    double[] logs = logs(y);
    double mean = mean(logs);
    double rss = 0;
    double tss = 0;
    for (int i = 0; i < n; i++) {
      double value = predict(law, p, x[i]);
      residuals[i] = value > 0 ? logs[i] - Math.log(value) : Double.POSITIVE_INFINITY;
      rss += residuals[i] * residuals[i];
      tss += (logs[i] - mean) * (logs[i] - mean);
    }
    int q = law.parameters + 1;
    double aic = n * Math.log(Math.max(rss, Double.MIN_NORMAL) / n) + 2 * q;
    double aicc = n > q + 1 ? aic + 2.0 * q * (q + 1) / (n - q - 1) : Double.NaN;
    return new GrowthFit(law, p, residuals, tss > 0 ? 1 - rss / tss : 0, aic, aicc);
  }

  private static double predict(Law law, double[] p, double x) {
    return switch (law) {
      case POWER -> p[0] * Math.pow(x, p[1]);
      case SHIFTED_POWER -> p[0] * Math.pow(x, p[1]) + p[2];
      case LOGARITHMIC -> p[0] + p[1] * Math.log(x);
      case CONSTANT -> p[0];
    };
  }

  /** The law's value at x. */
  public double at(double x) {
    return predict(law, parameters, x);
  }

  /** Σ residual². */
  public double rss() {
    double sum = 0;
    for (double residual : residuals) {
      sum += residual * residual;
    }
    return sum;
  }
}
