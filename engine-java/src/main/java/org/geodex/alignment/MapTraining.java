package org.geodex.alignment;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.EarlyStop;
import org.geodex.neural.Gradients;
import org.geodex.neural.Mlp;
import org.geodex.neural.PairCritic;
import org.geodex.neural.Parameter;

/**
 * Trains the correction of a {@link ResidualMap}: clipped AdamW steps, early stop on validation.
 */
final class MapTraining {
  private MapTraining() {}

  /**
   * One pass over the training rows.
   *
   * @param training mean loss of its steps
   * @param loss of the validation rows
   * @param stress of the validation rows, as the following
   */
  record Epoch(
      double training,
      double loss,
      double stress,
      double residual,
      double information,
      double curvature) {}

  /**
   * What training gave; the caller closes the map.
   *
   * @param best the epoch whose weights the map has; 0 is before training
   * @param curve entry 0 is before training
   */
  record Trained(ResidualMap map, int best, List<Epoch> curve) {}

  /** Trains with the given weights from the given start. */
  static Trained run(
      Backend backend,
      AlignmentProblem problem,
      ScaleMap start,
      LossWeights weights,
      TrainingParameters parameters,
      long seed) {
    int d = problem.columns();
    Mlp correction = new Mlp(backend, new SplittableRandom(seed), parameters.mapSizes(d));
    AlignmentLoss.silence(correction);
    ResidualMap map =
        new ResidualMap(start, problem.sourceScale(), problem.targetScale(), correction);
    try (PairCritic critic =
            weights.info() > 0
                ? new PairCritic(
                    backend, new SplittableRandom(seed + 1), d, d, parameters.criticSizes())
                : null;
        Matrix.Owned startTraining = problem.standardized(backend, start, problem.training());
        Matrix.Owned startValidation = problem.standardized(backend, start, problem.validation())) {
      AlignmentLoss loss =
          new AlignmentLoss(
              backend, weights, problem.targetScale().deviation(), correction, critic, parameters);
      Loop loop = new Loop(backend, loss, correction, critic, weights, parameters, seed);
      return loop.run(
          problem.training().lossPart(startTraining),
          problem.validation().lossPart(startValidation),
          map);
    } catch (Throwable e) {
      map.close();
      throw e;
    }
  }

  private record Loop(
      Backend backend,
      AlignmentLoss loss,
      Mlp correction,
      PairCritic critic,
      LossWeights weights,
      TrainingParameters parameters,
      long seed) {

    Trained run(AlignmentLoss.Part training, AlignmentLoss.Part validation, ResidualMap map) {
      List<Parameter> all = new ArrayList<>(correction.parameters());
      if (critic != null) {
        all.addAll(critic.parameters());
      }
      int d = training.source().columns();
      int n = training.source().intRows();
      int batch = Math.min(parameters.batch(), n);
      SplittableRandom random = new SplittableRandom(seed + 2);
      List<Epoch> curve = new ArrayList<>();
      try (AdamW mapSteps =
              new AdamW(backend, correction.parameters(), parameters.rate(), parameters.decay());
          AdamW criticSteps =
              critic == null
                  ? null
                  : new AdamW(backend, critic.parameters(), parameters.rate(), parameters.decay());
          EarlyStop stop = new EarlyStop(backend, all, parameters.patience());
          AlignmentLoss.Work step = new AlignmentLoss.Work(batch, d);
          AlignmentLoss.Work check = new AlignmentLoss.Work(validation.source().intRows(), d)) {
        curve.add(epoch(Double.NaN, validation, check));
        stop.enter(-criterion(curve.getFirst()));
        for (int e = 1; e <= parameters.epochs(); e++) {
          int[] order = shuffled(n, random);
          double sum = 0;
          int batches = n / batch;
          for (int b = 0; b < batches; b++) {
            sum += step(training, rows(order, b * batch, batch), step, random);
            mapSteps.step(Gradients.clip(backend, correction.parameters(), parameters.clip()));
            if (critic != null) {
              criticSteps.step(Gradients.clip(backend, critic.parameters(), parameters.clip()));
            }
          }
          curve.add(epoch(sum / batches, validation, check));
          if (stop.enter(-criterion(curve.getLast()))) {
            break;
          }
        }
        stop.restore();
        return new Trained(map, stop.bestRound(), curve);
      }
    }

    private double step(
        AlignmentLoss.Part all, int[] rows, AlignmentLoss.Work work, RandomGenerator random) {
      RowSample sample = new RowSample(rows);
      try (Matrix.Owned source = sample.of(all.source());
          Matrix.Owned start = sample.of(all.start());
          Matrix.Owned target = sample.of(all.target());
          Matrix.Owned geodesic = square(all.geodesic(), rows)) {
        AlignmentLoss.Part part = new AlignmentLoss.Part(source, start, target, geodesic);
        return loss.train(part, work, random).total(weights);
      }
    }

    private Matrix.Owned square(Matrix distances, int[] rows) {
      Matrix.Owned square = Matrix.allocate(rows.length, rows.length);
      float[] all = new float[distances.columns()];
      float[] kept = new float[rows.length];
      for (int i = 0; i < rows.length; i++) {
        distances.copyRow(rows[i], all);
        for (int j = 0; j < rows.length; j++) {
          kept[j] = all[rows[j]];
        }
        square.setRow(i, kept);
      }
      return square;
    }

    /** Validation always probes along the same directions. */
    private Epoch epoch(double training, AlignmentLoss.Part validation, AlignmentLoss.Work work) {
      AlignmentLoss.Terms terms = loss.value(validation, work, new SplittableRandom(seed + 3));
      return new Epoch(
          training,
          terms.total(weights),
          terms.stress(),
          terms.residual(),
          terms.information(),
          terms.curvature());
    }

    /**
     * What chooses the epoch: the loss, without the bound where the map has a fit term. The bound
     * moves with the critic, which fits its training rows long before the map does.
     */
    private double criterion(Epoch epoch) {
      boolean fitted = weights.geo() > 0 && weights.info() > 0;
      return fitted ? epoch.loss() + weights.info() * epoch.information() : epoch.loss();
    }

    private static int[] rows(int[] order, int from, int count) {
      return java.util.Arrays.copyOfRange(order, from, from + count);
    }

    private static int[] shuffled(int n, RandomGenerator random) {
      int[] order = new int[n];
      for (int i = 0; i < n; i++) {
        int j = random.nextInt(i + 1);
        order[i] = order[j];
        order[j] = i;
      }
      return order;
    }
  }
}
