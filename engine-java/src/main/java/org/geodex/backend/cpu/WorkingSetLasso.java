package org.geodex.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Regression;
import org.geodex.matrix.Matrix;

/**
 * One Lasso problem by coordinate descent on the columns of the Gram matrix of a working set.
 * Regressors that break the optimality condition |zⱼ·r| ≤ λ, the strongest first, enter the set;
 * the small problem on the set is solved; and so on until the duality gap of the whole problem is
 * small enough. A regressor that enters brings its products with all others, so that the
 * correlations of all are up to date after every step and the rows are not read again; a member
 * stays for the following penalties.
 *
 * <p>f32 rows, everything else f64.
 */
final class WorkingSetLasso {
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2));
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Regressors that enter at first, and at least later on. */
  private static final int FIRST = 16;

  private static final int LEAST = 8;

  private final int size;
  private final int d;
  private final Regression.Tolerance tolerance;
  private final MemorySegment rows;
  private final double squaredTarget;

  /** zⱼ·y of every regressor j. */
  private final double[] pull;

  /** zⱼ·r. */
  private final double[] correlation;

  private final double[] w;

  /** The members in the order in which they entered, and column j of the Gram matrix of each. */
  private final int[] members;

  private final double[][] gram;
  private int count;

  WorkingSetLasso(Matrix z, Regression.Problem problem, Regression.Tolerance tolerance) {
    this.size = problem.size();
    this.d = z.columns();
    this.tolerance = tolerance;
    this.rows = z.rows(problem.from(), problem.to()).segment();
    double[] target = new double[d];
    z.copyRow(problem.target(), target);
    double square = 0;
    for (double value : target) {
      square += value * value;
    }
    this.squaredTarget = square;
    this.pull = products(target);
    this.correlation = pull.clone();
    this.w = new double[size];
    this.members = new int[size];
    this.gram = new double[size][];
  }

  /** max |zⱼ·y| / d. */
  double largestPenalty() {
    return strongest(pull) / d;
  }

  /** Coefficients for one penalty, starting from the last solution. */
  double[] solve(double alpha) {
    double lambda = alpha * d;
    double enough = tolerance.gap() * squaredTarget / 2;
    descend(lambda);
    boolean grown = true;
    while (gap(lambda) > enough && grown) {
      grown = grow(lambda);
      descend(lambda);
    }
    return w.clone();
  }

  /** Adds the regressors that break the optimality condition most. */
  private boolean grow(double lambda) {
    int[] violators =
        IntStream.range(0, size)
            .filter(j -> gram[j] == null && Math.abs(correlation[j]) > lambda)
            .boxed()
            .sorted((i, j) -> Double.compare(Math.abs(correlation[j]), Math.abs(correlation[i])))
            .limit(count == 0 ? FIRST : Math.max(LEAST, count / 2))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] row = new double[d];
    for (int j : violators) {
      for (int i = 0; i < d; i++) {
        row[i] = rows.get(F32, 4L * (j * (long) d + i));
      }
      gram[j] = products(row);
      members[count++] = j;
    }
    return violators.length > 0;
  }

  /** Coordinate descent on the members until the coefficients stand still. */
  private void descend(double lambda) {
    refreshCorrelations();
    double enough = tolerance.gap() * squaredTarget;
    for (int sweep = 0; sweep < tolerance.sweeps(); sweep++) {
      double largest = 0;
      for (int k = 0; k < count; k++) {
        int j = members[k];
        double square = gram[j][j];
        double value = correlation[j] + square * w[j];
        double next =
            square > 0 ? Math.copySign(Math.max(0, Math.abs(value) - lambda), value) / square : 0;
        double change = next - w[j];
        if (change != 0) {
          w[j] = next;
          axpy(-change, gram[j], correlation);
          largest = Math.max(largest, change * change * square);
        }
      }
      if (largest <= enough * enough / Math.max(squaredTarget, Double.MIN_NORMAL)) {
        return;
      }
    }
  }

  /** Afresh, so that the rounding of many steps does not add up. */
  private void refreshCorrelations() {
    System.arraycopy(pull, 0, correlation, 0, size);
    for (int k = 0; k < count; k++) {
      int j = members[k];
      if (w[j] != 0) {
        axpy(-w[j], gram[j], correlation);
      }
    }
  }

  private static void axpy(double factor, double[] row, double[] sum) {
    int bound = DOUBLES.loopBound(sum.length);
    for (int l = 0; l < bound; l += DOUBLES.length()) {
      DoubleVector.fromArray(DOUBLES, row, l)
          .fma(DoubleVector.broadcast(DOUBLES, factor), DoubleVector.fromArray(DOUBLES, sum, l))
          .intoArray(sum, l);
    }
    for (int l = bound; l < sum.length; l++) {
      sum[l] = Math.fma(factor, row[l], sum[l]);
    }
  }

  /** Duality gap, from ‖r‖² = ‖y‖² − Σ wⱼ(zⱼ·y + zⱼ·r) and r·y = ‖y‖² − Σ wⱼ(zⱼ·y). */
  private double gap(double lambda) {
    double square = squaredTarget;
    double withTarget = squaredTarget;
    double sum = 0;
    for (int k = 0; k < count; k++) {
      int j = members[k];
      square -= w[j] * (pull[j] + correlation[j]);
      withTarget -= w[j] * pull[j];
      sum += Math.abs(w[j]);
    }
    double strongest = strongest(correlation);
    double scale = strongest > lambda ? lambda / strongest : 1;
    return square / 2 * (1 + scale * scale) + lambda * sum - scale * withTarget;
  }

  private static double strongest(double[] correlation) {
    double strongest = 0;
    for (double c : correlation) {
      strongest = Math.max(strongest, Math.abs(c));
    }
    return strongest;
  }

  /** zⱼ·v of every regressor j; four at a time share the reading of v. */
  private double[] products(double[] v) {
    double[] products = new double[size];
    int j = 0;
    for (; j + 4 <= size; j += 4) {
      fourProducts(j, v, products);
    }
    for (; j < size; j++) {
      DoubleVector sum = DoubleVector.zero(DOUBLES);
      for (int i = 0; i < DOUBLES.loopBound(d); i += DOUBLES.length()) {
        sum = wide(j, i).fma(DoubleVector.fromArray(DOUBLES, v, i), sum);
      }
      products[j] = LaneSum.of(sum) + tail(j, v);
    }
    return products;
  }

  private void fourProducts(int j, double[] v, double[] products) {
    DoubleVector a = DoubleVector.zero(DOUBLES);
    DoubleVector b = a;
    DoubleVector c = a;
    DoubleVector e = a;
    int bound = DOUBLES.loopBound(d);
    for (int i = 0; i < bound; i += DOUBLES.length()) {
      DoubleVector part = DoubleVector.fromArray(DOUBLES, v, i);
      a = wide(j, i).fma(part, a);
      b = wide(j + 1, i).fma(part, b);
      c = wide(j + 2, i).fma(part, c);
      e = wide(j + 3, i).fma(part, e);
    }
    products[j] = LaneSum.of(a) + tail(j, v);
    products[j + 1] = LaneSum.of(b) + tail(j + 1, v);
    products[j + 2] = LaneSum.of(c) + tail(j + 2, v);
    products[j + 3] = LaneSum.of(e) + tail(j + 3, v);
  }

  private double tail(int j, double[] v) {
    double sum = 0;
    for (int i = DOUBLES.loopBound(d); i < d; i++) {
      sum += (double) rows.get(F32, 4L * (j * (long) d + i)) * v[i];
    }
    return sum;
  }

  private DoubleVector wide(int j, int i) {
    long offset = 4L * (j * (long) d + i);
    return (DoubleVector)
        FloatVector.fromMemorySegment(HALF, rows, offset, ByteOrder.nativeOrder())
            .convertShape(VectorOperators.F2D, DOUBLES, 0);
  }
}
