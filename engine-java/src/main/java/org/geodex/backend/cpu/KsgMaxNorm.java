package org.geodex.backend.cpu;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.geodex.backend.Parallel;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.matrix.Matrix;

/**
 * KSG counts in the max norm from all pairs, in one pass: 3·(dx + dy) instructions for sixteen
 * pairs, no tree. A block of rows keeps its distances to all points in both spaces; the k nearest
 * are found while a stretch of them is in the cache, and the counts are then read off.
 */
final class KsgMaxNorm {
  /** Rows that share one reading of the points. */
  private static final int BLOCK = 16;

  /** Panels in a stretch: with BLOCK rows in both spaces 64 KB, well inside the second cache. */
  private static final int STRETCH = 16;

  private static final int LANES = MaxNormPanels.INTS.length();

  private final Parallel parallel;
  private final KsgParameters parameters;
  private final int n;
  private final int padded;
  private final MaxNormPanels x;
  private final MaxNormPanels y;
  private final MaxNormPanels z;
  private final Queue<Scratch> free = new ConcurrentLinkedQueue<>();

  KsgMaxNorm(Parallel parallel, KsgParameters parameters, Matrix x, Matrix y, Matrix z) {
    this.parallel = parallel;
    this.parameters = parameters;
    this.n = x.intRows();
    this.x = new MaxNormPanels(parallel, x);
    this.y = new MaxNormPanels(parallel, y);
    this.z = z == null ? null : new MaxNormPanels(parallel, z);
    this.padded = this.x.count() * MaxNormPanels.PANEL;
  }

  KsgCounts count() {
    KsgCounts counts = new KsgCounts(new int[n], new int[n], z == null ? null : new int[n]);
    parallel.forEach(
        Math.ceilDiv(n, BLOCK),
        block -> {
          Scratch taken = free.poll();
          Scratch scratch = taken == null ? new Scratch() : taken;
          scratch.count((int) block * BLOCK, counts);
          free.add(scratch);
        });
    return counts;
  }

  /** What one thread works on: the distances of a block of rows. */
  private final class Scratch {
    private final int[] dx = new int[BLOCK * padded];
    private final int[] dy = new int[BLOCK * padded];
    private final int[] dz = z == null ? null : new int[BLOCK * padded];
    private final NearestBits[] nearest = new NearestBits[BLOCK];
    private final double[] candidates = new double[n];

    Scratch() {
      Arrays.setAll(nearest, r -> new NearestBits(parameters.k()));
    }

    void count(int from, KsgCounts counts) {
      int rows = Math.min(BLOCK, n - from);
      for (int r = 0; r < rows; r++) {
        nearest[r].clear();
      }
      for (int first = 0; first < x.count(); first += STRETCH) {
        int last = Math.min(first + STRETCH, x.count());
        measure(from, rows, first, last);
        for (int r = 0; r < rows; r++) {
          nearest[r].offer(
              dx,
              dy,
              r * padded + first * MaxNormPanels.PANEL,
              r * padded + last * MaxNormPanels.PANEL);
        }
      }
      for (int r = 0; r < rows; r++) {
        finish(from + r, r * padded, nearest[r].farthest(), counts);
      }
    }

    private void measure(int from, int rows, int first, int last) {
      measure(x, dx, from, rows, first, last);
      measure(y, dy, from, rows, first, last);
      if (z != null) {
        measure(z, dz, from, rows, first, last);
        for (int r = 0; r < rows; r++) {
          int at = r * padded + first * MaxNormPanels.PANEL;
          int end = r * padded + last * MaxNormPanels.PANEL;
          raise(dx, dz, at, end);
          raise(dy, dz, at, end);
        }
      }
    }

    private void measure(
        MaxNormPanels points, int[] distances, int from, int rows, int first, int last) {
      for (int r = 0; r < rows; r += MaxNormPanels.QUERIES) {
        for (int panel = first; panel < last; panel++) {
          int at = r * padded + panel * MaxNormPanels.PANEL;
          points.measure(from + r, panel, distances, at, padded);
        }
      }
      for (int r = 0; r < rows; r++) {
        int self = from + r;
        if (self / MaxNormPanels.PANEL >= first && self / MaxNormPanels.PANEL < last) {
          distances[r * padded + self] = MaxNormPanels.FAR;
        }
        if (last == points.count()) {
          Arrays.fill(distances, r * padded + n, (r + 1) * padded, MaxNormPanels.FAR);
        }
      }
    }

    /** Row i, whose distances begin at {@code at}; the k-th nearest is at {@code radius} in f32. */
    private void finish(int i, int at, int radius, KsgCounts counts) {
      if (parameters.variant() == Variant.TWO && z == null) {
        finishTwo(i, at, radius, counts);
        return;
      }
      double exact = exactRadius(i, at, radius);
      counts.x()[i] = within(i, dx, at, radius, exact, x, z);
      counts.y()[i] = within(i, dy, at, radius, exact, y, z);
      if (z != null) {
        counts.z()[i] = within(i, dz, at, radius, exact, z, null);
      }
    }

