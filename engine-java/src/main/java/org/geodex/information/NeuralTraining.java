package org.geodex.information;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.EarlyStop;
import org.geodex.neural.Gradients;

/** Trains a bound on paired rows: batches, clipped AdamW steps, early stop, held-out value. */
final class NeuralTraining {
  private NeuralTraining() {}

  static NeuralEstimate run(
      Backend backend, NeuralBound bound, SplitRows rows, NeuralParameters parameters) {
    SplittableRandom random = new SplittableRandom(parameters.seed() + 1);
    int batch = Math.min(parameters.batch(), rows.training());
    List<NeuralEstimate.Epoch> curve = new ArrayList<>();
    try (AdamW optimizer =
            new AdamW(backend, bound.parameters(), parameters.rate(), parameters.decay());
        EarlyStop stop = new EarlyStop(backend, bound.parameters(), parameters.patience())) {
      for (int epoch = 0; epoch < parameters.epochs(); epoch++) {
        int[] order = SplitRows.shuffled(rows.training(), random);
        double sum = 0;
        int batches = rows.training() / batch;
        for (int b = 0; b < batches; b++) {
          int[] chosen = Arrays.copyOfRange(order, b * batch, (b + 1) * batch);
          try (Matrix.Owned x = rows.x().gather(chosen);
              Matrix.Owned y = rows.y().gather(chosen)) {
            sum += bound.train(x, y, random);
          }
          optimizer.step(Gradients.clip(backend, bound.parameters(), parameters.clip()));
        }
        double validation = bound.value(rows.validationOf(rows.x()), rows.validationOf(rows.y()));
        curve.add(new NeuralEstimate.Epoch(sum / batches, validation));
        if (stop.enter(validation)) {
          break;
        }
      }
      stop.restore();
      double value = bound.value(rows.heldOutOf(rows.x()), rows.heldOutOf(rows.y()));
      return new NeuralEstimate(value, stop.bestRound(), curve);
    }
  }
}
