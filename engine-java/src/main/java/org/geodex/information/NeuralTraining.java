package org.geodex.information;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.Repeated;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.Batches;
import org.geodex.neural.EarlyStop;

/** Trains a bound on paired rows: batches, clipped AdamW steps, early stop, held-out value. */
final class NeuralTraining {
  private NeuralTraining() {}

  static NeuralEstimate run(
      Backend backend, NeuralBound bound, SplitRows rows, NeuralParameters parameters) {
    SplittableRandom random = new SplittableRandom(parameters.seed() + 1);
    int batch = rows.batch(parameters);
    List<NeuralEstimate.Epoch> curve = new ArrayList<>();
    try (AdamW optimizer =
            new AdamW(backend, bound.parameters(), parameters.rate(), parameters.decay());
        EarlyStop stop = new EarlyStop(backend, bound.parameters(), parameters.patience());
        Batches batches = new Batches(backend, rows.trainingParts(), batch);
        Matrix.Owned value = backend.allocate(1, 1);
        Repeated step =
            backend.repeated(
                () -> {
                  batches.gather();
                  bound.train(batches.of(0), batches.of(1), value);
                  optimizer.step(parameters.clip());
                })) {
      for (int epoch = 0; epoch < parameters.epochs(); epoch++) {
        double training = epoch(backend, batches, random, step, value);
        double validation = bound.value(rows.validationOf(rows.x()), rows.validationOf(rows.y()));
        curve.add(new NeuralEstimate.Epoch(training, validation));
        if (stop.enter(validation)) {
          break;
        }
      }
      stop.restore();
      double held = bound.value(rows.heldOutOf(rows.x()), rows.heldOutOf(rows.y()));
      return new NeuralEstimate(held, stop.bestRound(), curve);
    }
  }

  /** One step a batch, rows in random order; returns the mean of what the steps valued. */
  private static double epoch(
      Backend backend, Batches batches, RandomGenerator random, Repeated step, Matrix value) {
    int count = batches.count();
    batches.shuffle(random);
    try (Matrix.Owned values = backend.allocate(count, 1)) {
      for (int b = 0; b < count; b++) {
        batches.choose(b);
        step.run();
        values.rows(b, b + 1).copyFrom(value);
      }
      return IntStream.range(0, count).mapToDouble(b -> values.get(b, 0)).sum() / count;
    }
  }
}
