package org.geodex.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Network;
import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/** Row by row and chunk by chunk on the cores; each task is a fixed run of them. */
final class CpuNetwork implements Network {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Rows of one task. */
  private static final int ROWS = 64;

  /** Bytes of one task of a step. */
  private static final long STEP_BYTES = 64 << 10;

  /** Elements of one partial sum of squares. */
  private static final int SQUARES = 1 << 14;

  private final Parallel parallel;

  CpuNetwork(Parallel parallel) {
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

  @Override
  public void addBias(Matrix x, Matrix bias, boolean relu) {
    MemorySegment b = bias.segment();
    forEachRow(x.rows(), i -> sumOfRows(x, i, x, i, b, x, i, relu));
  }

  @Override
  public void pair(Matrix a, Matrix b, int shift, Matrix bias, Matrix out) {
    long n = a.rows();
    MemorySegment added = bias.segment();
    forEachRow(n, i -> sumOfRows(a, i, b, (i + shift) % n, added, out, i, true));
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

  @Override
  public void maskByActivation(Matrix gradient, Matrix activation) {
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

  @Override
  public void addHalves(Matrix both, int shift, Matrix out) {
    long n = out.rows();
    MemorySegment from = both.segment();
    MemorySegment to = out.segment();
    long bytes = 4L * out.columns();
    forEachRow(
        n,
        i -> {
          long bottom = both.offset(n + Math.floorMod(i - shift, n));
          add(from, both.offset(i), from, bottom, to, out.offset(i), bytes);
        });
  }

  /**
   * A run of bytes of {@code to} becomes the sum of two others; the numbers are where they begin.
   */
  private static void add(
      MemorySegment a, long i, MemorySegment b, long j, MemorySegment to, long o, long bytes) {
    long vector = 4L * S.length();
    long at = 0;
    for (; at + vector <= bytes; at += vector) {
      FloatVector.fromMemorySegment(S, a, i + at, ORDER)
          .add(FloatVector.fromMemorySegment(S, b, j + at, ORDER))
          .intoMemorySegment(to, o + at, ORDER);
    }
    for (; at < bytes; at += 4) {
      to.set(F32, o + at, a.get(F32, i + at) + b.get(F32, j + at));
    }
  }

  @Override
  public void columnSums(Matrix x, Matrix sums) {
    double[] totals = ColumnStatistics.sums(parallel, x, ROWS);
    for (int j = 0; j < totals.length; j++) {
      sums.set(0, j, (float) totals[j]);
    }
  }

  @Override
  public void add(Matrix a, Matrix b, Matrix out) {
    MemorySegment left = a.reading();
    MemorySegment right = b.reading();
    MemorySegment to = out.segment();
    long bytes = 4L * out.columns();
    forEachRow(
        out.rows(), i -> add(left, a.offset(i), right, b.offset(i), to, out.offset(i), bytes));
  }

  @Override
  public void probe(Matrix x, Matrix steps) {
    long probes = steps.rows();
    long n = x.rows() - 2 * probes;
    int d = x.columns();
    forEachRow(
        probes,
        p -> {
          float[] step = new float[d];
          float[] row = new float[d];
          steps.copyRow(p, step);
          for (int sign = 1; sign >= -1; sign -= 2) {
            x.copyRow(p, row);
            for (int j = 0; j < d; j++) {
              row[j] += sign * step[j];
            }
            x.setRow(n + p + (sign > 0 ? 0 : probes), row);
          }
        });
  }

  @Override
  public void gather(Matrix x, Matrix index, Matrix out) {
    MemorySegment from = x.reading();
    MemorySegment to = out.segment();
    for (int i = 0; i < index.columns(); i++) {
      long source = x.offset((long) index.get(0, i));
      MemorySegment.copy(from, source, to, out.offset(i), 4L * x.columns());
    }
  }

  @Override
  public void gatherPairs(Matrix x, Matrix index, Matrix out) {
    int m = index.columns();
    float[] chosen = new float[m];
    index.copyRow(0, chosen);
    forEachRow(
        m,
        i -> {
          float[] all = new float[x.columns()];
          float[] kept = new float[m];
          x.copyRow((long) chosen[(int) i], all);
          for (int j = 0; j < m; j++) {
            kept[j] = all[(int) chosen[j]];
          }
          out.setRow(i, kept);
        });
  }

  @Override
  public double squares(Matrix x) {
    long length = x.rows() * x.columns();
    double[] partial = new double[(int) Math.ceilDiv(length, (long) SQUARES)];
    parallel.forEach(
        partial.length,
        chunk -> {
          int count = (int) Math.min(SQUARES, length - chunk * SQUARES);
          float[] values = new float[count];
          MemorySegment.copy(
              x.segment(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * chunk * SQUARES, values, 0, count);
          partial[(int) chunk] = squares(values);
        });
    double sum = 0;
    for (double part : partial) {
      sum += part;
    }
    return sum;
  }

  /** Four sums, so that one addition need not wait for the last. */
  private static double squares(float[] values) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int whole = values.length / 4 * 4;
    for (int i = 0; i < whole; i += 4) {
      a += (double) values[i] * values[i];
      b += (double) values[i + 1] * values[i + 1];
      c += (double) values[i + 2] * values[i + 2];
      d += (double) values[i + 3] * values[i + 3];
    }
    for (int i = whole; i < values.length; i++) {
      a += (double) values[i] * values[i];
    }
    return a + b + (c + d);
  }

  @Override
  public void advance(List<Matrix> gradients, double limit, Matrix factors) {
    double sum = 0;
    for (Matrix gradient : limit < Double.POSITIVE_INFINITY ? gradients : List.<Matrix>of()) {
      sum += squares(gradient);
    }
    factors.setRow(0, Network.factors(factors.get(0, 0) + 1.0, Math.sqrt(sum), limit));
  }

  @Override
  public void adamW(
      Matrix w, Matrix g, Matrix m, Matrix v, Matrix factors, double rate, double decay) {
    Step step =
        new Step(
            factors.get(0, 1),
            factors.get(0, 2),
            factors.get(0, 3),
            (float) (1 - rate * decay),
            (float) rate);
    long bytes = w.bytes();
    parallel.forEach(
        Math.ceilDiv(bytes, STEP_BYTES),
        chunk -> {
          long from = chunk * STEP_BYTES;
          long to = Math.min(from + STEP_BYTES, bytes);
          update(w.segment(), g.segment(), m.segment(), v.segment(), from, to, step);
        });
  }

  private record Step(float scale, float correct1, float correct2, float keep, float rate) {}

  private static void update(
      MemorySegment w,
      MemorySegment g,
      MemorySegment m,
      MemorySegment v,
      long from,
      long to,
      Step by) {
    float b1 = (float) BETA_1;
    float b2 = (float) BETA_2;
    float rest1 = (float) (1 - BETA_1);
    float rest2 = (float) (1 - BETA_2);
    long vector = 4L * S.length();
    long at = from;
    for (; at + vector <= to; at += vector) {
      FloatVector gradient = FloatVector.fromMemorySegment(S, g, at, ORDER).mul(by.scale());
      FloatVector mean =
          FloatVector.fromMemorySegment(S, m, at, ORDER).mul(b1).add(gradient.mul(rest1));
      FloatVector square =
          FloatVector.fromMemorySegment(S, v, at, ORDER)
              .mul(b2)
              .add(gradient.mul(gradient).mul(rest2));
      FloatVector step = mean.mul(by.correct1()).div(square.mul(by.correct2()).sqrt().add(EPSILON));
      mean.intoMemorySegment(m, at, ORDER);
      square.intoMemorySegment(v, at, ORDER);
      FloatVector.fromMemorySegment(S, w, at, ORDER)
          .mul(by.keep())
          .sub(step.mul(by.rate()))
          .intoMemorySegment(w, at, ORDER);
    }
    for (; at < to; at += 4) {
      float gradient = g.get(F32, at) * by.scale();
      float mean = m.get(F32, at) * b1 + gradient * rest1;
      float square = v.get(F32, at) * b2 + gradient * gradient * rest2;
      float step = mean * by.correct1() / ((float) Math.sqrt(square * by.correct2()) + EPSILON);
      m.set(F32, at, mean);
      v.set(F32, at, square);
      w.set(F32, at, w.get(F32, at) * by.keep() - step * by.rate());
    }
  }
}
