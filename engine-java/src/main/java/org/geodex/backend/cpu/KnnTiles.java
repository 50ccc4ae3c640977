package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.Matrix;

/**
 * Exact nearest neighbours by matrix products. Tiles of dot products give a lower bound of every
 * squared distance, the rounding error of the product taken off: ‖x‖²+‖y‖²−2x·y − γ(‖x‖²+‖y‖²) with
 * γ = 1.01·(d+16)·2⁻²⁴, which holds for any order of summation. One pass over the tile while it is
 * in cache offers what is below a row's threshold to {@link CandidateRows}; at the end distances in
 * f64 rank what is left. Of x against itself only half of the tiles are computed, and each is
 * looked through for its rows and for its columns at once.
 *
 * <p>n²·d FLOP in sgemm (2·n·m·d with y), which is what bounds it.
 */
final class KnnTiles {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final Matrix x;
  private final Matrix y;
  private final int k;
  private final Metric metric;
  private final Parallel parallel;

  /**
   * @param y null for x itself without the row that looks
   */
  KnnTiles(Matrix x, Matrix y, int k, Metric metric, Parallel parallel) {
    this.x = x;
    this.y = y;
    this.k = k;
    this.metric = metric;
    this.parallel = parallel;
  }

  /** The table, or null where products cannot serve the values (NaN, infinity, extreme rows). */
  NeighbourTable run() {
    Matrix from = y == null ? x : y;
    PreparedRows.Form form = PreparedRows.Form.of(from, metric, parallel);
    try (PreparedRows right = PreparedRows.of(from, form, parallel);
        PreparedRows left = y == null ? null : PreparedRows.of(x, form, parallel)) {
      PreparedRows first = left == null ? right : left;
      if (!right.finite() || !first.finite()) {
        return null;
      }
      float gamma = 1.01f * (x.columns() + 16) * 0x1p-24f;
      CandidateRows candidates =
          new CandidateRows(
              x.intRows(),
              k,
              2.1f * gamma,
              first.squaredNorms(),
              right.squaredNorms(),
              RowDistances.of(x, from, metric, parallel),
              RowDistances.of(first.rows(), right.rows(), Metric.SQEUCLIDEAN, parallel));
      float[] xLow = lowered(first.squaredNorms(), gamma);
      float[] yLow = y == null ? xLow : lowered(right.squaredNorms(), gamma);
      try (Arena arena = Arena.ofShared()) {
        ThreadLocal<TileProduct> products = ThreadLocal.withInitial(() -> new TileProduct(arena));
        if (y == null) {
          itself(right, xLow, candidates, products);
        } else {
          other(first, xLow, right, yLow, candidates, products);
        }
      }
      return finish(candidates);
    }
  }

  private static float[] lowered(float[] norms, float gamma) {
    float[] lowered = new float[norms.length];
    for (int i = 0; i < norms.length; i++) {
      lowered[i] = norms[i] * (1 - gamma) - CandidateRows.TINY / 8;
    }
    return lowered;
  }

  private void other(
      PreparedRows left,
      float[] xLow,
      PreparedRows right,
      float[] yLow,
      CandidateRows candidates,
      ThreadLocal<TileProduct> products) {
    int n = x.intRows();
    int m = y.intRows();
    // Fewer rows a task where there are few, so that every thread has some.
    int rows = Math.clamp(Math.ceilDiv(n, 4 * parallel.threads()), 16, TileProduct.ROWS);
    parallel.forEach(
        Math.ceilDiv(n, rows),
        task -> {
          int iFrom = (int) task * rows;
          int iTo = Math.min(iFrom + rows, n);
          for (int b = 0; b < TileProduct.blocks(m); b++) {
            int jFrom = TileProduct.from(b);
            int jTo = TileProduct.to(b, m);
            MemorySegment dots = products.get().of(left, iFrom, iTo, right, jFrom, jTo);
            scanRows(dots, iFrom, iTo, xLow, jFrom, jTo, yLow, candidates, false);
          }
        });
  }

  /**
   * Each block with itself, then the tiles of a round-robin tournament, in whose order two threads
   * seldom want the same rows: a block is locked only while a tile is looked through for it.
   */
  private void itself(
      PreparedRows rows, float[] low, CandidateRows candidates, ThreadLocal<TileProduct> products) {
    int n = x.intRows();
    int blocks = TileProduct.blocks(n);
    ReentrantLock[] locks = new ReentrantLock[blocks];
    Arrays.setAll(locks, b -> new ReentrantLock());
    int players = blocks + blocks % 2;
    int pairs = players / 2;
    parallel.forEach(
        blocks + (long) (players - 1) * pairs,
        task -> {
          if (task < blocks) {
            meet(rows, low, (int) task, (int) task, candidates, products.get(), locks);
            return;
          }
          int round = (int) ((task - blocks) / pairs);
          int p = (int) ((task - blocks) % pairs);
          int a = p == 0 ? players - 1 : (round + p) % (players - 1);
          int b = p == 0 ? round : (round - p + players - 1) % (players - 1);
          if (a < blocks && b < blocks) {
            meet(rows, low, Math.max(a, b), Math.min(a, b), candidates, products.get(), locks);
          }
        });
  }

