package org.geodex.information;

import java.util.ArrayList;
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
        EarlyStop stop = new EarlyStop(backend, bound.parameters(), parameters.patience());
        Matrix.Owned x = backend.allocate(batch, rows.x().columns());
        Matrix.Owned y = backend.allocate(batch, rows.y().columns())) {
      for (int epoch = 0; epoch < parameters.epochs(); epoch++) {
        int[] order = SplitRows.shuffled(rows.training(), random);
        double sum = 0;
        int batches = rows.training() / batch;
        for (int b = 0; b < batches; b++) {
          gather(rows.x(), order, b * batch, x);
          gather(rows.y(), order, b * batch, y);
          sum += bound.train(x, y, random);
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

  /** One batch, brought to where the backend computes at its first use. */
  private static void gather(Matrix from, int[] rows, int first, Matrix to) {
    float[] row = new float[from.columns()];
    for (int i = 0; i < to.rows(); i++) {
      from.copyRow(rows[first + i], row);
      to.setRow(i, row);
    }
  }
}
