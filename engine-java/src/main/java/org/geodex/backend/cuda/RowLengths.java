package org.geodex.backend.cuda;

import org.geodex.backend.Algebra;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;

/**
 * Squared lengths of rows, f64.
 *
 * @param centred [n] ‖x − c‖²
 * @param raw [n] ‖x‖²
 * @param origin ‖c‖
 */
@SuppressWarnings("ArrayRecordComponent")
record RowLengths(double[] centred, double[] raw, double origin) {

  static RowLengths of(Device device, Matrix x, double[] centre) {
    return device.run(job -> of(job, job.upload(x), x.intRows(), x.columns(), centre));
  }

  static RowLengths of(Job job, DeviceBuffer x, int n, int d, double[] centre) {
    DeviceBuffer centred = job.doubles(n);
    DeviceBuffer raw = job.doubles(n);
    job.launch(
        "gx_row_lengths_f64",
        Job.warpARow(n),
        x,
        (long) n,
        d,
        job.uploadOrNone(centre),
        centred,
        raw);
    double origin = 0;
    if (centre != null) {
      for (double value : centre) {
        origin += value * value;
      }
    }
    return new RowLengths(
        job.downloadDoubles(centred, n), job.downloadDoubles(raw, n), Math.sqrt(origin));
  }

  /** Whether centred row {@code i} has a direction: {@link Algebra#NO_DIRECTION}. */
  boolean hasDirection(int i) {
    return Math.sqrt(centred[i]) > Algebra.NO_DIRECTION * (Math.sqrt(raw[i]) + origin);
  }

  /** What brings the square of each row to 1: 1/‖x − c‖², or 0 for a row without a direction. */
  double[] unitWeights() {
    double[] weights = new double[centred.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = hasDirection(i) ? 1 / centred[i] : 0;
    }
    return weights;
  }
}
