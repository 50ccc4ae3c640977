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
   * The hook that carries it out on one batch. What changes nothing is left out, so that a plan of
   * strength zero changes no bit.
   *
   * @param seed of the noise
   * @param sequences number of each sequence in the batch; with the seed it selects the noise
   * @param padding tokens that stand in front of each sequence to fill it up
   */
  public LayerHook hook(long seed, long[] sequences, int[] padding) {
    List<Intervention> acting = interventions.stream().filter(Intervention::acts).toList();
    return acting.isEmpty()
        ? LayerHook.NONE
        : new InterventionHook(acting, seed, sequences, padding);
  }

  /** The hook for a batch of sequences {@code 0 … count − 1} that are not padded in front. */
  public LayerHook hook(long seed, int count) {
    long[] sequences = new long[count];
    java.util.Arrays.setAll(sequences, b -> b);
    return hook(seed, sequences, new int[count]);
  }
}
