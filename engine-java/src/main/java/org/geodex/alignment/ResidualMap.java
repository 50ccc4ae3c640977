package org.geodex.alignment;

import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Mlp;

/**
 * f(x) = start(x) + σ_y⊙g((x − μ_x)/σ_x): a closed-form map and a trained correction g, a
 * multilayer perceptron (or one linear layer), in standard deviations of the columns. g is 0 before
 * training. f32. Owns g; the start belongs to its maker. One thread at a time.
 */
final class ResidualMap implements ScaleMap {
  private final ScaleMap start;
  private final ColumnScale source;
  private final ColumnScale target;
  private final Mlp correction;

  ResidualMap(ScaleMap start, ColumnScale source, ColumnScale target, Mlp correction) {
    this.start = start;
    this.source = source;
    this.target = target;
    this.correction = correction;
  }

  @Override
  public Matrix.Owned apply(Backend backend, Matrix x) {
    Matrix.Owned mapped = start.apply(backend, x);
    try (Matrix.Owned z = source.standardize(backend, x)) {
      Matrix added = correction.forward(z);
      float[] deviation = target.deviation();
      Rows.forEach(
          backend,
          added,
          (i, row) -> {
            float[] sum = new float[row.length];
            mapped.copyRow(i, sum);
            for (int j = 0; j < row.length; j++) {
              sum[j] += row[j] * deviation[j];
            }
            mapped.setRow(i, sum);
          });
    }
    return mapped;
  }

  @Override
  public void close() {
    correction.close();
  }
}
