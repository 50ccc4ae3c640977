package org.geodex.backend.transformer;

import org.geodex.matrix.Matrix;

/**
 * A normalization of rows. With {@code rms}: x/√(mean(x²) + ε)·gain. Without: (x −
 * mean(x))/√(var(x) + ε)·gain + bias, the variance divided by d.
 *
 * @param gain [1,d]
 * @param bias [1,d], null with {@code rms}
 */
public record Norm(Matrix gain, Matrix bias, double epsilon, boolean rms) {}
