package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.geodesic.Metric;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Norm;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Counts, moments and divergences on the emulator against the f64 specification. */
class CudaInformationTest {

  @BeforeAll
  static void needsEmulator() {
    OnEmulator.require();
  }

  /** n below, at and above the tile; one column, a slab and a tail; both variants and norms. */
  @ParameterizedTest
  @CsvSource({"7,1,1,3,MAX", "128,5,17,4,MAX", "131,3,2,1,EUCLIDEAN", "60,20,33,6,EUCLIDEAN"})
  void ksgCountsAreTheSpecifications(int n, int dx, int dy, int k, Norm norm) {
    for (Variant variant : Variant.values()) {
      KsgParameters parameters = new KsgParameters(k, variant, norm);
      try (Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, n, dx);
          Matrix.Owned y = OnEmulator.normal(2, n, dy);
          Matrix.Owned latticeX = OnEmulator.lattice(3, n, Math.min(dx, 2));
          Matrix.Owned latticeY = OnEmulator.lattice(4, n, Math.min(dy, 2))) {
        checkKsg(x, y, null, parameters, "panama");
        checkKsg(latticeX, latticeY, null, parameters, "panama");
        checkKsg(x, latticeY, null, parameters, "jcuda");
      }
    }
  }

  @Test
  void conditionalKsgCountsAreTheSpecifications() {
    try (Matrix.Owned x = OnEmulator.normal(1, 70, 2);
        Matrix.Owned y = OnEmulator.lattice(2, 70, 3);
        Matrix.Owned z = OnEmulator.normal(3, 70, 1)) {
      checkKsg(x, y, z, KsgParameters.of(4, Variant.ONE), "panama");
    }
  }

  /** Distances that differ in f64 and not in f32: the counts must know. */
  @Test
  void ksgTellsApartWhatF32Cannot() {
    int n = 40;
    Random random = new Random(5);
    try (Matrix.Owned x = Matrix.allocate(n, 1);
        Matrix.Owned y = Matrix.allocate(n, 1)) {
      for (int i = 0; i < n; i++) {
        x.set(i, 0, (i % 2 == 0 ? 1 : 0x1p-24f) * (1 + random.nextInt(4)));
        y.set(i, 0, (i % 3 == 0 ? 1 : 0x1p-25f) * (1 + random.nextInt(4)));
      }
      for (Variant variant : Variant.values()) {
        checkKsg(x, y, null, KsgParameters.of(3, variant), "panama");
      }
    }
  }

  private static void checkKsg(
      Matrix x, Matrix y, Matrix z, KsgParameters parameters, String binding) {
    try (Backend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar()) {
      assertSame(
          scalar.information().ksgCounts(x, y, z, parameters),
          cuda.information().ksgCounts(x, y, z, parameters));
    }
  }

  private static void assertSame(KsgCounts want, KsgCounts got) {
    assertArrayEquals(want.x(), got.x());
    assertArrayEquals(want.y(), got.y());
    assertArrayEquals(want.z(), got.z());
  }

  /** Given distances, a permutation of y, and rows without enough finite distances. */
  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void countsOfDistancesAreTheSpecifications(String binding) {
    int n = 50;
    int[] order = IntStream.range(0, n).map(i -> (7 * i + 3) % n).toArray();
    try (Backend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = OnEmulator.normal(8, n, 3);
        Matrix.Owned y = OnEmulator.normal(9, n, 2);
        Matrix.Owned dx = Matrix.allocate(n, n);
        Matrix.Owned dy = Matrix.allocate(n, n)) {
      scalar.geometry().pairwise(x, x, Metric.EUCLIDEAN, dx);
      scalar.geometry().pairwise(y, y, Metric.EUCLIDEAN, dy);
      for (int j = 1; j < n; j++) {
        dx.set(0, j, Float.POSITIVE_INFINITY);
        dx.set(j, 0, Float.POSITIVE_INFINITY);
      }
      for (Variant variant : Variant.values()) {
        for (int[] permutation : new int[][] {null, order}) {
          KsgParameters parameters = KsgParameters.of(4, variant);
          assertSame(
              scalar.information().ksgCountsOfDistances(dx, dy, permutation, parameters),
              cuda.information().ksgCountsOfDistances(dx, dy, permutation, parameters));
        }
      }
    }
  }

  /** 1 row; a warp of columns and a tail; two chunks of rows. */
  @ParameterizedTest
  @CsvSource({"1,3", "40,32", "1025,33"})
  void momentsEqualTheSpecification(int n, int d) {
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, n, d)) {
      for (int i = 0; i < n; i++) {
        x.set(i, 0, x.get(i, 0) + 1000);
      }
      ColumnMoments got = cuda.information().columnMoments(x);
      ColumnMoments want = scalar.information().columnMoments(x);
      assertArrayEquals(want.means(), got.means(), 1e-11);
      assertArrayEquals(want.squares(), got.squares(), 1e-8);
      double[] centre = want.means();
      double fourth = scalar.information().fourthMoment(x, centre);
      assertEquals(fourth, cuda.information().fourthMoment(x, centre), 1e-11 * fourth + 1e-12);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,2,false", "65,64,17,false", "63,130,5,true"})
  void categoricalKlEqualsTheSpecification(int n, int m, int d, boolean logits) {
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned p = OnEmulator.positive(OnEmulator.FRESH, n, d, true);
        Matrix.Owned q = OnEmulator.positive(6, m, d, true);
        Matrix.Owned got = Matrix.allocate(n, m);
        Matrix.Owned want = Matrix.allocate(n, m)) {
      if (!logits) {
        p.set(0, 0, 0);
        q.set(m - 1, d - 1, 0);
      }
      cuda.information().klCategorical(p, q, logits, got);
      scalar.information().klCategorical(p, q, logits, want);
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++) {
          double tolerance = 1e-12 + 1.2e-7 * Math.abs(want.get(i, j));
          assertEquals(want.get(i, j), got.get(i, j), tolerance);
        }
      }
      assertArrayEquals(
          scalar.information().klCategoricalRows(p, p, logits),
          cuda.information().klCategoricalRows(p, p, logits),
          1e-13);
    }
  }
}
