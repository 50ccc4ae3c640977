package org.geodex.geodesic;

import org.geodex.matrix.Matrix;

/**
 * How much the way of a sequence of rows bends: the mean angle between successive steps v_t =
 * x_{t+1} − x_t, in radians (Hosseini and Fedorenko 2023). 0 is a straight line; steps without
 * relation in high dimension are at π/2, steps between independent points at 2π/3.
 *
 * @param mean over all pairs of successive steps, NaN where there is none
 * @param angles pairs that were measured
 * @param zeroSteps pairs left out because one of the steps has length zero
 */
public record TrajectoryCurvature(double mean, long angles, long zeroSteps) {

  /**
   * Measures sequences that stand one after the other.
   *
   * @param x [n,d]
   * @param lengths rows of each sequence, with sum n; no step leads from one to the next
   */
  public static TrajectoryCurvature of(Matrix x, long... lengths) {
    double sum = 0;
    long angles = 0;
    long zeroSteps = 0;
    double[] a = new double[x.columns()];
    double[] b = new double[x.columns()];
    double[] c = new double[x.columns()];
    long from = 0;
    for (long length : lengths) {
      for (long t = from; t + 2 < from + length; t++) {
        x.copyRow(t, a);
        x.copyRow(t + 1, b);
        x.copyRow(t + 2, c);
        double angle = angle(a, b, c);
        if (Double.isNaN(angle)) {
          zeroSteps++;
        } else {
          sum += angle;
          angles++;
        }
      }
      from += length;
    }
    return new TrajectoryCurvature(sum / angles, angles, zeroSteps);
  }

  /** The angle between b − a and c − b by Kahan's formula; NaN where one is zero. */
  private static double angle(double[] a, double[] b, double[] c) {
    double uu = 0;
    double vv = 0;
    for (int i = 0; i < a.length; i++) {
      uu += (b[i] - a[i]) * (b[i] - a[i]);
      vv += (c[i] - b[i]) * (c[i] - b[i]);
    }
    if (uu == 0 || vv == 0) {
      return Double.NaN;
    }
    double nu = Math.sqrt(uu);
    double nv = Math.sqrt(vv);
    double difference = 0;
    double total = 0;
    for (int i = 0; i < a.length; i++) {
      double u = (b[i] - a[i]) * nv;
      double v = (c[i] - b[i]) * nu;
      difference += (u - v) * (u - v);
      total += (u + v) * (u + v);
    }
    return 2 * Math.atan2(Math.sqrt(difference), Math.sqrt(total));
  }
}