  /** The rows of block a with those of b ≤ a; locks are taken in ascending order. */
  private void meet(
      PreparedRows rows,
      float[] low,
      int a,
      int b,
      CandidateRows candidates,
      TileProduct product,
      ReentrantLock[] locks) {
    int n = x.intRows();
    int iFrom = TileProduct.from(a);
    int iTo = TileProduct.to(a, n);
    int jFrom = TileProduct.from(b);
    int jTo = TileProduct.to(b, n);
    MemorySegment dots = product.of(rows, iFrom, iTo, rows, jFrom, jTo);
    locks[b].lock();
    locks[a].lock();
    try {
      if (a == b) {
        scanRows(dots, iFrom, iTo, low, jFrom, jTo, low, candidates, true);
      } else {
        scanBoth(dots, iFrom, iTo, jFrom, jTo, low, candidates);
      }
    } finally {
      locks[a].unlock();
      locks[b].unlock();
    }
  }

  private static void scanRows(
      MemorySegment dots,
      int iFrom,
      int iTo,
      float[] xLow,
      int jFrom,
      int jTo,
      float[] yLow,
      CandidateRows candidates,
      boolean skipSelf) {
    float[] thresholds = candidates.thresholds();
    int width = jTo - jFrom;
    FloatVector minusTwo = FloatVector.broadcast(F, -2);
    for (int i = iFrom; i < iTo; i++) {
      long row = 4L * (i - iFrom) * width;
      int j = 0;
      for (; j + LANES <= width; j += LANES) {
        FloatVector dot = FloatVector.fromMemorySegment(F, dots, row + 4L * j, ORDER);
        FloatVector bound =
            dot.fma(minusTwo, FloatVector.fromArray(F, yLow, jFrom + j)).add(xLow[i]);
        VectorMask<Float> hits = bound.compare(VectorOperators.LE, thresholds[i]);
        if (hits.anyTrue()) {
          for (long rest = hits.toLong(); rest != 0; rest &= rest - 1) {
            int lane = Long.numberOfTrailingZeros(rest);
            int other = jFrom + j + lane;
            if (!skipSelf || other != i) {
              offer(dots, row + 4L * (j + lane), i, other, xLow, yLow, candidates);
            }
          }
        }
      }
      for (; j < width; j++) {
        if (!skipSelf || jFrom + j != i) {
          offer(dots, row + 4L * j, i, jFrom + j, xLow, yLow, candidates);
        }
      }
    }
  }

  private static void offer(
      MemorySegment dots,
      long at,
      int i,
      int j,
      float[] xLow,
      float[] yLow,
      CandidateRows candidates) {
    float value = lowerBound(dots, at, xLow[i], yLow[j]);
    if (value <= candidates.thresholds()[i]) {
      candidates.offer(i, j, value);
    }
  }

  private static void scanBoth(
      MemorySegment dots,
      int iFrom,
      int iTo,
      int jFrom,
      int jTo,
      float[] low,
      CandidateRows candidates) {
    float[] thresholds = candidates.thresholds();
    int width = jTo - jFrom;
    FloatVector minusTwo = FloatVector.broadcast(F, -2);
    for (int i = iFrom; i < iTo; i++) {
      long row = 4L * (i - iFrom) * width;
      int j = 0;
      for (; j + LANES <= width; j += LANES) {
        FloatVector dot = FloatVector.fromMemorySegment(F, dots, row + 4L * j, ORDER);
        FloatVector bound = dot.fma(minusTwo, FloatVector.fromArray(F, low, jFrom + j)).add(low[i]);
        FloatVector columns = FloatVector.fromArray(F, thresholds, jFrom + j);
        VectorMask<Float> hits = bound.compare(VectorOperators.LE, columns.max(thresholds[i]));
        if (hits.anyTrue()) {
          for (long rest = hits.toLong(); rest != 0; rest &= rest - 1) {
            int lane = Long.numberOfTrailingZeros(rest);
            offerBoth(dots, row + 4L * (j + lane), i, jFrom + j + lane, low, candidates);
          }
        }
      }
      for (; j < width; j++) {
        offerBoth(dots, row + 4L * j, i, jFrom + j, low, candidates);
      }
    }
  }

  private static void offerBoth(
      MemorySegment dots, long at, int i, int j, float[] low, CandidateRows candidates) {
    float value = lowerBound(dots, at, low[i], low[j]);
    if (value <= candidates.thresholds()[i]) {
      candidates.offer(i, j, value);
    }
    if (value <= candidates.thresholds()[j]) {
      candidates.offer(j, i, value);
    }
  }

  private static float lowerBound(MemorySegment dots, long at, float xLow, float yLow) {
    float dot = dots.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
    return Math.fma(dot, -2, yLow) + xLow;
  }

  private NeighbourTable finish(CandidateRows candidates) {
    int n = x.intRows();
    int[] index = new int[Math.multiplyExact(n, k)];
    double[] distance = new double[index.length];
    int rows = 64;
    parallel.forEach(
        Math.ceilDiv(n, rows),
        block -> {
          for (int i = (int) block * rows; i < Math.min((block + 1) * rows, n); i++) {
            candidates.finish(i, index, distance);
          }
        });
    return new NeighbourTable(n, k, index, distance);
  }
}