    /** The k-th smallest joint distance in f64. */
    private double exactRadius(int i, int at, int radius) {
      if (allExact()) {
        return Float.intBitsToFloat(radius);
      }
      int closer = 0;
      int equal = 0;
      for (int o = 0; o < padded; o += LANES) {
        IntVector joint = load(dx, at + o).max(load(dy, at + o));
        long near = joint.compare(VectorOperators.LE, radius).toLong();
        for (; near != 0; near &= near - 1) {
          int j = o + Long.numberOfTrailingZeros(near);
          if (Math.max(dx[at + j], dy[at + j]) < radius) {
            closer++;
          } else {
            candidates[equal++] = exactJoint(i, j);
          }
        }
      }
      Arrays.sort(candidates, 0, equal);
      return candidates[parameters.k() - closer - 1];
    }

    private boolean allExact() {
      return x.exactInF32() && y.exactInF32() && (z == null || z.exactInF32());
    }

    private double exactJoint(int i, int j) {
      double joint = Math.max(x.exact(i, j), y.exact(i, j));
      return z == null ? joint : Math.max(joint, z.exact(i, j));
    }

    /** Rows strictly within the radius; what is equal in f32 is asked in f64. */
    private int within(
        int i,
        int[] distances,
        int at,
        int radius,
        double exact,
        MaxNormPanels points,
        MaxNormPanels given) {
      if (allExact()) {
        return countBelow(distances, at, radius);
      }
      int count = 0;
      for (int o = 0; o < padded; o += LANES) {
        IntVector values = load(distances, at + o);
        long near = values.compare(VectorOperators.LE, radius).toLong();
        if (near == 0) {
          continue;
        }
        long equal = values.compare(VectorOperators.EQ, radius).toLong();
        count += Long.bitCount(near & ~equal);
        for (; equal != 0; equal &= equal - 1) {
          int j = o + Long.numberOfTrailingZeros(equal);
          double distance = points.exact(i, j);
          if (given != null) {
            distance = Math.max(distance, given.exact(i, j));
          }
          count += distance < exact ? 1 : 0;
        }
      }
      return count;
    }

    private int countBelow(int[] distances, int at, int radius) {
      int count = 0;
      for (int o = 0; o < padded; o += LANES) {
        count += load(distances, at + o).compare(VectorOperators.LT, radius).trueCount();
      }
      return count;
    }

    /** Algorithm 2: the extent of the k neighbours in each space, borders included. */
    private void finishTwo(int i, int at, int radius, KsgCounts counts) {
      int[] neighbours = neighbours(i, at, radius);
      counts.x()[i] = upTo(i, dx, at, x, neighbours);
      counts.y()[i] = upTo(i, dy, at, y, neighbours);
    }

    /** The k nearest by the f64 joint distance, ties by lower index. */
    private int[] neighbours(int i, int at, int radius) {
      int[] rows = new int[parameters.k()];
      double[] exact = new double[rows.length];
      int found = 0;
      for (int o = 0; o < padded; o += LANES) {
        IntVector joint = load(dx, at + o).max(load(dy, at + o));
        long near = joint.compare(VectorOperators.LE, radius).toLong();
        for (; near != 0; near &= near - 1) {
          int j = o + Long.numberOfTrailingZeros(near);
          double distance = exactJoint(i, j);
          if (found < rows.length || distance < exact[found - 1]) {
            int place = Math.min(found, rows.length - 1);
            for (; place > 0 && distance < exact[place - 1]; place--) {
              rows[place] = rows[place - 1];
              exact[place] = exact[place - 1];
            }
            rows[place] = j;
            exact[place] = distance;
            found = Math.min(found + 1, rows.length);
          }
        }
      }
      return rows;
    }

    private int upTo(int i, int[] distances, int at, MaxNormPanels points, int[] neighbours) {
      double exact = 0;
      int radius = 0;
      for (int j : neighbours) {
        exact = Math.max(exact, points.exact(i, j));
        radius = Math.max(radius, distances[at + j]);
      }
      int count = 0;
      for (int o = 0; o < padded; o += LANES) {
        IntVector values = load(distances, at + o);
        long near = values.compare(VectorOperators.LE, radius).toLong();
        if (near == 0) {
          continue;
        }
        long equal = points.exactInF32() ? 0 : values.compare(VectorOperators.EQ, radius).toLong();
        count += Long.bitCount(near & ~equal);
        for (; equal != 0; equal &= equal - 1) {
          count += points.exact(i, o + Long.numberOfTrailingZeros(equal)) <= exact ? 1 : 0;
        }
      }
      return count;
    }
  }

  private static IntVector load(int[] values, int at) {
    return IntVector.fromArray(MaxNormPanels.INTS, values, at);
  }

  /** values = max(values, floor) over [at, end). */
  private static void raise(int[] values, int[] floor, int at, int end) {
    for (int o = at; o < end; o += LANES) {
      load(values, o).max(load(floor, o)).intoArray(values, o);
    }
  }
}
