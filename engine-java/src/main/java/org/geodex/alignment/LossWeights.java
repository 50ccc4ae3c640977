package org.geodex.alignment;

import org.geodex.error.UsageException;

/**
 * The weights of the loss λ_geo·L_geo + λ_info·L_info + λ_curv·L_curv; the published defaults are
 * 0.1, 0.1 and 0.01.
 *
 * @param geo of stress + residual
 * @param info of minus the MINE bound, nats
 * @param curv of the curvature
 */
public record LossWeights(double geo, double info, double curv) {
  /** No training. */
  static final LossWeights NONE = new LossWeights(0, 0, 0);

  public LossWeights {
    check("geo", geo);
    check("info", info);
    check("curv", curv);
  }

  private static void check(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new UsageException("--lambda-%s %s: expected a number from 0 on", name, value);
    }
  }

  boolean any() {
    return geo > 0 || info > 0 || curv > 0;
  }
}
