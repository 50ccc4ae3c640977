package org.geodex.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.cli.Main;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.PairwiseDistances;
import org.geodex.geodesic.Precision;
import org.geodex.matrix.MatrixSource;

/**
 * What {@link PeakMemoryTest} starts as a process of its own: a command line, or with {@code
 * pairwise-rows X BUDGET} all distances of X against itself without a file to write them to. Says
 * at the end what the process had resident at most.
 */
final class MeasuredRun {
  private MeasuredRun() {}

  public static void main(String[] args) throws IOException {
    int exit = 0;
    if (args[0].equals("pairwise-rows")) {
      pairwiseRows(args[1], Long.parseLong(args[2]));
    } else {
      exit = Main.run(args);
    }
    String peak;
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      peak = lines.filter(line -> line.startsWith("VmHWM:")).findFirst().orElseThrow();
    }
    System.out.println("peak " + Arrays.stream(peak.split("\\D+")).skip(1).findFirst().get());
    System.exit(exit);
  }

  private static void pairwiseRows(String x, long budget) {
    try (MatrixSource source = MatrixSource.open(x);
        Backend backend = new CpuBackend(2, budget)) {
      double[] sum = new double[1];
      PairwiseDistances.stream(
          backend,
          source.matrix(),
          null,
          Metric.EUCLIDEAN,
          Precision.REFINED,
          (from, rows) -> sum[0] += rows.get(0, 0) + rows.get(0, rows.columns() - 1));
      if (!(sum[0] > 0)) {
        throw new IllegalStateException("distances " + sum[0]);
      }
    }
  }
}
