package org.geodex.neural;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/** What a network does between its products, row by row. Each task is a fixed run of rows. */
final class Elementwise {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Rows of one task. */
  private static final int ROWS = 64;

  private final Parallel parallel;

  Elementwise(Parallel parallel) {
    this.parallel = parallel;
  }

  private interface Row {
    void at(long i);
  }

  private void forEachRow(long rows, Row body) {
    parallel.forEach(
        Math.ceilDiv(rows, (long) ROWS),
        block -> {
          for (long i = block * ROWS; i < Math.min(rows, (block + 1) * ROWS); i++) {
            body.at(i);
          }
        });
  }

  /** x[i] += bias, then max(0, ·) where asked. */
  void addBias(Matrix x, Matrix bias, boolean relu) {
    MemorySegment b = bias.segment();
    forEachRow(x.rows(), i -> sumOfRows(x, i, x, i, b, x, i, relu));
  }

  /** out[i] = relu(a[i] + c[j(i)] + bias) with j(i) = (i + shift) mod rows. */
  void pair(Matrix a, Matrix c, int shift, Matrix bias, Matrix out, long firstOut) {
    long n = a.rows();
    MemorySegment b = bias.segment();
    forEachRow(n, i -> sumOfRows(a, i, c, (i + shift) % n, b, out, firstOut + i, true));
  }

  /** out[o] = a[i] (+ c[j] unless it is the same row of the same matrix) + bias. */
  private static void sumOfRows(
      Matrix a, long i, Matrix c, long j, MemorySegment bias, Matrix out, long o, boolean relu) {
    boolean single = a == c && i == j;
    MemorySegment left = a.segment();
    MemorySegment right = c.segment();
    MemorySegment to = out.segment();
    long bytes = 4L * a.columns();
    long vector = 4L * S.length();
    long at = 0;
    for (; at + vector <= bytes; at += vector) {
      FloatVector sum =
          FloatVector.fromMemorySegment(S, left, a.offset(i) + at, ORDER)
              .add(FloatVector.fromMemorySegment(S, bias, at, ORDER));
      if (!single) {
        sum = sum.add(FloatVector.fromMemorySegment(S, right, c.offset(j) + at, ORDER));
      }
      (relu ? sum.max(0) : sum).intoMemorySegment(to, out.offset(o) + at, ORDER);
    }
    for (; at < bytes; at += 4) {
      float sum = left.get(F32, a.offset(i) + at) + bias.get(F32, at);
      if (!single) {
        sum += right.get(F32, c.offset(j) + at);
      }
      to.set(F32, out.offset(o) + at, relu ? Math.max(0, sum) : sum);
    }
  }

  /** gradient = 0 where the rectified activation is 0. */
  void maskByActivation(Matrix gradient, Matrix activation) {
    MemorySegment g = gradient.segment();
    MemorySegment h = activation.segment();
    forEachRow(
        gradient.rows(),
        i -> {
          long at = gradient.offset(i);
          long end = at + 4L * gradient.columns();
          long vector = 4L * S.length();
          for (; at + vector <= end; at += vector) {
            VectorMask<Float> dead =
                FloatVector.fromMemorySegment(S, h, at, ORDER).compare(VectorOperators.LE, 0);
            FloatVector.fromMemorySegment(S, g, at, ORDER)
                .blend(0, dead)
                .intoMemorySegment(g, at, ORDER);
          }
          for (; at < end; at += 4) {
            if (h.get(F32, at) <= 0) {
              g.set(F32, at, 0);
            }
          }
        });
  }

  /** out[i] = top[i] + bottom[(i − shift) mod rows] of one matrix of two equal halves. */
  void addHalves(Matrix both, int shift, Matrix out) {
    long n = out.rows();
    MemorySegment from = both.segment();
    MemorySegment to = out.segment();
    forEachRow(
        n,
        i -> {
          long top = both.offset(i);
          long bottom = both.offset(n + Math.floorMod(i - shift, n));
          long target = out.offset(i);
          long bytes = 4L * out.columns();
          long vector = 4L * S.length();
          long at = 0;
          for (; at + vector <= bytes; at += vector) {
            FloatVector.fromMemorySegment(S, from, top + at, ORDER)
                .add(FloatVector.fromMemorySegment(S, from, bottom + at, ORDER))
                .intoMemorySegment(to, target + at, ORDER);
          }
          for (; at < bytes; at += 4) {
            to.set(F32, target + at, from.get(F32, top + at) + from.get(F32, bottom + at));
          }
        });
  }

  /** Sums of the columns into {@code sums[1,d]}; f64, blocks of rows added in order. */
  void columnSums(Matrix x, Matrix sums) {
    int d = x.columns();
    int blocks = (int) Math.ceilDiv(x.rows(), (long) ROWS);
    double[][] partial = new double[blocks][d];
    parallel.forEach(
        blocks,
        block -> {
          float[] row = new float[d];
          double[] sum = partial[(int) block];
          for (long i = block * ROWS; i < Math.min(x.rows(), (block + 1) * ROWS); i++) {
            x.copyRow(i, row);
            for (int j = 0; j < d; j++) {
              sum[j] += row[j];
            }
          }
        });
    for (int j = 0; j < d; j++) {
      double total = 0;
      for (double[] sum : partial) {
        total += sum[j];
      }
      sums.set(0, j, (float) total);
    }
  }
}
