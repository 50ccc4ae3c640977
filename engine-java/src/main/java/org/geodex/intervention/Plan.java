package org.geodex.intervention;

import java.util.List;
import org.geodex.model.LayerHook;
import org.geodex.model.ModelConfig;

/** Interventions that act together, in order. */
public record Plan(List<Intervention> interventions) {
  /** The model as it is. */
  public static final Plan NONE = new Plan(List.of());

  public Plan {
    interventions = List.copyOf(interventions);
  }

  /**
   * Checks all of it against a model.
   *
   * @throws org.geodex.error.UsageException for a layer or head that the model does not have
   */
  public Plan check(ModelConfig config) {
    interventions.forEach(one -> one.check(config));
    return this;
  }

  /**
   * The hook that carries it out. What changes nothing is left out, so that a plan of strength zero
   * changes no bit.
   *
   * @param seed of the noise
   */
  public LayerHook hook(long seed) {
    List<Intervention> acting = interventions.stream().filter(Intervention::acts).toList();
    return acting.isEmpty() ? LayerHook.NONE : new InterventionHook(acting, seed);
  }
}
