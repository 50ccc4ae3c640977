package org.geodex.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.divergence.Shrinkage;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.information.MutualInformationGaussian;
import org.geodex.information.MutualInformationGeodesicKsg;
import org.geodex.information.MutualInformationInfoNce;
import org.geodex.information.MutualInformationKsg;
import org.geodex.information.MutualInformationMine;
import org.geodex.information.NeuralParameters;
import org.geodex.matrix.Matrix;

/**
 * Bias and spread of the mutual-information estimators where the truth has a closed form: tasks of
 * "Beyond Normal" (Czyż et al., NeurIPS 2023, arXiv 2306.11078), generated here. Prints the table
 * of docs/estimators.md.
 *
 * <p>Usage: {@code BeyondNormal [n [draws [estimator,…]]]}, by default 1000 rows, 3 draws, all.
 */
public final class BeyondNormal {
  private static final List<String> ESTIMATORS =
      List.of("ksg1", "ksg2", "geodesic-ksg", "gaussian", "infonce", "mine");

  private BeyondNormal() {}

  /** A distribution of pairs and its mutual information in nats. */
  private record Task(String name, int dx, int dy, double truth, Sampler sampler) {}

  private interface Sampler {
    /** Fills one observation. */
    void draw(SplittableRandom random, double[] x, double[] y);
  }

  public static void main(String[] args) {
    int n = args.length > 0 ? Integer.parseInt(args[0]) : 1000;
    int draws = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    List<String> estimators = args.length > 2 ? List.of(args[2].split(",")) : ESTIMATORS;
    System.out.printf("n = %d, %d draws: mean error (standard deviation), nats%n%n", n, draws);
    System.out.println("| task | truth | " + String.join(" | ", estimators) + " |");
    System.out.println("| --- | --- |" + " --- |".repeat(estimators.size()));
    try (Backend backend = Backends.open(BackendOptions.defaults())) {
      for (Task task : tasks()) {
        StringBuilder line = new StringBuilder();
        for (String estimator : estimators) {
          line.append(" | ").append(error(backend, task, estimator, n, draws));
        }
        System.out.printf("| %s | %.2f%s |%n", task.name, task.truth, line);
      }
    }
  }

  private static String error(Backend backend, Task task, String estimator, int n, int draws) {
    double[] values = new double[draws];
    for (int r = 0; r < draws; r++) {
      try (Matrix.Owned x = Matrix.allocate(n, task.dx);
          Matrix.Owned y = Matrix.allocate(n, task.dy)) {
        fill(task, new SplittableRandom(1000 + r), x, y);
        values[r] = estimate(backend, estimator, x, y);
      }
    }
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    double spread = Math.sqrt(squares / Math.max(1, draws - 1));
    return "%+.2f (%.2f)".formatted(mean - task.truth, spread);
  }

  private static void fill(Task task, SplittableRandom random, Matrix x, Matrix y) {
    double[] a = new double[task.dx];
    double[] b = new double[task.dy];
    for (int i = 0; i < x.rows(); i++) {
      task.sampler.draw(random, a, b);
      for (int j = 0; j < a.length; j++) {
        x.set(i, j, (float) a[j]);
      }
      for (int j = 0; j < b.length; j++) {
        y.set(i, j, (float) b[j]);
      }
    }
  }

  private static double estimate(Backend backend, String estimator, Matrix x, Matrix y) {
    NeuralParameters parameters =
        new NeuralParameters(new int[] {64, 32}, 200, 80, 12, 2e-3, 1e-4, 5, 0.99, 1);
    return switch (estimator) {
      case "ksg1" -> MutualInformationKsg.of(backend, x, y, KsgParameters.of(4, Variant.ONE));
      case "ksg2" -> MutualInformationKsg.of(backend, x, y, KsgParameters.of(4, Variant.TWO));
      case "geodesic-ksg" ->
          MutualInformationGeodesicKsg.of(backend, x, y, 15, KsgParameters.of(4, Variant.ONE));
      case "gaussian" -> MutualInformationGaussian.of(backend, x, y, null, Shrinkage.NONE);
      case "infonce" -> MutualInformationInfoNce.of(backend, x, y, null, parameters).value();
      case "mine" -> MutualInformationMine.of(backend, x, y, null, parameters).value();
      default -> throw new IllegalArgumentException(estimator);
    };
  }

  private static List<Task> tasks() {
    double rho = 0.75;
    double one = pairInformation(rho);
    return List.of(
        new Task("bivariate normal, rho 0.75", 1, 1, one, pairs(1, rho)),
        new Task("uniform margins", 1, 1, one, mapped(pairs(1, rho), BeyondNormal::uniform)),
        new Task("half-cube", 1, 1, one, mapped(pairs(1, rho), BeyondNormal::halfCube)),
        new Task(
            "asinh of Student-t, dof 1",
            1,
            1,
            studentExcess(1, 1, 1) + one,
            mapped(student(pairs(1, rho), 1), BeyondNormal::asinh)),
        new Task(
            "Student-t 2+2, dof 3",
            2,
            2,
            studentExcess(3, 2, 2) + 2 * one,
            student(pairs(2, rho), 3)),
        new Task("dense normal 5+5, 0.5", 5, 5, denseInformation(5), dense(5)),
        new Task("dense normal 25+25, 0.5", 25, 25, denseInformation(25), dense(25)),
        new Task(
            "sparse normal 5+5, 2 pairs of 0.8", 5, 5, 2 * pairInformation(0.8), sparse(5, 2, 0.8)),
        new Task(
            "sparse normal 25+25, 2 pairs of 0.8",
            25,
            25,
            2 * pairInformation(0.8),
            sparse(25, 2, 0.8)),
        new Task("swiss roll 2+1", 2, 1, one, swissRoll(rho)),
        new Task(
            "spiral 3+3, 2 pairs of 0.8",
            3,
            3,
            2 * pairInformation(0.8),
            mapped(sparse(3, 2, 0.8), BeyondNormal::spiral)),
        new Task("independent normal 3+3", 3, 3, 0, sparse(3, 0, 0)));
  }

