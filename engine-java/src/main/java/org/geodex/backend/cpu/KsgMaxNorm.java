package org.geodex.backend.cpu;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.geodex.backend.Parallel;
import org.geodex.backend.cpu.KsgRow.Found;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.matrix.Matrix;

/**
 * KSG counts in the max norm from all pairs: 3·(dx + dy) instructions for a vector of pairs, no
 * tree. The distances of a few rows to all points stay in the second cache while they are read for
 * the radius and then for the counts; what f32 cannot tell apart is asked again in f64.
 */
final class KsgMaxNorm {
  /** Rows of one task. */
  private static final int BLOCK = 32;

  /** Points that rows read again and again: 128 KB for 64 columns, inside the second cache. */
  private static final int STRETCH = 512;

  /** Points up to which as many quads share a reading: 16 MB of distances in each space. */
  private static final int LARGEST = 1 << 20;

  private final Parallel parallel;
  private final KsgParameters parameters;
  private final int n;
  private final MaxNormColumns x;
  private final MaxNormColumns y;
  private final MaxNormColumns z;

  /** Rows that share one reading of the points: the more columns, the more it costs. */
  private final int together;

  private final Queue<Scratch> free = new ConcurrentLinkedQueue<>();

  KsgMaxNorm(Parallel parallel, KsgParameters parameters, Matrix x, Matrix y, Matrix z) {
    this.parallel = parallel;
    this.parameters = parameters;
    this.n = x.intRows();
    this.x = new MaxNormColumns(parallel, x);
    this.y = new MaxNormColumns(parallel, y);
    this.z = z == null ? null : new MaxNormColumns(parallel, z);
    int columns = x.columns() + y.columns() + (z == null ? 0 : z.columns());
    int most = Math.clamp(LARGEST / n, 1, BLOCK / MaxNormColumns.QUERIES);
    int quads = Math.clamp(columns / 16, 1, most);
    this.together = quads * MaxNormColumns.QUERIES;
  }

  KsgCounts count() {
    KsgCounts counts = new KsgCounts(new int[n], new int[n], z == null ? null : new int[n]);
    parallel.forEach(
        Math.ceilDiv(n, BLOCK),
        block -> {
          Scratch taken = free.poll();
          Scratch scratch = taken == null ? new Scratch() : taken;
          int to = Math.min(((int) block + 1) * BLOCK, n);
          for (int from = (int) block * BLOCK; from < to; from += together) {
            scratch.count(from, Math.min(from + together, to), counts);
          }
          free.add(scratch);
        });
    return counts;
  }

  /** What one thread works on. */
  private final class Scratch {
    private final int stride = MaxNormColumns.padded(n);
    private final int[] dx = new int[together * stride];
    private final int[] dy = new int[together * stride];
    private final int[] dz = z == null ? null : new int[together * stride];
    private final KsgRow row = new KsgRow(parameters.k(), stride);
    private final Found found = new Found();
    private final Found equalX = new Found();
    private final Found equalY = new Found();
    private double[] equal = new double[16];

    void count(int from, int to, KsgCounts counts) {
      for (int first = 0; first < stride; first += STRETCH) {
        int last = Math.min(first + STRETCH, stride);
        for (int query = from; query < to; query += MaxNormColumns.QUERIES) {
          int at = (query - from) * stride;
          x.measure(query, first, last, dx, at, stride);
          y.measure(query, first, last, dy, at, stride);
          if (z != null) {
            z.measure(query, first, last, dz, at, stride);
          }
        }
      }
      for (int i = from; i < to; i++) {
        finish(i, (i - from) * stride, counts);
      }
    }

