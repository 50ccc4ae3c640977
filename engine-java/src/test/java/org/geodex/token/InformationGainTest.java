package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InformationGainTest {

  private static Matrix.Owned unitRows(int n, int d) {
    Random random = new Random(7);
    Matrix.Owned z = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      double[] row = random.doubles(d, -1, 1).toArray();
      double square = 0;
      for (double value : row) {
        square += value * value;
      }
      for (int j = 0; j < d; j++) {
        z.set(i, j, (float) (row[j] / Math.sqrt(square)));
      }
    }
    return z;
  }

  /** ln det of I + c·Σ z zᵀ over the first t rows by plain elimination. */
  private static double logDeterminant(Matrix z, int t, double c) {
    int d = z.columns();
    double[][] a = new double[d][d];
    for (int i = 0; i < d; i++) {
      a[i][i] = 1;
      for (int j = 0; j < d; j++) {
        for (int r = 0; r < t; r++) {
          a[i][j] += c * z.get(r, i) * z.get(r, j);
        }
      }
    }
    double sum = 0;
    for (int k = 0; k < d; k++) {
      sum += Math.log(a[k][k]);
      for (int i = k + 1; i < d; i++) {
        double factor = a[i][k] / a[k][k];
        for (int j = k; j < d; j++) {
          a[i][j] -= factor * a[k][j];
        }
      }
    }
    return sum;
  }

  /** 1 x 5 one token; 6 x 20 by rows; 20 x 20 both; 47 x 9 blocks with a tail. */
  @ParameterizedTest
  @CsvSource({"1,5", "6,20", "20,20", "47,9"})
  void bothWaysEqualTheDeterminants(int n, int d) {
    for (Backend backend : List.of(new CpuBackend(2, 1 << 30), new ScalarBackend(1 << 30))) {
      try (backend;
          Matrix.Owned z = unitRows(n, d)) {
        double c = InformationGain.scale(n, d, 0.5);
        double[] gains = InformationGain.logDeterminant(backend, z, c);
        for (int t = 0; t < n; t++) {
          double expected = logDeterminant(z, t + 1, c) - logDeterminant(z, t, c);
          assertEquals(expected, gains[t], 1e-10);
        }
        assertArrayEquals(gains, InformationGain.ridge(backend, z, c), 1e-10);
      }
    }
  }

  /** Several blocks of both ways, which end at different tokens, and a scale of nearly 1 000. */
  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.02})
  void bothWaysAgreeOverManyBlocks(double eps) {
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned z = unitRows(700, 270)) {
      double c = InformationGain.scale(700, 270, eps);
      double[] gains = InformationGain.logDeterminant(backend, z, c);
      assertArrayEquals(gains, InformationGain.ridge(backend, z, c), 1e-10);
      try (Backend one = new CpuBackend(1, 1 << 30)) {
        assertArrayEquals(gains, InformationGain.logDeterminant(one, z, c), 0);
        double[] ridge = InformationGain.ridge(one, z, c);
        assertArrayEquals(InformationGain.ridge(backend, z, c), ridge, 0);
      }
    }
  }

  /**
   * The documented error of a scale c = d/(n·ε²) taken anew for every n, d = 64, ε = ½: the 21st of
   * orthogonal tokens gains 21·ln((1 + c′)/(1 + c)) too little, −0.949 nats.
   */
  @Test
  void renormalizingTheScaleBreaksTheIdentity() {
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned z = Matrix.allocate(21, 64)) {
      z.fill(0);
      for (int i = 0; i < 21; i++) {
        z.set(i, i, 1);
      }
      double before = InformationGain.scale(20, 64, 0.5);
      double after = InformationGain.scale(21, 64, 0.5);
      double wrong = logDeterminant(z, 21, after) - logDeterminant(z, 20, before);
      double right = InformationGain.ridge(backend, z, before)[20];
      assertEquals(21 * Math.log((1 + after) / (1 + before)), wrong - right, 1e-9);
      assertEquals(-0.949, wrong - right, 5e-4);
    }
  }

  /** With orthogonal tokens every gain is that of the first; a repeated token gains less. */
  @Test
  void orthogonalTokensGainAlike() {
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned z = Matrix.of(new float[] {1, 0}, new float[] {0, 1}, new float[] {0, 1})) {
      double[] gains = InformationGain.logDeterminant(backend, z, 4);
      assertEquals(Math.log(5), gains[0], 1e-15);
      assertEquals(Math.log(5), gains[1], 1e-15);
      assertEquals(Math.log(9.0 / 5), gains[2], 1e-15);
    }
  }

  @Test
  void ridgeOptimaEqualScikitLearn() throws java.io.IOException {
    try (var in = InformationGainTest.class.getResourceAsStream("/goldens/lasso.json");
        Backend backend = new CpuBackend(2, 1 << 30)) {
      var cases = new com.fasterxml.jackson.databind.ObjectMapper().readTree(in).get("cases");
      for (var golden : cases) {
        int m = golden.get("m").asInt();
        try (Matrix.Owned z = goldenRows(golden.get("seed").asLong(), m, golden.get("d").asInt())) {
          double expected = golden.get("ridge_optimum").asDouble();
          double penalty = golden.get("ridge_penalty").asDouble();
          assertEquals(
              expected, InformationGain.ridgeOptima(backend, z, penalty)[m], 1e-12 * expected);
        }
      }
    }
  }

  /** The rows of {@code problem} in goldens/lasso.py. */
  private static Matrix.Owned goldenRows(long seed, int m, int d) {
    Matrix.Owned z = Matrix.allocate(m + 1, d);
    long state = seed;
    for (int i = 0; i <= m; i++) {
      for (int j = 0; j < d; j++) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        double value = (state >>> 40) / 0x1p23 - 1;
        z.set(i, j, (float) (i < m ? value : z.get(1, j) - 0.5 * z.get(4, j) + 0.3 * value));
      }
    }
    return z;
  }

  @Test
  void refusesAScaleThatIsNotPositive() {
    assertThrows(UsageException.class, () -> InformationGain.scale(3, 4, 0));
    assertThrows(UsageException.class, () -> InformationGain.scale(3, 4, Double.NaN));
  }
}
