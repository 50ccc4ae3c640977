package org.geodex.neural;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/**
 * Keeps the parameters of the best value seen on data that are not trained on, and says when to
 * give up. Owns the copies.
 */
public final class EarlyStop implements AutoCloseable {
  private final List<Parameter> parameters;
  private final List<Matrix.Owned> best;
  private final int patience;
  private double bestValue = Double.NEGATIVE_INFINITY;
  private int bestRound = -1;
  private int rounds;

  /**
   * Watches these parameters, which it does not own.
   *
   * @param patience rounds without a better value before it says stop
   */
  public EarlyStop(Backend backend, List<Parameter> parameters, int patience) {
    this.parameters = List.copyOf(parameters);
    this.best =
        parameters.stream()
            .map(
                parameter ->
                    backend.allocate(parameter.value().rows(), parameter.value().columns()))
            .toList();
    keep();
    this.patience = patience;
  }

  /**
   * Enters the value of one round; larger is better, NaN is worst.
   *
   * @return whether to stop
   */
  public boolean enter(double value) {
    if (value > bestValue) {
      bestValue = value;
      bestRound = rounds;
      keep();
    }
    rounds++;
    return rounds - 1 - bestRound >= patience;
  }

  private void keep() {
    for (int p = 0; p < best.size(); p++) {
      best.get(p).copyFrom(parameters.get(p).value());
    }
  }

  /** Gives the parameters their best values back. */
  public void restore() {
    for (int p = 0; p < best.size(); p++) {
      parameters.get(p).value().copyFrom(best.get(p));
    }
  }

  /** The round of the best value, from 0; −1 before any. */
  public int bestRound() {
    return bestRound;
  }

  @Override
  public void close() {
    best.forEach(Matrix.Owned::close);
  }
}
