package org.geodex.alignment;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.geodex.backend.Backend;
import org.geodex.backend.Repeated;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.Batches;
import org.geodex.neural.EarlyStop;
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
    float[] deviation = problem.targetScale().deviation();
    try (PairCritic critic =
            weights.info() > 0
                ? new PairCritic(
                    backend, new SplittableRandom(seed + 1), d, d, parameters.criticSizes())
                : null;
        Matrix.Owned scale = backend.adopt(Matrix.of(deviation));
        Matrix.Owned startTraining = problem.standardized(backend, start, problem.training());
        Matrix.Owned startValidation = problem.standardized(backend, start, problem.validation());
        AlignmentLoss loss =
            new AlignmentLoss(backend, weights, scale, correction, critic, parameters)) {
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
      int size = Math.min(parameters.batch(), n);
      SplittableRandom random = new SplittableRandom(seed + 2);
      List<Epoch> curve = new ArrayList<>();
      try (AdamW mapSteps =
              new AdamW(backend, correction.parameters(), parameters.rate(), parameters.decay());
          AdamW criticSteps =
              critic == null
                  ? null
                  : new AdamW(backend, critic.parameters(), parameters.rate(), parameters.decay());
          EarlyStop stop = new EarlyStop(backend, all, parameters.patience());
          Batch batch = new Batch(backend, training, size);
          AlignmentLoss.Work work = new AlignmentLoss.Work(backend, size, d);
          AlignmentLoss.Work check =
              new AlignmentLoss.Work(backend, validation.source().intRows(), d);
          Repeated step =
              backend.repeated(
                  () -> {
                    batch.gather();
                    loss.train(batch.part(), work);
                    mapSteps.step(parameters.clip());
                    if (criticSteps != null) {
                      criticSteps.step(parameters.clip());
                    }
                  })) {
        curve.add(epoch(Double.NaN, validation, check));
        stop.enter(-criterion(curve.getFirst()));
        for (int e = 1; e <= parameters.epochs(); e++) {
          double trained = steps(batch, work, random, step);
          curve.add(epoch(trained, validation, check));
          if (stop.enter(-criterion(curve.getLast()))) {
            break;
          }
        }
        stop.restore();
        return new Trained(map, stop.bestRound(), curve);
      }
    }

    /** A step for each batch of an epoch; returns the mean of their losses. */
    private double steps(
        Batch batch, AlignmentLoss.Work work, RandomGenerator random, Repeated step) {
      batch.rows.shuffle(random);
      int batches = batch.rows.count();
      int count = AlignmentLoss.Terms.COUNT;
      try (Matrix.Owned terms = backend.allocate((long) batches * count, 1)) {
        for (int b = 0; b < batches; b++) {
          batch.rows.choose(b);
          loss.draw(work, random);
          step.run();
          terms.rows((long) b * count, (b + 1L) * count).copyFrom(work.terms());
        }
        double sum = 0;
        for (int b = 0; b < batches; b++) {
          sum += AlignmentLoss.Terms.of(terms, (long) b * count).total(weights);
        }
        return sum / batches;
      }
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
  }

  /** Some of the training rows and the distances between them, where the backend computes. */
  private static final class Batch implements AutoCloseable {
    private final Backend backend;
    private final Matrix distances;
    private final Batches rows;
    private final Matrix.Owned geodesic;

    Batch(Backend backend, AlignmentLoss.Part all, int size) {
      this.backend = backend;
      this.distances = all.geodesic();
      this.rows = new Batches(backend, List.of(all.source(), all.start(), all.target()), size);
      this.geodesic = backend.allocate(size, size);
    }

    void gather() {
      rows.gather();
      backend.network().gatherPairs(distances, rows.index(), geodesic);
    }

    AlignmentLoss.Part part() {
      return new AlignmentLoss.Part(rows.of(0), rows.of(1), rows.of(2), geodesic);
    }

    @Override
    public void close() {
      rows.close();
      geodesic.close();
    }
  }
}
