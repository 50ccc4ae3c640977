package org.geodex.backend.cpu;

import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.geodesic.Graph;
import org.geodex.matrix.Matrix;

/**
 * Shortest paths from as many sources at once as a vector has lanes: Bellman–Ford in pull form.
 * {@code dist[p·L + s]} is the length from source s to the vertex at position p. A vertex takes the
 * minimum over its arcs of the neighbour's lanes plus the arc's length, two instructions for L
 * relaxations without a branch; when a lane fell, its neighbours are marked to be looked at again.
 * Sweeps alternate between up and down in {@link VertexOrder}, so that most paths are complete
 * after a few of them: on k-NN graphs, where shortest paths have some ten arcs, 7 or 8.
 *
 * <p>The result is the least of the rounded sums over all paths, whatever the order of the
 * relaxations (rounded addition is monotone), so it depends on neither lanes nor threads. A path of
 * h arcs has a relative error of at most (h+1)·2⁻²⁴.
 *
 * <p>Per block of L sources: sweeps·arcs·L relaxations; 4·L·n bytes of scratch, which should stay
 * in the second-level cache.
 */
final class LanePaths {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** Sources that are solved together. */
  static final int LANES = F.length();

  private final int n;
  private final VertexOrder order;
  private final int[] offset;
  // Index of the target's first lane.
  private final int[] lane;
  private final float[] length;
  private final int[] laneOf;

  LanePaths(Graph graph, VertexOrder order) {
    this.n = graph.n();
    this.order = order;
    this.offset = new int[n + 1];
    this.lane = new int[graph.arcs()];
    this.length = new float[graph.arcs()];
    this.laneOf = new int[n];
    Math.multiplyExact(n, LANES);
    int write = 0;
    for (int p = 0; p < n; p++) {
      int v = order.vertexAt[p];
      for (int a = graph.begin(v); a < graph.end(v); a++) {
        lane[write] = order.position[graph.target(a)] * LANES;
        length[write++] = (float) graph.length(a);
      }
      offset[p + 1] = write;
      laneOf[v] = p * LANES;
    }
  }

  /** Scratch memory of one thread. */
  final class Block {
    private final float[] dist = new float[n * LANES];
    private final boolean[] dirty = new boolean[n];
    private long relaxed;

    /**
     * Solves up to {@link #LANES} sources.
     *
     * @param sources vertices, of which [from, to) are taken
     * @param limit arcs after which to give up
     * @return whether it finished
     */
    boolean solve(int[] sources, int from, int to, long limit) {
      Arrays.fill(dist, Float.POSITIVE_INFINITY);
      Arrays.fill(dirty, false);
      relaxed = 0;
      for (int s = from; s < to; s++) {
        int p = order.position[sources[s]];
        dist[p * LANES + s - from] = 0;
        mark(p);
      }
      boolean changed = true;
      for (int sweep = 0; changed && relaxed <= limit; sweep++) {
        changed = sweep % 2 == 0 ? sweepUp() : sweepDown();
      }
      return !changed;
    }

    /** Arcs that the last call looked at. */
    long relaxed() {
      return relaxed;
    }

    private boolean sweepUp() {
      boolean changed = false;
      for (int p = 0; p < n; p++) {
        if (dirty[p]) {
          changed |= visit(p);
        }
      }
      return changed;
    }

    private boolean sweepDown() {
      boolean changed = false;
      for (int p = n - 1; p >= 0; p--) {
        if (dirty[p]) {
          changed |= visit(p);
        }
      }
      return changed;
    }

    private boolean visit(int p) {
      dirty[p] = false;
      int begin = offset[p];
      int end = offset[p + 1];
      relaxed += end - begin;
      if (!relax(p * LANES, begin, end)) {
        return false;
      }
      mark(p);
      return true;
    }

    private boolean relax(int at, int begin, int end) {
      FloatVector old = FloatVector.fromArray(F, dist, at);
      FloatVector even = old;
      FloatVector odd = old;
      int a = begin;
      for (; a + 1 < end; a += 2) {
        even = even.min(FloatVector.fromArray(F, dist, lane[a]).add(length[a]));
        odd = odd.min(FloatVector.fromArray(F, dist, lane[a + 1]).add(length[a + 1]));
      }
      if (a < end) {
        even = even.min(FloatVector.fromArray(F, dist, lane[a]).add(length[a]));
      }
      FloatVector best = even.min(odd);
      if (!best.lt(old).anyTrue()) {
        return false;
      }
      best.intoArray(dist, at);
      return true;
    }

    private void mark(int p) {
      for (int a = offset[p]; a < offset[p + 1]; a++) {
        dirty[lane[a] / LANES] = true;
      }
    }

    /** Writes lane s to row rows[s] and returns the largest finite length. */
    float store(Matrix lengths, int[] rows) {
      int v = 0;
      for (; v + LANES <= n; v += LANES) {
        for (int s = 0; s < rows.length; s++) {
          FloatVector.fromArray(F, dist, s, laneOf, v)
              .intoMemorySegment(
                  lengths.segment(), lengths.offset(rows[s]) + 4L * v, ByteOrder.nativeOrder());
        }
      }
      for (; v < n; v++) {
        for (int s = 0; s < rows.length; s++) {
          lengths.set(rows[s], v, dist[laneOf[v] + s]);
        }
      }
      return longest();
    }

    /** Lanes without a source are all +∞. */
    private float longest() {
      FloatVector max = FloatVector.zero(F);
      for (int at = 0; at < dist.length; at += LANES) {
        FloatVector values = FloatVector.fromArray(F, dist, at);
        max = max.max(values.blend(0, values.eq(Float.POSITIVE_INFINITY)));
      }
      return max.reduceLanes(VectorOperators.MAX);
    }
  }
}
