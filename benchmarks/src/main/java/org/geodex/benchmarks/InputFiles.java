package org.geodex.benchmarks;

import java.nio.file.Path;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixWriter;

/**
 * Writes inputs of the benchmarks for their peers: arguments {@code manifold:SEED:N:D=FILE}, {@code
 * normal:SEED:N:D:MEAN:DEVIATION=FILE}, and {@code beside:SEED:N:D:SEED=FILE} for rows correlated
 * with the standard normal ones of the first seed.
 */
public final class InputFiles {
  private InputFiles() {}

  public static void main(String[] args) {
    for (String arg : args) {
      int equals = arg.indexOf('=');
      try (Matrix.Owned rows = rows(arg.substring(0, equals).split(":", -1))) {
        MatrixWriter.write(Path.of(arg.substring(equals + 1)), rows);
      }
    }
  }

  private static Matrix.Owned rows(String[] words) {
    long seed = Long.parseLong(words[1]);
    int n = Integer.parseInt(words[2]);
    int d = Integer.parseInt(words[3]);
    return switch (words[0]) {
      case "manifold" -> Manifold.rows(seed, n, d);
      case "normal" ->
          NormalRows.of(seed, n, d, Double.parseDouble(words[4]), Double.parseDouble(words[5]));
      case "beside" -> {
        try (Matrix.Owned x = NormalRows.of(seed, n, d, 0, 1)) {
          yield NormalRows.besides(x, Long.parseLong(words[4]));
        }
      }
      default ->
          throw new IllegalArgumentException(words[0] + ": expected manifold, normal or beside");
    };
  }
}
