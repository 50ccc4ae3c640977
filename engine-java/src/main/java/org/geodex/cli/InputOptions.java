package org.geodex.cli;

import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Option;

/** The options of commands that read matrices. */
final class InputOptions {
  @Option(
      names = "--allow-nonfinite",
      description = "Accept NaN and infinity in the input instead of refusing it.")
  boolean allowNonfinite;

  /** Opens a matrix that the user named; the caller closes it. */
  MatrixSource open(String spec) {
    return MatrixSource.open(spec, allowNonfinite);
  }
}
