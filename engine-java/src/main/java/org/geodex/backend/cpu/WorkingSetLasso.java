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
 * One Lasso problem by coordinate descent on the Gram matrix of a working set. Regressors that
 * break the optimality condition |zⱼ·r| ≤ λ, the strongest first, enter the set; the small problem
 * on the set is solved; and so on until the duality gap of the whole problem is small enough. Only
 * Gram entries between members are ever computed, and a member stays for the following penalties.
 *
 * <p>Screening reads the rows in f32 (its error of 1e-6 of ‖z‖‖r‖ bounds the gap that can be
 * proved); products that enter the solution are summed in f64.
 */
final class WorkingSetLasso {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
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
  private final float[] target;
  private final double squaredTarget;

  /** zⱼ·r of every regressor j. */
  private final double[] correlation;

  /** zⱼ·y of the members. */
  private final double[] pull;

  private final double[][] gram;
  private final int[] members;
  private final boolean[] isMember;
  private int count;
  private final double[] w;

  WorkingSetLasso(Matrix z, Regression.Problem problem, Regression.Tolerance tolerance) {
    this.size = problem.size();
    this.d = z.columns();
    this.tolerance = tolerance;
    this.rows = z.rows(problem.from(), problem.to()).segment();
    this.target = new float[d];
    z.copyRow(problem.target(), target);
    double square = 0;
    for (float value : target) {
      square += (double) value * value;
    }
    this.squaredTarget = square;
    this.correlation = new double[size];
    this.pull = new double[size];
    this.gram = new double[size][];
    this.members = new int[size];
    this.isMember = new boolean[size];
    this.w = new double[size];
  }

  /** max |zⱼ·y| / d. */
  double largestPenalty() {
    double largest = 0;
    for (int j = 0; j < size; j++) {
      largest = Math.max(largest, Math.abs(dot64(j, target)));
    }
    return largest / d;
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
    double[] coefficients = new double[size];
    for (int k = 0; k < count; k++) {
      coefficients[members[k]] = w[k];
    }
    return coefficients;
  }

