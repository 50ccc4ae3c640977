package org.geodex.cli;

import java.nio.file.Path;
import org.geodex.backend.Backend;
import org.geodex.error.UsageException;
import org.geodex.model.Model;
import picocli.CommandLine.Option;

/** The options of commands that run one model over sequences. */
final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Checkpoint folder: config.json and model.safetensors.")
  Path folder;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "8",
      description = "Sequences that run together (default ${DEFAULT-VALUE}).")
  int batch;

  void check() {
    if (batch < 1) {
      throw new UsageException("--batch %d: expected at least 1", batch);
    }
  }

  /** Loads the model; the caller closes it. */
  Model load(Backend backend) {
    return Model.load(folder, backend);
  }
}
