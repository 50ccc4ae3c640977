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
import org.geodex.geodesic.VertexOrder;
import org.geodex.matrix.Matrix;
import org.geodex.memory.NativeMemory;

/**
 * Shortest paths from as many sources at once as two vectors have lanes: Bellman–Ford in pull form.
 * {@code dist[p·L + s]} is the length from source s to the vertex at position p. A vertex takes the
 * minimum over its arcs of the neighbour's lanes plus the arc's length, two instructions a vector
 * without a branch; when a lane fell, its neighbours are marked to be looked at again. Sweeps
 * alternate between up and down in {@link VertexOrder}, so that most paths are complete after a few
 * of them: on k-NN graphs, where shortest paths have some ten arcs, 7 or 8.
 *
 * <p>The result is the least of the rounded sums over all paths, whatever the order of the
 * relaxations (rounded addition is monotone), so it depends on neither lanes nor threads. A path of
 * h arcs has a relative error of at most (h+1)·2⁻²⁴.
 *
 * <p>Where every vertex is a source, the blocks follow each other in the order of positions, and
 * what earlier ones found is not looked for again: the length from s to v is the one from v to s.
 *
 * <p>Per block of L sources: sweeps·arcs·L relaxations, half of them with all pairs; 4·L·n bytes of
 * scratch, which should stay in the second-level cache.
 */
final class LanePaths {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final int VECTOR = F.length();

  private static final FloatVector INFINITE = FloatVector.broadcast(F, Float.POSITIVE_INFINITY);

  /** Sources that are solved together: two vectors, so that an arc is looked up once for both. */
  static final int LANES = 2 * VECTOR;

  /** Bytes of the lanes of one vertex: two cache lines with AVX-512. */
  private static final int LINE = 2 * F.vectorByteSize();

  private final int n;
  private final VertexOrder order;
  private final int[] offset;
  private final int[] target;
  private final float[] length;

