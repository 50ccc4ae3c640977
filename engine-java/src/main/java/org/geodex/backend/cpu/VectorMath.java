package org.geodex.backend.cpu;

import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions of vectors made of operations alone that round once (arithmetic, fused
 * multiply-adds, roots), so that a lane has the same bits in compiled and in interpreted code.
 */
final class VectorMath {
  static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Double> F64 = DoubleVector.SPECIES_PREFERRED;

  /** 1.5·2²³: adding it rounds to an integer that then stands in the low mantissa bits. */
  private static final float ROUND = 12582912f;

  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;

  /** Below this e^x is less than the smallest normal number and is taken as 0. */
  private static final float EXP_LOWEST = -87.33f;

  private static final float EXP_HIGHEST = 88.37f;

  private VectorMath() {}

  /**
   * e^x by x = n·ln 2 + r and a polynomial in r (Cephes expf): within 2 units in the last place; 0
   * below −87.33, at most e^88.37.
   */
  static FloatVector exp(FloatVector x) {
    var vanishes = x.lt(EXP_LOWEST);
    FloatVector clamped = x.min(EXP_HIGHEST).max(EXP_LOWEST);
    FloatVector shifted = clamped.fma(splat(LOG2_E), splat(ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(splat(-LN2_HIGH), clamped);
    r = n.fma(splat(-LN2_LOW), r);
    FloatVector p = splat(1.9875691500e-4f);
    p = p.fma(r, splat(1.3981999507e-3f));
    p = p.fma(r, splat(8.3334519073e-3f));
    p = p.fma(r, splat(4.1665795894e-2f));
    p = p.fma(r, splat(1.6666665459e-1f));
    p = p.fma(r, splat(5.0000001201e-1f));
    p = p.fma(r.mul(r), r).add(1f);
    var exponent = shifted.reinterpretAsInts().lanewise(LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats().blend(0f, vanishes);
  }

  /** 1/(1 + e⁻ˣ). */
  static FloatVector sigmoid(FloatVector x) {
    return splat(1f).div(exp(x.neg()).add(1f));
  }

  /** tanh x = 2σ(2x) − 1, absolute error 2e-7. */
  static FloatVector tanh(FloatVector x) {
    return sigmoid(x.add(x)).mul(2f).sub(1f);
  }

  /** x/2·(1 + tanh u) = x·σ(2u), u = √(2/π)·(x + 0.044715·x³). */
  static FloatVector geluTanh(FloatVector x) {
    FloatVector u = x.mul(x).mul(0.044715f).fma(x, x).mul(2 * 0.7978845608f);
    return x.mul(sigmoid(u));
  }

  /** x/2·(1 + erf(x/√2)). */
  static FloatVector gelu(FloatVector x) {
    return x.mul(0.5f).mul(erf(x.mul(0.70710678f)).add(1f));
  }

  /** erf by the rational function x·P(x²)/Q(x²) that Eigen uses, |x| clamped to 4. */
  static FloatVector erf(FloatVector value) {
    FloatVector x = value.min(4f).max(-4f);
    FloatVector z = x.mul(x);
    FloatVector p = splat(-2.72614225801306e-10f);
    p = p.fma(z, splat(2.77068142495902e-08f));
    p = p.fma(z, splat(-2.10102402082508e-06f));
    p = p.fma(z, splat(-5.69250639462346e-05f));
    p = p.fma(z, splat(-7.34990630326855e-04f));
    p = p.fma(z, splat(-2.95459980854025e-03f));
    p = p.fma(z, splat(-1.60960333262415e-02f));
    FloatVector q = splat(-1.45660718464996e-05f);
    q = q.fma(z, splat(-2.13374055278905e-04f));
    q = q.fma(z, splat(-1.68282697438203e-03f));
    q = q.fma(z, splat(-7.37332916720468e-03f));
    q = q.fma(z, splat(-1.42647390514189e-02f));
    return x.mul(p).div(q);
  }

  // ---- f64

  /** √½, from which on the mantissas of {@link #log1p} go to √2: its bits, and those of 1. */
  private static final long SQRT_HALF = 0x3fe6a09e667f3bcdL;

  private static final long ONE = 0x3ff0000000000000L;
  private static final long MANTISSA = 0x000fffffffffffffL;

  /** 1.5·2⁵²: an integer added to its bits is added to the number. */
  private static final double WHOLE = 6755399441055744.0;

  /** Of ln(1+f) = f − f²/2 + s·(f²/2 + R(s²)), s = f/(2+f): fdlibm's polynomial, last first. */
  private static final double[] LOG = {
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01
  };

  private static final double LN2_HEAD = 6.93147180369123816490e-01;
  private static final double LN2_TAIL = 1.90821492927058770002e-10;

  /**
   * ln(1+u) for u ≥ 0, as fdlibm's log1p: within 2 units in the last place; infinity and NaN stay.
   */
  static DoubleVector log1p(DoubleVector u) {
    VectorMask<Double> near = u.lt(0.41421356237309503); // √2 − 1: 1 + u need not be rounded
    LongVector bits = u.add(1).reinterpretAsLongs().add(ONE - SQRT_HALF);
    LongVector exponent = bits.lanewise(VectorOperators.LSHR, 52).sub(1023);
    DoubleVector mantissa = bits.and(MANTISSA).add(SQRT_HALF).reinterpretAsDoubles();
    LongVector whole = exponent.add(Double.doubleToRawLongBits(WHOLE));
    DoubleVector k = whole.reinterpretAsDoubles().sub(WHOLE).blend(0, near);
    DoubleVector f = mantissa.sub(1).blend(u, near);
    DoubleVector s = f.div(f.add(2));
    DoubleVector z = s.mul(s);
    DoubleVector r = DoubleVector.broadcast(F64, LOG[0]);
    for (int i = 1; i < LOG.length; i++) {
      r = r.fma(z, DoubleVector.broadcast(F64, LOG[i]));
    }
    DoubleVector half = f.mul(f).mul(0.5);
    DoubleVector tail = s.mul(r.mul(z).add(half)).add(k.mul(LN2_TAIL));
    DoubleVector log = k.mul(LN2_HEAD).sub(half.sub(tail).sub(f));
    return log.blend(u, u.lt(Double.POSITIVE_INFINITY).not());
  }

  /** Sum of the lanes in a fixed order (the Vector API's own reduction may vary). */
  static float sum(FloatVector x, float[] lanes) {
    x.intoArray(lanes, 0);
    for (int width = F32.length() / 2; width > 0; width /= 2) {
      for (int i = 0; i < width; i++) {
        lanes[i] += lanes[i + width];
      }
    }
    return lanes[0];
  }

  static float max(FloatVector x) {
    return x.reduceLanes(VectorOperators.MAX);
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(F32, value);
  }
}
