package org.geodex.cli;

import java.util.List;
import org.geodex.error.UsageException;
import picocli.CommandLine.Option;

/** How BERT and RoBERTa write. */
final class InfillingOptions {
  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "mask-predict",
      description = "BERT, RoBERTa: mask-predict or gibbs (default ${DEFAULT-VALUE}).")
  String method;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "BERT, RoBERTa: rounds of mask-predict or sweeps of gibbs (default ${DEFAULT-VALUE}).")
  int iterations;

  void check() {
    if (iterations < 1) {
      throw new UsageException("--iterations %d: expected at least 1", iterations);
    }
    if (!List.of("mask-predict", "gibbs").contains(method)) {
      throw new UsageException("--method %s: expected mask-predict or gibbs", method);
    }
  }

  boolean gibbs() {
    return method.equals("gibbs");
  }
}
