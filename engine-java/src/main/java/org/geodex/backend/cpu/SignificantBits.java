package org.geodex.backend.cpu;

/**
 * The range of bits that a set of f32 numbers uses: from the lowest one set in any of them to the
 * highest.
 *
 * @param lowest exponent of the lowest bit
 * @param highest exponent of the highest bit
 */
record SignificantBits(int lowest, int highest) {
  private static final SignificantBits NONE =
      new SignificantBits(Integer.MAX_VALUE, Integer.MIN_VALUE);

  private static final int MANTISSA = 23;

  static SignificantBits of(float[] values) {
    int lowest = NONE.lowest;
    int highest = NONE.highest;
    for (float value : values) {
      if (value != 0) {
        int exponent = Math.getExponent(value);
        int mantissa = Float.floatToRawIntBits(value) & ((1 << MANTISSA) - 1);
        int zeros = mantissa == 0 ? MANTISSA : Integer.numberOfTrailingZeros(mantissa);
        // A subnormal has the exponent field of 2^-127 and no leading one: its low bit is higher.
        lowest = Math.min(lowest, exponent - MANTISSA + zeros);
        highest = Math.max(highest, exponent);
      }
    }
    return new SignificantBits(lowest, highest);
  }

  static SignificantBits union(SignificantBits... parts) {
    SignificantBits all = NONE;
    for (SignificantBits part : parts) {
      all =
          new SignificantBits(
              Math.min(all.lowest, part.lowest), Math.max(all.highest, part.highest));
    }
    return all;
  }

  /** Whether the difference of any two is a f32 number, so that subtraction does not round. */
  boolean differencesFitF32() {
    return lowest > highest || (long) highest - lowest + 2 <= MANTISSA + 1;
  }
}
