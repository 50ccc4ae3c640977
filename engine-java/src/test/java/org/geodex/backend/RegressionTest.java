package org.geodex.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Random;
import org.geodex.backend.Regression.Problem;
import org.geodex.backend.Regression.Tolerance;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class RegressionTest {
  /** scikit-learn's data are f64 here, ours f32 sums only where nothing enters the solution. */
  private static final double TOLERANCE = 2e-7;

  private static JsonNode goldens() throws IOException {
    try (InputStream in = RegressionTest.class.getResourceAsStream("/goldens/lasso.json")) {
      return new ObjectMapper().readTree(in).get("cases");
    }
  }

  /** The rows of {@code problem} in goldens/lasso.py. */
  private static Matrix.Owned rows(long seed, int m, int d) {
    Matrix.Owned z = Matrix.allocate(m + 1, d);
    long state = seed;
    double[] last = new double[d];
    for (int i = 0; i <= m; i++) {
      for (int j = 0; j < d; j++) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        last[j] = (state >>> 40) / 0x1p23 - 1;
        z.set(i, j, (float) last[j]);
      }
    }
    for (int j = 0; j < d; j++) {
      z.set(m, j, (float) ((double) z.get(1, j) - 0.5 * z.get(4, j) + 0.3 * last[j]));
    }
    return z;
  }

  private static List<Backend> backends() {
    return List.of(new CpuBackend(2, 1 << 30), new ScalarBackend(1 << 30));
  }

  @Test
  void lassoEqualsScikitLearn() throws IOException {
    for (JsonNode golden : goldens()) {
      int m = golden.get("m").asInt();
      for (Backend backend : backends()) {
        try (backend;
            Matrix.Owned z = rows(golden.get("seed").asLong(), m, golden.get("d").asInt())) {
          Problem[] problems = {new Problem(0, m, m)};
          double largest = golden.get("largest_penalty").asDouble();
          assertEquals(
              largest, backend.regression().largestPenalties(z, problems)[0], 1e-12 * largest);
          double[] penalties = new double[golden.get("shares").size()];
          for (int s = 0; s < penalties.length; s++) {
            penalties[s] = golden.get("shares").get(s).asDouble() * largest;
          }
          double[][] path =
              backend.regression()
                  .lasso(z, problems, new double[][] {penalties}, new Tolerance(1e-12, 100_000))[0];
          for (int s = 0; s < penalties.length; s++) {
            for (int j = 0; j < m; j++) {
              assertEquals(
                  golden.get("lasso").get(s).get(j).asDouble(),
                  path[s][j],
                  TOLERANCE,
                  backend.name() + " m=" + m + " step " + s);
            }
          }
        }
      }
    }
  }

  /** 1 one regressor; 17 beyond the first working set; 70 several growths; d off the lanes. */
  @Test
  void solutionsSatisfyTheOptimalityConditionsAndDoNotDependOnThreads() {
    int d = 67;
    Random random = new Random(5);
    try (Backend one = new CpuBackend(1, 1 << 30);
        Backend two = new CpuBackend(2, 1 << 30);
        Matrix.Owned z = Matrix.allocate(100, d)) {
      for (int i = 0; i < 100; i++) {
        for (int j = 0; j < d; j++) {
          z.set(i, j, (float) (random.nextGaussian() + Math.cos(j)));
        }
      }
      Problem[] problems = {
        new Problem(0, 1, 99), new Problem(3, 20, 99), new Problem(0, 70, 70), new Problem(5, 9, 2)
      };
      double[] largest = two.regression().largestPenalties(z, problems);
      double[][] penalties = new double[problems.length][];
      for (int p = 0; p < problems.length; p++) {
        penalties[p] = new double[] {1.01 * largest[p], 0.3 * largest[p], 0.01 * largest[p]};
      }
      double[][][] paths = two.regression().lasso(z, problems, penalties, Tolerance.DEFAULT);
      double[][][] again = one.regression().lasso(z, problems, penalties, Tolerance.DEFAULT);
      for (int p = 0; p < problems.length; p++) {
        assertArrayEquals(new double[problems[p].size()], paths[p][0]);
        for (int s = 0; s < 3; s++) {
          assertArrayEquals(again[p][s], paths[p][s]);
          checkOptimal(z, problems[p], penalties[p][s] * d, paths[p][s]);
        }
      }
    }
  }

  /** zⱼ·r = λ·sign(wⱼ) where wⱼ ≠ 0, |zⱼ·r| ≤ λ elsewhere. */
  private static void checkOptimal(Matrix z, Problem problem, double lambda, double[] w) {
    int d = z.columns();
    double[] residual = new double[d];
    for (int i = 0; i < d; i++) {
      residual[i] = z.get(problem.target(), i);
      for (int j = 0; j < w.length; j++) {
        residual[i] -= w[j] * z.get(problem.from() + j, i);
      }
    }
    for (int j = 0; j < w.length; j++) {
      double correlation = 0;
      for (int i = 0; i < d; i++) {
        correlation += z.get(problem.from() + j, i) * residual[i];
      }
      if (w[j] != 0) {
        assertEquals(Math.signum(w[j]) * lambda, correlation, 1e-5 * lambda);
      } else {
        assertTrue(Math.abs(correlation) <= lambda * (1 + 1e-5));
      }
    }
  }
}
