package org.geodex.backend.transformer;

import org.geodex.matrix.Matrix;

/**
 * What is done to the result of a {@link Projection} before it is written: y = f(x·W + b) ∘ factor
 * + residual. Each part may be absent.
 *
 * @param factor [n,out], or null for 1
 * @param residual [n,out], or null for 0
 */
public record Epilogue(ActivationFunction function, Matrix factor, Matrix residual) {
  public static final Epilogue NONE = new Epilogue(ActivationFunction.LINEAR, null, null);

  public static Epilogue of(ActivationFunction function) {
    return new Epilogue(function, null, null);
  }

  public static Epilogue times(Matrix factor) {
    return new Epilogue(ActivationFunction.LINEAR, factor, null);
  }

  public static Epilogue plus(Matrix residual) {
    return new Epilogue(ActivationFunction.LINEAR, null, residual);
  }
}
