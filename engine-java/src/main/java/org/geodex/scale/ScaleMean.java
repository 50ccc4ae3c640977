package org.geodex.scale;

import org.geodex.activation.LayerStates;
import org.geodex.matrix.Matrix;

/** How a scale represents a token: by the mean of its layers' hidden states. */
public final class ScaleMean {
  private ScaleMean() {}

  /** The mean of the hidden states of a scale, [tokens, d]; the caller closes it. */
  public static Matrix.Owned of(LayerStates states, LayerRange range) {
    Matrix first = states.states().get(range.first());
    Matrix.Owned mean = first.copy();
    float[] sum = new float[first.columns()];
    float[] row = new float[first.columns()];
    for (long i = 0; i < first.rows(); i++) {
      first.copyRow(i, sum);
      for (int layer = range.first() + 1; layer <= range.last(); layer++) {
        states.states().get(layer).copyRow(i, row);
        for (int j = 0; j < row.length; j++) {
          sum[j] += row[j];
        }
      }
      for (int j = 0; j < row.length; j++) {
        sum[j] /= range.size();
      }
      mean.setRow(i, sum);
    }
    return mean;
  }
}
