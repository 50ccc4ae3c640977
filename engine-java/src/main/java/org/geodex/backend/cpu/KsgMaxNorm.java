package org.geodex.backend.cpu;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.geodex.backend.Parallel;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.matrix.Matrix;

/**
 * KSG counts in the max norm from all pairs, in one pass: 3·(dx + dy) instructions for a vector of
 * pairs, no tree. A pair is kept only while it may still count, so what a row needs stays in the
 * first cache; what f32 cannot tell apart is asked again in f64.
 */
final class KsgMaxNorm {
  /** Rows that share one reading of the points. */
  private static final int BLOCK = 32;

  /** Panels that a block reads again and again: 128 KB for 64 columns, inside the second cache. */
  private static final int STRETCH = 16;

  private static final int TILE = MaxNormPanels.QUERIES * MaxNormPanels.PANEL;

  private final Parallel parallel;
  private final KsgParameters parameters;
  private final int n;
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

  /** What one thread works on. */
  private final class Scratch {
    private final int[] dx = new int[TILE];
    private final int[] dy = new int[TILE];
    private final int[] dz = z == null ? null : new int[TILE];
    private final KsgCandidates[] rows = new KsgCandidates[BLOCK];
    private double[] equal = new double[16];

    Scratch() {
      Arrays.setAll(rows, r -> new KsgCandidates(parameters.k(), z != null));
    }

    void count(int from, KsgCounts counts) {
      int to = Math.min(from + BLOCK, n);
      for (KsgCandidates row : rows) {
        row.clear();
      }
      for (int first = 0; first < x.count(); first += STRETCH) {
        int last = Math.min(first + STRETCH, x.count());
        for (int query = from; query < to; query += MaxNormPanels.QUERIES) {
          for (int panel = first; panel < last; panel++) {
            measure(query, panel);
            for (int r = 0; r < MaxNormPanels.QUERIES; r++) {
              offer(rows[query + r - from], panel * MaxNormPanels.PANEL, r);
            }
          }
        }
      }
      for (int i = from; i < to; i++) {
        rows[i - from].seal();
        finish(i, rows[i - from], counts);
      }
    }

    private void offer(KsgCandidates row, int first, int r) {
      if (z == null) {
        row.offer(first, dx, dy, r * MaxNormPanels.PANEL);
      } else {
        row.offer(first, dx, dy, dz, r * MaxNormPanels.PANEL);
      }
    }

    private void measure(int query, int panel) {
      measure(x, dx, query, panel);
      measure(y, dy, query, panel);
      if (z != null) {
        measure(z, dz, query, panel);
        for (int j = 0; j < TILE; j++) {
          dx[j] = Math.max(dx[j], dz[j]);
          dy[j] = Math.max(dy[j], dz[j]);
        }
      }
    }

    /** Distances of four rows to a panel; a row to itself and to the padding are far. */
    private void measure(MaxNormPanels points, int[] tile, int query, int panel) {
      points.measure(query, panel, tile);
      int first = panel * MaxNormPanels.PANEL;
      if (query / MaxNormPanels.PANEL == panel) {
        for (int r = 0; r < MaxNormPanels.QUERIES; r++) {
          tile[r * MaxNormPanels.PANEL + query + r - first] = MaxNormPanels.FAR;
        }
      }
      if (first + MaxNormPanels.PANEL > n) {
        for (int r = 0; r < MaxNormPanels.QUERIES; r++) {
          int at = r * MaxNormPanels.PANEL;
          Arrays.fill(tile, at + n - first, at + MaxNormPanels.PANEL, MaxNormPanels.FAR);
        }
      }
    }