    private void finish(int i, int at, KsgCounts counts) {
      exclude(dx, i, at);
      exclude(dy, i, at);
      if (z != null) {
        exclude(dz, i, at);
        for (int j = at; j < at + stride; j++) {
          dx[j] = Math.max(dx[j], dz[j]);
          dy[j] = Math.max(dy[j], dz[j]);
        }
      }
      int radius = row.radius(dx, dy, at);
      if (parameters.variant() == Variant.TWO && z == null) {
        int[] neighbours = neighbours(i, at, radius);
        counts.x()[i] = upTo(i, dx, at, x, neighbours);
        counts.y()[i] = upTo(i, dy, at, y, neighbours);
        return;
      }
      int belowX = row.below(dx, at, radius, equalX);
      int belowY = row.below(dy, at, radius, equalY);
      double exact = allExact() ? Float.intBitsToFloat(radius) : exactRadius(i, at, radius);
      counts.x()[i] = belowX + within(i, x, z, equalX, exact);
      counts.y()[i] = belowY + within(i, y, z, equalY, exact);
      if (z != null) {
        counts.z()[i] = row.below(dz, at, radius, found) + within(i, z, null, found, exact);
      }
    }

    /** The row itself and the padding are far. */
    private void exclude(int[] distances, int i, int at) {
      distances[at + i] = MaxNormColumns.FAR;
      Arrays.fill(distances, at + n, at + stride, MaxNormColumns.FAR);
    }

    /** The k-th smallest joint distance in f64: one of those that share its f32 value. */
    private double exactRadius(int i, int at, int radius) {
      int ties = 0;
      for (int t = 0; t < equalX.size(); t++) {
        if (dy[at + equalX.get(t)] <= radius) {
          ties = tie(ties, exactJoint(i, equalX.get(t)));
        }
      }
      for (int t = 0; t < equalY.size(); t++) {
        if (dx[at + equalY.get(t)] < radius) {
          ties = tie(ties, exactJoint(i, equalY.get(t)));
        }
      }
      Arrays.sort(equal, 0, ties);
      return equal[parameters.k() - row.closer() - 1];
    }

    private int tie(int place, double distance) {
      if (place == equal.length) {
        equal = Arrays.copyOf(equal, 2 * place);
      }
      equal[place] = distance;
      return place + 1;
    }

    private boolean allExact() {
      return x.exactInF32() && y.exactInF32() && (z == null || z.exactInF32());
    }

    private double exactJoint(int i, int j) {
      double joint = Math.max(x.exact(i, j), y.exact(i, j));
      return z == null ? joint : Math.max(joint, z.exact(i, j));
    }

    /** Of the rows on the f32 radius, those strictly within the f64 one. */
    private int within(
        int i, MaxNormColumns points, MaxNormColumns given, Found equals, double exactRadius) {
      if (allExact()) {
        return 0;
      }
      int count = 0;
      for (int t = 0; t < equals.size(); t++) {
        double distance = points.exact(i, equals.get(t));
        if (given != null) {
          distance = Math.max(distance, given.exact(i, equals.get(t)));
        }
        count += distance < exactRadius ? 1 : 0;
      }
      return count;
    }

    /** Algorithm 2: the k nearest by the f64 joint distance, ties by lower index. */
    private int[] neighbours(int i, int at, int radius) {
      row.jointUpTo(dx, dy, at, radius, found);
      int[] nearest = new int[parameters.k()];
      double[] exact = new double[nearest.length];
      int size = 0;
      for (int c = 0; c < found.size(); c++) {
        double distance = exactJoint(i, found.get(c));
        if (size < nearest.length || distance < exact[size - 1]) {
          int place = Math.min(size, nearest.length - 1);
          for (; place > 0 && distance < exact[place - 1]; place--) {
            nearest[place] = nearest[place - 1];
            exact[place] = exact[place - 1];
          }
          nearest[place] = found.get(c);
          exact[place] = distance;
          size = Math.min(size + 1, nearest.length);
        }
      }
      return nearest;
    }

    /** Rows within or on the extent of the neighbours in one space. */
    private int upTo(int i, int[] distances, int at, MaxNormColumns points, int[] neighbours) {
      double exactExtent = 0;
      int extent = 0;
      for (int j : neighbours) {
        exactExtent = Math.max(exactExtent, points.exact(i, j));
        extent = Math.max(extent, distances[at + j]);
      }
      int count = row.below(distances, at, extent, equalX);
      for (int t = 0; t < equalX.size(); t++) {
        count += points.exact(i, equalX.get(t)) <= exactExtent ? 1 : 0;
      }
      return count;
    }
  }
}
