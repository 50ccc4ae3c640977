package org.geodex.backend.cpu;

import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions of f32 vectors made of multiplications, additions and fused multiply-adds
 * alone, so that a lane has the same bits in compiled and in interpreted code.
 */
final class VectorMath {
  static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;

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
