package org.geodex.backend.transformer;

import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * An affine map y = x·W + b.
 *
 * @param weight [out,in] when {@code outputRows}, as a linear layer stores it, else [in,out], as
 *     GPT-2's one-dimensional convolutions do
 * @param bias [1,out], or null
 */
public record Projection(StoredMatrix weight, boolean outputRows, Matrix bias) {

  public int inputs() {
    return outputRows ? weight.columns() : Math.toIntExact(weight.rows());
  }

  public int outputs() {
    return outputRows ? Math.toIntExact(weight.rows()) : weight.columns();
  }
}
