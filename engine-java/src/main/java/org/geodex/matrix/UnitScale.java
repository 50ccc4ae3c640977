package org.geodex.matrix;

/**
 * A matrix whose squares f32 can hold, for measures that do not depend on scale: the matrix itself,
 * or where its largest value lies outside 2⁻⁴⁰ … 2⁴⁰ a copy times a power of two, which rounds
 * nothing but what is 2¹²⁶ times smaller.
 */
public final class UnitScale implements AutoCloseable {
  private static final int MOST_EXPONENT = 40;

  private final Matrix matrix;
  private final int exponent;

  private UnitScale(Matrix matrix, int exponent) {
    this.matrix = matrix;
    this.exponent = exponent;
  }

  public static UnitScale of(Matrix x) {
    int exponent = exponent(largest(x));
    return exponent == 0 ? asIs(x) : new UnitScale(scaled(x, exponent), exponent);
  }

  /** The largest magnitude in a matrix, NaN if there is one. */
  public static float largest(Matrix x) {
    return FiniteCheck.largestMagnitude(x.reading());
  }

  /** Whether f32 cannot hold the squares of values up to a largest. */
  public static boolean isNeeded(float largest) {
    return exponent(largest) != 0;
  }

  private static int exponent(float largest) {
    int exponent = largest == 0 || !Float.isFinite(largest) ? 0 : Math.getExponent(largest);
    return Math.abs(exponent) > MOST_EXPONENT ? exponent : 0;
  }

  /** For what depends on scale. */
  public static UnitScale asIs(Matrix x) {
    return new UnitScale(x, 0);
  }

  private static Matrix.Owned scaled(Matrix x, int exponent) {
    Matrix.Owned copy = Matrix.allocate(x.rows(), x.columns());
    float[] row = new float[x.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, row);
      for (int j = 0; j < row.length; j++) {
        row[j] = Math.scalb(row[j], -exponent);
      }
      copy.setRow(i, row);
    }
    return copy;
  }

  /** The values times 2 to the power −{@link #exponent}. */
  public Matrix matrix() {
    return matrix;
  }

  public int exponent() {
    return exponent;
  }

  @Override
  public void close() {
    if (exponent != 0 && matrix instanceof Matrix.Owned copy) {
      copy.close();
    }
  }
}