  /** lowest[p] is the least position that an arc from p or above leads to. */
  private final int[] lowest;

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
    this.lowest = new int[n];
    for (int p = n - 1; p >= 0; p--) {
      lowest[p] = p == n - 1 ? p : Math.min(p, lowest[p + 1]);
      for (int a = offset[p]; a < offset[p + 1]; a++) {
        lowest[p] = Math.min(lowest[p], target[a]);
      }
    }
  }

  /** Scratch memory of one thread, off heap so that the lanes of a vertex are one cache line. */
  final class Block {
    private final MemorySegment dist;
    private final boolean[] dirty = new boolean[n];
    private final float[] strip = new float[VECTOR * LANES];

    /** Vertices at positions below are known and are not visited. */
    private int first;

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
      clear(0);
      for (int s = from; s < to; s++) {
        start(order.position[sources[s]], s - from);
      }
      return sweep(limit);
    }

    /**
     * Solves the sources at positions [from, to) for the vertices at positions from {@code known}
     * on. The graph is undirected: the lengths to those below stand in the rows of those below.
     *
     * @param lengths rows by vertex, columns by position
     * @param known at most {@code from}; the rows of the positions below are there
     */
    void solveRest(Matrix lengths, int known, int from, int to) {
      clear(known);
      for (int p = lowest[known]; p < known; p++) {
        load(p, lengths, from, to);
      }
      for (int p = from; p < to; p++) {
        start(p, p - from);
      }
      sweep(Long.MAX_VALUE);
    }

    /** Where something is known, every vertex may border on it and is looked at. */
    private void clear(int known) {
      first = known;
      for (int p = first; p < n; p++) {
        put(p, INFINITE, INFINITE);
      }
      Arrays.fill(dirty, first, n, known > 0);
      relaxed = 0;
    }

    private void start(int p, int lane) {
      dist.set(ValueLayout.JAVA_FLOAT, (long) p * LINE + 4L * lane, 0);
      mark(p);
    }

    private boolean sweep(long limit) {
      boolean changed = true;
      for (int sweep = 0; changed && relaxed <= limit; sweep++) {
        changed = sweep % 2 == 0 ? sweepUp() : sweepDown();
      }
      return !changed;
    }

    private void load(int p, Matrix lengths, int from, int to) {
      long at = lengths.offset(order.vertexAt[p]) + 4L * from;
      if (to - from == LANES) {
        MemorySegment row = lengths.segment();
        put(
            p,
            FloatVector.fromMemorySegment(F, row, at, ORDER),
            FloatVector.fromMemorySegment(F, row, at + LINE / 2, ORDER));
      } else {
        put(p, INFINITE, INFINITE);
        MemorySegment.copy(lengths.segment(), at, dist, (long) p * LINE, 4L * (to - from));
      }
    }

    /** Arcs that the last call looked at. */
    long relaxed() {
      return relaxed;
    }

    private boolean sweepUp() {
      boolean changed = false;
      for (int p = first; p < n; p++) {
        if (dirty[p]) {
          changed |= visit(p);
        }
      }
      return changed;
    }

    private boolean sweepDown() {
      boolean changed = false;
      for (int p = n - 1; p >= first; p--) {
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
      IntVector oldLow = low(p).reinterpretAsInts();
      IntVector oldHigh = high(p).reinterpretAsInts();
      IntVector low = oldLow;
      IntVector high = oldHigh;
      for (int a = begin; a < end; a++) {
        low = low.min(low(target[a]).add(length[a]).reinterpretAsInts());
        high = high.min(high(target[a]).add(length[a]).reinterpretAsInts());
      }
      if (!low.lt(oldLow).or(high.lt(oldHigh)).anyTrue()) {
        return false;
      }
      put(p, low.reinterpretAsFloats(), high.reinterpretAsFloats());
      mark(p);
      return true;
    }

    private FloatVector low(int p) {
      return FloatVector.fromMemorySegment(F, dist, (long) p * LINE, ORDER);
    }

    private FloatVector high(int p) {
      return FloatVector.fromMemorySegment(F, dist, (long) p * LINE + LINE / 2, ORDER);
    }

    private void put(int p, FloatVector low, FloatVector high) {
      low.intoMemorySegment(dist, (long) p * LINE, ORDER);
      high.intoMemorySegment(dist, (long) p * LINE + LINE / 2, ORDER);
    }

    private void mark(int p) {
      for (int a = offset[p]; a < offset[p + 1]; a++) {
        dirty[target[a]] = true;
      }
    }

    /**
     * Writes what {@link #solveRest} found: from the sources to the positions from {@code from} on,
     * and back in the rows of those from {@code to} on, so that each pair is written by one block.
     *
     * @param lengths rows by vertex, columns by position
     */
    void storeRest(Matrix lengths, int from, int to) {
      for (int begin = from; begin < n; begin += VECTOR) {
        int count = Math.min(VECTOR, n - begin);
        for (int v = 0; v < count; v++) {
          int p = begin + v;
          toStrip(p, v);
          if (p >= to) {
            long at = lengths.offset(order.vertexAt[p]) + 4L * from;
            low(p).intoMemorySegment(lengths.segment(), at, ORDER);
            high(p).intoMemorySegment(lengths.segment(), at + LINE / 2, ORDER);
          }
        }
        for (int s = 0; s < to - from; s++) {
          long row = lengths.offset(order.vertexAt[from + s]);
          writeColumn(s, count, lengths, row + 4L * begin);
        }
      }
      mirror(lengths, from, to);
    }

    /** Among the sources both directions were summed; the upper one is kept. */
    private void mirror(Matrix lengths, int from, int to) {
      for (int p = from; p < to; p++) {
        for (int q = p + 1; q < to; q++) {
          lengths.set(order.vertexAt[q], p, lengths.get(order.vertexAt[p], q));
        }
      }
    }

    /** Writes lane s to row rows[s] and returns the largest finite length. */
    float store(Matrix lengths, int[] rows) {
      FloatVector max = FloatVector.zero(F);
      for (int from = 0; from < n; from += VECTOR) {
        int count = Math.min(VECTOR, n - from);
        for (int v = 0; v < count; v++) {
          int p = order.position[from + v];
          max = max.max(finite(low(p))).max(finite(high(p)));
          toStrip(p, v);
        }
        for (int s = 0; s < rows.length; s++) {
          writeColumn(s, count, lengths, lengths.offset(rows[s]) + 4L * from);
        }
      }
      return max.reduceLanes(VectorOperators.MAX);
    }

    private void toStrip(int p, int v) {
      low(p).intoArray(strip, v * LANES);
      high(p).intoArray(strip, v * LANES + VECTOR);
    }

    private void writeColumn(int s, int count, Matrix lengths, long at) {
      if (count == VECTOR) {
        FloatVector.fromArray(F, strip, s, COLUMN, 0)
            .intoMemorySegment(lengths.segment(), at, ORDER);
        return;
      }
      for (int v = 0; v < count; v++) {
        lengths.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at + 4L * v, strip[v * LANES + s]);
      }
    }
  }

  /**
   * Brings a row from the order of positions into that of vertices.
   *
   * @param byVertex n values, written
   * @return the largest finite value
   */
  float toVertexOrder(float[] byPosition, float[] byVertex) {
    FloatVector max = FloatVector.zero(F);
    int v = 0;
    for (; v + VECTOR <= n; v += VECTOR) {
      FloatVector values = FloatVector.fromArray(F, byPosition, 0, order.position, v);
      values.intoArray(byVertex, v);
      max = max.max(finite(values));
    }
    float longest = max.reduceLanes(VectorOperators.MAX);
    for (; v < n; v++) {
      float value = byPosition[order.position[v]];
      byVertex[v] = value;
      longest = Math.max(longest, value < Float.POSITIVE_INFINITY ? value : 0);
    }
    return longest;
  }

  /** Lanes without a source are all +∞, as is what a source cannot reach. */
  private static FloatVector finite(FloatVector values) {
    return values.blend(0, values.eq(Float.POSITIVE_INFINITY));
  }

  private static final int[] COLUMN = column();

  private static int[] column() {
    int[] indices = new int[VECTOR];
    Arrays.setAll(indices, v -> v * LANES);
    return indices;
  }
}