    private void finish(int i, KsgCandidates row, KsgCounts counts) {
      if (parameters.variant() == Variant.TWO && z == null) {
        int[] neighbours = neighbours(i, row);
        counts.x()[i] = upTo(i, row, row.x(), x, neighbours);
        counts.y()[i] = upTo(i, row, row.y(), y, neighbours);
        return;
      }
      double radius = exactRadius(i, row);
      counts.x()[i] = within(i, row, row.x(), x, z, radius);
      counts.y()[i] = within(i, row, row.y(), y, z, radius);
      if (z != null) {
        counts.z()[i] = within(i, row, row.z(), z, null, radius);
      }
    }

    /** The k-th smallest joint distance in f64: one of those that share its f32 value. */
    private double exactRadius(int i, KsgCandidates row) {
      int radius = row.radius();
      if (allExact()) {
        return Float.intBitsToFloat(radius);
      }
      int closer = 0;
      int ties = 0;
      for (int c = row.nextJointUpTo(radius, 0);
          c < row.size();
          c = row.nextJointUpTo(radius, c + 1)) {
        if (row.joint(c) < radius) {
          closer++;
        } else {
          if (ties == equal.length) {
            equal = Arrays.copyOf(equal, 2 * ties);
          }
          equal[ties++] = exactJoint(i, row.index(c));
        }
      }
      Arrays.sort(equal, 0, ties);
      return equal[parameters.k() - closer - 1];
    }

    private boolean allExact() {
      return x.exactInF32() && y.exactInF32() && (z == null || z.exactInF32());
    }

    private double exactJoint(int i, int j) {
      double joint = Math.max(x.exact(i, j), y.exact(i, j));
      return z == null ? joint : Math.max(joint, z.exact(i, j));
    }

    /** Rows strictly within the radius in the space of {@code points}, and of {@code given}. */
    private int within(
        int i,
        KsgCandidates row,
        int[] distances,
        MaxNormPanels points,
        MaxNormPanels given,
        double exactRadius) {
      int radius = row.radius();
      int count = row.below(distances, radius);
      if (allExact()) {
        return count;
      }
      for (int c = row.nextEqual(distances, radius, 0);
          c < row.size();
          c = row.nextEqual(distances, radius, c + 1)) {
        double distance = points.exact(i, row.index(c));
        if (given != null) {
          distance = Math.max(distance, given.exact(i, row.index(c)));
        }
        count += distance < exactRadius ? 1 : 0;
      }
      return count;
    }

    /** Algorithm 2: the k nearest by the f64 joint distance, ties by lower index, as candidates. */
    private int[] neighbours(int i, KsgCandidates row) {
      int[] nearest = new int[parameters.k()];
      double[] exact = new double[nearest.length];
      int found = 0;
      for (int c = row.nextJointUpTo(row.radius(), 0);
          c < row.size();
          c = row.nextJointUpTo(row.radius(), c + 1)) {
        double distance = exactJoint(i, row.index(c));
        if (found < nearest.length || distance < exact[found - 1]) {
          int place = Math.min(found, nearest.length - 1);
          for (; place > 0 && distance < exact[place - 1]; place--) {
            nearest[place] = nearest[place - 1];
            exact[place] = exact[place - 1];
          }
          nearest[place] = c;
          exact[place] = distance;
          found = Math.min(found + 1, nearest.length);
        }
      }
      return nearest;
    }

    /** Rows within or on the extent of the neighbours in one space. */
    private int upTo(
        int i, KsgCandidates row, int[] distances, MaxNormPanels points, int[] neighbours) {
      double exactExtent = 0;
      int extent = 0;
      for (int c : neighbours) {
        exactExtent = Math.max(exactExtent, points.exact(i, row.index(c)));
        extent = Math.max(extent, distances[c]);
      }
      if (points.exactInF32()) {
        return row.below(distances, extent + 1);
      }
      int count = row.below(distances, extent);
      for (int c = row.nextEqual(distances, extent, 0);
          c < row.size();
          c = row.nextEqual(distances, extent, c + 1)) {
        count += points.exact(i, row.index(c)) <= exactExtent ? 1 : 0;
      }
      return count;
    }
  }
}
