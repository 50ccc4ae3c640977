package org.geodex.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/**
 * Rows packed for distances in the max norm: panels of two vectors of points, column after column,
 * so that one register tile holds the distances of {@value #QUERIES} rows to a whole panel.
 *
 * <p>Distances are f32 bit patterns. Of numbers that are not negative the patterns order as the
 * numbers do, and an integer maximum is one instruction where Java's floating-point maximum is
 * five. Rounding keeps the order of differences: what is smaller in f32 is smaller in f64; only
 * what is equal in f32 has to be asked again ({@link #exact}).
 */
final class MaxNormPanels {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

  /** Points in a panel. */
  static final int PANEL = 2 * FLOATS.length();

  /** Rows that one call measures against a panel: 4 x 2 accumulators leave registers to load. */
  static final int QUERIES = 4;

  /** Farther than any distance, infinity included. */
  static final int FAR = Integer.MAX_VALUE;

  private static final int LANES = FLOATS.length();
  private static final int MAGNITUDE = 0x7fffffff;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final int n;
  private final int d;
  private final float[][] panels;
  private final boolean exactInF32;

  MaxNormPanels(Parallel parallel, Matrix x) {
    n = x.intRows();
    d = x.columns();
    panels = new float[Math.ceilDiv(n, PANEL)][];
    SignificantBits[] bits = new SignificantBits[panels.length];
    parallel.forEach(
        panels.length,
        p -> {
          panels[(int) p] = pack(x, (int) p * PANEL);
          bits[(int) p] = SignificantBits.of(panels[(int) p]);
        });
    exactInF32 = SignificantBits.union(bits).differencesFitF32();
  }

  private float[] pack(Matrix x, int from) {
    float[] panel = new float[d * PANEL];
    MemorySegment segment = x.segment();
    for (int i = from; i < Math.min(from + PANEL, n); i++) {
      long offset = x.offset(i);
      for (int c = 0; c < d; c++) {
        panel[c * PANEL + i - from] = segment.get(F32, offset + 4L * c);
      }
    }
    return panel;
  }

  int count() {
    return panels.length;
  }

  /** Whether equal distances in f32 are equal in f64 too. */
  boolean exactInF32() {
    return exactInF32;
  }

  /** The distance of rows i and j in f64. */
  double exact(int i, int j) {
    float[] a = panels[i / PANEL];
    float[] b = panels[j / PANEL];
    double max = 0;
    for (int c = 0; c < d; c++) {
      double difference = (double) a[c * PANEL + i % PANEL] - b[c * PANEL + j % PANEL];
      max = Math.max(max, Math.abs(difference));
    }
    return max;
  }

  /**
   * Distances of rows query … query + 3 to all points of one panel.
   *
   * @param query a multiple of {@value #QUERIES}
   * @param tile the distances of row r from {@code r·PANEL} on
   */
  void measure(int query, int panel, int[] tile) {
    float[] points = panels[panel];
    float[] queries = panels[query / PANEL];
    int first = query % PANEL;
    IntVector a0 = IntVector.zero(INTS);
    IntVector a1 = a0;
    IntVector b0 = a0;
    IntVector b1 = a0;
    IntVector c0 = a0;
    IntVector c1 = a0;
    IntVector d0 = a0;
    IntVector d1 = a0;
    for (int o = 0; o < points.length; o += PANEL) {
      FloatVector p0 = FloatVector.fromArray(FLOATS, points, o);
      FloatVector p1 = FloatVector.fromArray(FLOATS, points, o + LANES);
      FloatVector q = FloatVector.broadcast(FLOATS, queries[o + first]);
      a0 = a0.max(gap(p0, q));
      a1 = a1.max(gap(p1, q));
      q = FloatVector.broadcast(FLOATS, queries[o + first + 1]);
      b0 = b0.max(gap(p0, q));
      b1 = b1.max(gap(p1, q));
      q = FloatVector.broadcast(FLOATS, queries[o + first + 2]);
      c0 = c0.max(gap(p0, q));
      c1 = c1.max(gap(p1, q));
      q = FloatVector.broadcast(FLOATS, queries[o + first + 3]);
      d0 = d0.max(gap(p0, q));
      d1 = d1.max(gap(p1, q));
    }
    a0.intoArray(tile, 0);
    a1.intoArray(tile, LANES);
    b0.intoArray(tile, PANEL);
    b1.intoArray(tile, PANEL + LANES);
    c0.intoArray(tile, 2 * PANEL);
    c1.intoArray(tile, 2 * PANEL + LANES);
    d0.intoArray(tile, 3 * PANEL);
    d1.intoArray(tile, 3 * PANEL + LANES);
  }

  private static IntVector gap(FloatVector points, FloatVector query) {
    return points.sub(query).reinterpretAsInts().and(MAGNITUDE);
  }
}
