package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix64;
import org.junit.jupiter.api.Test;

class CovarianceDistanceTest {

  /** Commuting matrices: eigenvalues (4, 1) and (1, 9) in one rotated basis. */
  @Test
  void commutingMatricesHaveClosedForms() {
    try (Backend cpu = new CpuBackend(2, 1 << 30);
        Matrix64 a = rotated(4, 1);
        Matrix64 b = rotated(1, 9)) {
      assertEquals(
          Math.sqrt(1 + 4),
          CovarianceDistance.of(cpu, a, b).buresWasserstein(),
          1e-12,
          "√λ differ");
      double logs = Math.hypot(Math.log(4), Math.log(9));
      assertEquals(logs, CovarianceDistance.of(cpu, a, b).affineInvariant(), 1e-12);
      assertEquals(logs, CovarianceDistance.of(cpu, a, b).logEuclidean(), 1e-12);
      assertEquals(0, CovarianceDistance.of(cpu, a, a).affineInvariant(), 1e-12);
      assertEquals(0, CovarianceDistance.of(cpu, a, a).buresWasserstein(), 1e-7);
    }
  }

  private static Matrix64 rotated(double first, double second) {
    double c = Math.cos(0.4);
    double s = Math.sin(0.4);
    double mixed = (first - second) * c * s;
    return Matrix64.of(
        new double[] {first * c * c + second * s * s, mixed},
        new double[] {mixed, first * s * s + second * c * c});
  }

  /** The rows of {@code case} in goldens/covariance.py. */
  private static double[][] goldenRows(JsonNode golden) {
    int d = golden.get("d").asInt();
    int n = golden.get("n").asInt();
    double[][] rows = new double[n + golden.get("m").asInt()][d];
    long state = golden.get("seed").asLong();
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < d; j++) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        rows[i][j] = ((state >>> 40) / 0x1p23 - 1) * (i < n ? 1 : 1 + (double) j / d);
      }
    }
    return rows;
  }

  @Test
  void distancesEqualScipy() throws Exception {
    try (var in = CovarianceDistanceTest.class.getResourceAsStream("/goldens/covariance.json");
        Backend cpu = new CpuBackend(1, 1 << 30)) {
      for (JsonNode golden : new ObjectMapper().readTree(in).get("cases")) {
        double[][] rows = goldenRows(golden);
        int n = golden.get("n").asInt();
        CovarianceDistance found =
            CovarianceDistance.between(
                cpu,
                centred(Arrays.copyOf(rows, n)),
                centred(Arrays.copyOfRange(rows, n, rows.length)),
                golden.get("shrinkage").asDouble());
        double bures = golden.get("bures_wasserstein").asDouble();
        assertEquals(bures, found.buresWasserstein(), 1e-10 * bures);
        double affine = golden.get("affine_invariant").asDouble();
        assertEquals(affine, found.affineInvariant(), 1e-10 * affine);
        double logs = golden.get("log_euclidean").asDouble();
        assertEquals(logs, found.logEuclidean(), 1e-10 * logs);
      }
    }
  }

  /** Four and three rows in nine columns, in both bases. */
  @Test
  void theGramSideEqualsTheColumnSide() {
    Random random = new Random(5);
    double[][] x = centred(uniform(random, 4, 9));
    double[][] y = centred(uniform(random, 3, 9));
    try (Backend cpu = new CpuBackend(1, 1 << 30);
        Matrix64 a = covariance(x, 0.3);
        Matrix64 b = covariance(y, 0.3)) {
      CovarianceDistance inside = CovarianceDistance.between(cpu, x, y, 0.3);
      assertEquals(
          CovarianceDistance.of(cpu, a, b).buresWasserstein(), inside.buresWasserstein(), 1e-10);
      assertEquals(
          CovarianceDistance.of(cpu, a, b).affineInvariant(), inside.affineInvariant(), 1e-10);
      assertEquals(CovarianceDistance.of(cpu, a, b).logEuclidean(), inside.logEuclidean(), 1e-10);
    }
  }

  private static double[][] uniform(Random random, int n, int d) {
    double[][] rows = new double[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = random.doubles(d, -1, 1).toArray();
    }
    return rows;
  }

  private static double[][] centred(double[][] rows) {
    for (int j = 0; j < rows[0].length; j++) {
      double mean = 0;
      for (double[] row : rows) {
        mean += row[j] / rows.length;
      }
      for (double[] row : rows) {
        row[j] -= mean;
      }
    }
    return rows;
  }

  /** (1 − s)·C + s·(tr C/d)·I over n − 1, written out. */
  private static Matrix64 covariance(double[][] rows, double s) {
    int d = rows[0].length;
    double[][] c = new double[d][d];
    double trace = 0;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        for (double[] row : rows) {
          c[i][j] += row[i] * row[j] / (rows.length - 1);
        }
      }
      trace += c[i][i];
    }
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        c[i][j] = (1 - s) * c[i][j] + (i == j ? s * trace / d : 0);
      }
    }
    return Matrix64.of(c);
  }

  @Test
  void singularCovariancesNeedShrinkage() {
    double[][] line = {{-1, -1}, {1, 1}};
    double[][] across = {{-1, 1}, {1, -1}};
    try (Backend cpu = new CpuBackend(1, 1 << 30)) {
      // Eigenvalues (3, 1) and (1, 3) of 4·½ along and ½·2 across, in one basis.
      assertEquals(
          2 * Math.pow(Math.sqrt(3) - 1, 2),
          Math.pow(CovarianceDistance.between(cpu, line, across, 0.5).buresWasserstein(), 2),
          1e-12);
      assertThrows(InputException.class, () -> CovarianceDistance.between(cpu, line, across, 0));
      assertThrows(
          InputException.class,
          () -> CovarianceDistance.between(cpu, new double[][] {{0, 0}}, line, 0.5));
    }
  }
}
