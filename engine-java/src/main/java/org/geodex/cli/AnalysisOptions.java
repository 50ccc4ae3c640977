package org.geodex.cli;

import org.geodex.analysis.LayerAnalysis;
import org.geodex.error.UsageException;
import picocli.CommandLine.Option;

/** What {@code analyze} and {@code demo} may be told about their measurements. */
final class AnalysisOptions {
  @Option(
      names = "--partition",
      paramLabel = "P",
      defaultValue = "auto",
      description = "auto, thirds, readme, code, figure or a-b/c-d/e-f (default ${DEFAULT-VALUE}).")
  String partition;

  @Option(
      names = "--max-rows",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Token rows that n x n figures look at (default ${DEFAULT-VALUE}).")
  int maxRows;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "15",
      description = "Neighbours of the geodesic graph (default ${DEFAULT-VALUE}).")
  int k;

  @Option(
      names = "--eps",
      paramLabel = "E",
      defaultValue = "0.5",
      description = "Distortion of the coding length (default ${DEFAULT-VALUE}).")
  double eps;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "8",
      description = "Windows of text that run together (default ${DEFAULT-VALUE}).")
  int batch;

  LayerAnalysis.Settings settings(long seed) {
    if (maxRows < 50) {
      throw new UsageException("--max-rows %d: expected at least 50", maxRows);
    }
    if (k < 2 || k >= maxRows) {
      throw new UsageException("--k %d: expected 2 to --max-rows - 1", k);
    }
    if (!(eps > 0) || Double.isInfinite(eps)) {
      throw new UsageException("--eps %s: expected a positive number", eps);
    }
    if (batch < 1) {
      throw new UsageException("--batch %d: expected at least 1", batch);
    }
    return new LayerAnalysis.Settings(maxRows, k, eps, 8, seed);
  }
}