  private static double pairInformation(double rho) {
    return -Math.log1p(-rho * rho) / 2;
  }

  /** Every two of 2d variables correlated by ½: three determinants of (I + 11ᵀ)/2. */
  private static double denseInformation(int d) {
    return Math.log(1.0 + d) - Math.log(1.0 + 2 * d) / 2;
  }

  /** What Student's t adds to the normal value: f(ν) + f(ν+dx+dy) − f(ν+dx) − f(ν+dy). */
  private static double studentExcess(int dof, int dx, int dy) {
    return excess(dof) + excess(dof + dx + dy) - excess(dof + dx) - excess(dof + dy);
  }

  /** ln Γ(ν/2) − (ν/2)·ψ(ν/2). */
  private static double excess(int dof) {
    double half = dof / 2.0;
    return logGamma(half) - half * digamma(half);
  }

  private static double logGamma(double x) {
    double shift = 0;
    for (; x < 12; x++) {
      shift -= Math.log(x);
    }
    double r = 1 / (x * x);
    return shift
        + (x - 0.5) * Math.log(x)
        - x
        + Math.log(2 * Math.PI) / 2
        + (1 / 12.0 - r * (1 / 360.0 - r * (1 / 1260.0 - r / 1680.0))) / x;
  }

  private static double digamma(double x) {
    double shift = 0;
    for (; x < 12; x++) {
      shift -= 1 / x;
    }
    double r = 1 / (x * x);
    return shift + Math.log(x) - 0.5 / x - r * (1 / 12.0 - r * (1 / 120.0 - r / 252.0));
  }

  private static Sampler pairs(int d, double rho) {
    return sparse(d, d, rho);
  }

  /** The first pairs of columns correlated, the others independent. */
  private static Sampler sparse(int d, int correlated, double rho) {
    return (random, x, y) -> {
      for (int j = 0; j < d; j++) {
        x[j] = random.nextGaussian();
        double noise = random.nextGaussian();
        y[j] = j < correlated ? rho * x[j] + Math.sqrt(1 - rho * rho) * noise : noise;
      }
    };
  }

  private static Sampler dense(int d) {
    return (random, x, y) -> {
      double common = random.nextGaussian();
      for (int j = 0; j < d; j++) {
        x[j] = (common + random.nextGaussian()) / Math.sqrt(2);
        y[j] = (common + random.nextGaussian()) / Math.sqrt(2);
      }
    };
  }

  /** One chi-square divides both sides. */
  private static Sampler student(Sampler normal, int dof) {
    return (random, x, y) -> {
      normal.draw(random, x, y);
      double square = 0;
      for (int j = 0; j < dof; j++) {
        double z = random.nextGaussian();
        square += z * z;
      }
      double scale = Math.sqrt(dof / square);
      for (int j = 0; j < x.length; j++) {
        x[j] *= scale;
      }
      for (int j = 0; j < y.length; j++) {
        y[j] *= scale;
      }
    };
  }

  /** One invertible map of each side leaves the information as it is. */
  private static Sampler mapped(Sampler sampler, UnaryOperator<double[]> map) {
    return (random, x, y) -> {
      sampler.draw(random, x, y);
      System.arraycopy(map.apply(x), 0, x, 0, x.length);
      System.arraycopy(map.apply(y), 0, y, 0, y.length);
    };
  }

  private static double[] uniform(double[] v) {
    return Arrays.stream(v).map(BeyondNormal::normalCdf).toArray();
  }

  private static double[] halfCube(double[] v) {
    return Arrays.stream(v).map(a -> Math.copySign(Math.pow(Math.abs(a), 1.5), a)).toArray();
  }

  private static double[] asinh(double[] v) {
    return Arrays.stream(v)
        .map(a -> Math.copySign(Math.log(Math.abs(a) + Math.sqrt(a * a + 1)), a))
        .toArray();
  }

  /** The first two coordinates turn by an angle that grows with the squared length. */
  private static double[] spiral(double[] v) {
    double angle = Arrays.stream(v).map(a -> a * a).sum() / 3;
    double[] out = v.clone();
    out[0] = Math.cos(angle) * v[0] - Math.sin(angle) * v[1];
    out[1] = Math.sin(angle) * v[0] + Math.cos(angle) * v[1];
    return out;
  }

  /** Uniform margins, x rolled up in the plane. */
  private static Sampler swissRoll(double rho) {
    double[] left = new double[1];
    double[] right = new double[1];
    return (random, x, y) -> {
      pairs(1, rho).draw(random, left, right);
      double t = 1.5 * Math.PI * (1 + 2 * normalCdf(left[0]));
      x[0] = t * Math.cos(t) / 21;
      x[1] = t * Math.sin(t) / 21;
      y[0] = normalCdf(right[0]);
    };
  }

  /** Φ by its series; |error| below 1e-12 where f32 can tell. */
  private static double normalCdf(double z) {
    if (Math.abs(z) > 7) {
      return z > 0 ? 1 : 0;
    }
    double term = z;
    double sum = z;
    for (int k = 3; Math.abs(term) > 1e-16; k += 2) {
      term *= z * z / k;
      sum += term;
    }
    return 0.5 + sum * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  }
}