  /** Adds the regressors that break the optimality condition most. */
  private boolean grow(double lambda) {
    int[] violators =
        IntStream.range(0, size)
            .filter(j -> !isMember[j] && Math.abs(correlation[j]) > lambda)
            .boxed()
            .sorted((i, j) -> Double.compare(Math.abs(correlation[j]), Math.abs(correlation[i])))
            .limit(count == 0 ? FIRST : Math.max(LEAST, count / 2))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int j : violators) {
      float[] row = new float[d];
      MemorySegment.copy(rows, F32, 4L * j * d, row, 0, d);
      double[] products = new double[size];
      for (int k = 0; k < count; k++) {
        products[k] = dot64(members[k], row);
        gram[k][count] = products[k];
      }
      products[count] = dot64(j, row);
      gram[count] = products;
      pull[count] = dot64(j, target);
      members[count++] = j;
      isMember[j] = true;
    }
    return violators.length > 0;
  }

  /** Coordinate descent on the members until the coefficients stand still. */
  private void descend(double lambda) {
    double[] gradient = new double[size];
    for (int k = 0; k < count; k++) {
      double sum = pull[k];
      for (int l = 0; l < count; l++) {
        sum -= gram[k][l] * w[l];
      }
      gradient[k] = sum;
    }
    double enough = tolerance.gap() * squaredTarget;
    for (int sweep = 0; sweep < tolerance.sweeps(); sweep++) {
      double largest = 0;
      for (int k = 0; k < count; k++) {
        double square = gram[k][k];
        double old = w[k];
        double value = gradient[k] + square * old;
        double next =
            square > 0 ? Math.copySign(Math.max(0, Math.abs(value) - lambda), value) / square : 0;
        double change = next - old;
        if (change != 0) {
          w[k] = next;
          axpy(-change, gram[k], gradient);
          largest = Math.max(largest, change * change * square);
        }
      }
      if (largest <= enough * enough / Math.max(squaredTarget, Double.MIN_NORMAL)) {
        return;
      }
    }
  }

  private void axpy(double factor, double[] row, double[] sum) {
    int bound = DOUBLES.loopBound(count);
    for (int l = 0; l < bound; l += DOUBLES.length()) {
      DoubleVector.fromArray(DOUBLES, row, l)
          .fma(DoubleVector.broadcast(DOUBLES, factor), DoubleVector.fromArray(DOUBLES, sum, l))
          .intoArray(sum, l);
    }
    for (int l = bound; l < count; l++) {
      sum[l] = Math.fma(factor, row[l], sum[l]);
    }
  }

  /** Duality gap at the current coefficients; leaves the correlations of the residual. */
  private double gap(double lambda) {
    double[] residual = residual();
    float[] narrow = new float[d];
    double square = 0;
    double withTarget = 0;
    for (int i = 0; i < d; i++) {
      narrow[i] = (float) residual[i];
      square += residual[i] * residual[i];
      withTarget += residual[i] * target[i];
    }
    correlate(narrow);
    double strongest = 0;
    for (double c : correlation) {
      strongest = Math.max(strongest, Math.abs(c));
    }
    double sum = 0;
    for (int k = 0; k < count; k++) {
      sum += Math.abs(w[k]);
    }
    double scale = strongest > lambda ? lambda / strongest : 1;
    return square / 2 * (1 + scale * scale) + lambda * sum - scale * withTarget;
  }

  private double[] residual() {
    double[] residual = new double[d];
    for (int i = 0; i < d; i++) {
      residual[i] = target[i];
    }
    for (int k = 0; k < count; k++) {
      if (w[k] != 0) {
        long start = 4L * members[k] * d;
        int bound = DOUBLES.loopBound(d);
        for (int i = 0; i < bound; i += DOUBLES.length()) {
          widen(start + 4L * i)
              .fma(
                  DoubleVector.broadcast(DOUBLES, -w[k]),
                  DoubleVector.fromArray(DOUBLES, residual, i))
              .intoArray(residual, i);
        }
        for (int i = bound; i < d; i++) {
          residual[i] -= w[k] * rows.get(F32, start + 4L * i);
        }
      }
    }
    return residual;
  }

  /** zⱼ·r for every regressor in f32, four running sums. */
  private void correlate(float[] r) {
    int step = 4 * FLOATS.length();
    int bound = d - d % step;
    for (int j = 0; j < size; j++) {
      long start = 4L * j * d;
      FloatVector a = FloatVector.zero(FLOATS);
      FloatVector b = a;
      FloatVector c = a;
      FloatVector e = a;
      for (int i = 0; i < bound; i += step) {
        a = fma(start, i, r, a);
        b = fma(start, i + FLOATS.length(), r, b);
        c = fma(start, i + 2 * FLOATS.length(), r, c);
        e = fma(start, i + 3 * FLOATS.length(), r, e);
      }
      double sum = a.add(b).add(c.add(e)).reduceLanes(VectorOperators.ADD);
      for (int i = bound; i < d; i++) {
        sum += (double) rows.get(F32, start + 4L * i) * r[i];
      }
      correlation[j] = sum;
    }
  }

  private FloatVector fma(long start, int i, float[] r, FloatVector sum) {
    return FloatVector.fromMemorySegment(FLOATS, rows, start + 4L * i, ByteOrder.nativeOrder())
        .fma(FloatVector.fromArray(FLOATS, r, i), sum);
  }

  /** zⱼ·r in f64. */
  private double dot64(int j, float[] r) {
    long start = 4L * j * d;
    DoubleVector sum = DoubleVector.zero(DOUBLES);
    int bound = DOUBLES.loopBound(d);
    for (int i = 0; i < bound; i += DOUBLES.length()) {
      DoubleVector other =
          (DoubleVector)
              FloatVector.fromArray(HALF, r, i).convertShape(VectorOperators.F2D, DOUBLES, 0);
      sum = widen(start + 4L * i).fma(other, sum);
    }
    double total = sum.reduceLanes(VectorOperators.ADD);
    for (int i = bound; i < d; i++) {
      total += (double) rows.get(F32, start + 4L * i) * r[i];
    }
    return total;
  }

  private DoubleVector widen(long offset) {
    return (DoubleVector)
        FloatVector.fromMemorySegment(HALF, rows, offset, ByteOrder.nativeOrder())
            .convertShape(VectorOperators.F2D, DOUBLES, 0);
  }
}
