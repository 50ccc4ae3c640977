package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.geodesic.Graph;
import org.geodex.matrix.Matrix;
import org.geodex.memory.NativeMemory;

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
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Sources that are solved together. */
  static final int LANES = F.length();

  /** Bytes of the lanes of one vertex: a cache line with AVX-512. */
  private static final int LINE = F.vectorByteSize();

  private final int n;
  private final VertexOrder order;
  private final int[] offset;
  private final int[] target;
  private final float[] length;

  LanePaths(Graph graph, VertexOrder order) {
    this.n = graph.n();
    this.order = order;
    this.offset = new int[n + 1];
    this.target = new int[graph.arcs()];
    this.length = new float[graph.arcs()];
    int write = 0;
    for (int p = 0; p < n; p++) {
      int v = order.vertexAt[p];
      for (int a = graph.begin(v); a < graph.end(v); a++) {
        target[write] = order.position[graph.target(a)];
        length[write++] = (float) graph.length(a);
      }
      offset[p + 1] = write;
    }
  }

  /** Scratch memory of one thread, off heap so that the lanes of a vertex are one cache line. */
  final class Block {
    private final MemorySegment dist;
    private final boolean[] dirty = new boolean[n];
    private final float[] strip = new float[LANES * LANES];
    private long relaxed;

    Block(Arena arena) {
      dist = NativeMemory.allocate((long) n * LINE, arena);
    }

    /**
     * Solves up to {@link #LANES} sources.
     *
     * @param sources vertices, of which [from, to) are taken
     * @param limit arcs after which to give up
     * @return whether it finished
     */
    boolean solve(int[] sources, int from, int to, long limit) {
      FloatVector infinite = FloatVector.broadcast(F, Float.POSITIVE_INFINITY);
      for (int p = 0; p < n; p++) {
        infinite.intoMemorySegment(dist, (long) p * LINE, ORDER);
      }
      Arrays.fill(dirty, false);
      relaxed = 0;
      for (int s = from; s < to; s++) {
        int p = order.position[sources[s]];
        dist.set(ValueLayout.JAVA_FLOAT, (long) p * LINE + 4L * (s - from), 0);
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

    /** Lengths are never negative, so their bits order like integers, whose minimum is cheaper. */
    private boolean visit(int p) {
      dirty[p] = false;
      int begin = offset[p];
      int end = offset[p + 1];
      relaxed += end - begin;
      IntVector old = at(p).reinterpretAsInts();
      IntVector even = old;
      IntVector odd = old;
      int a = begin;
      for (; a + 1 < end; a += 2) {
        even = even.min(at(target[a]).add(length[a]).reinterpretAsInts());
        odd = odd.min(at(target[a + 1]).add(length[a + 1]).reinterpretAsInts());
      }
      if (a < end) {
        even = even.min(at(target[a]).add(length[a]).reinterpretAsInts());
      }
      IntVector best = even.min(odd);
      if (!best.lt(old).anyTrue()) {
        return false;
      }
      best.reinterpretAsFloats().intoMemorySegment(dist, (long) p * LINE, ORDER);
      mark(p);
      return true;
    }

    private FloatVector at(int p) {
      return FloatVector.fromMemorySegment(F, dist, (long) p * LINE, ORDER);
    }

    private void mark(int p) {
      for (int a = offset[p]; a < offset[p + 1]; a++) {
        dirty[target[a]] = true;
      }
    }

    /** Writes lane s to row rows[s] and returns the largest finite length. */
    float store(Matrix lengths, int[] rows) {
      FloatVector max = FloatVector.zero(F);
      for (int from = 0; from < n; from += LANES) {
        int count = Math.min(LANES, n - from);
        for (int v = 0; v < count; v++) {
          FloatVector values = at(order.position[from + v]);
          values.intoArray(strip, v * LANES);
          // Lanes without a source are all +∞.
          max = max.max(values.blend(0, values.eq(Float.POSITIVE_INFINITY)));
        }
        for (int s = 0; s < rows.length; s++) {
          writeColumn(s, count, lengths, lengths.offset(rows[s]) + 4L * from);
        }
      }
      return max.reduceLanes(VectorOperators.MAX);
    }

    private void writeColumn(int s, int count, Matrix lengths, long at) {
      if (count == LANES) {
        FloatVector.fromArray(F, strip, s, COLUMN, 0)
            .intoMemorySegment(lengths.segment(), at, ORDER);
        return;
      }
      for (int v = 0; v < count; v++) {
        lengths.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at + 4L * v, strip[v * LANES + s]);
      }
    }
  }

  private static final int[] COLUMN = column();

  private static int[] column() {
    int[] indices = new int[LANES];
    Arrays.setAll(indices, v -> v * LANES);
    return indices;
  }
}
