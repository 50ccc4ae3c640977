package org.geodex.intervention;

import java.util.Map;

/**
 * Unit vectors to move the residual stream along.
 *
 * @param name as the user wrote it
 * @param byState the vector of each hidden state
 */
public record Direction(String name, Map<Integer, float[]> byState) {

  /** The direction at a hidden state. */
  float[] at(int state) {
    return byState.get(state);
  }

  /** {@code v} at unit length; null for the zero vector. */
  static float[] unit(double[] v) {
    double norm = 0;
    for (double value : v) {
      norm += value * value;
    }
    if (norm == 0) {
      return null;
    }
    float[] unit = new float[v.length];
    for (int i = 0; i < v.length; i++) {
      unit[i] = (float) (v[i] / Math.sqrt(norm));
    }
    return unit;
  }
}
