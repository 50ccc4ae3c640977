package org.geodex.cli;

import java.nio.file.Path;
import java.util.List;
import org.geodex.error.UsageException;
import picocli.CommandLine.Option;

/** Where the layers of a model come from, and how they are cut into scales. */
final class ScaleOptions {
  @Option(names = "--model", paramLabel = "DIR", description = "Checkpoint folder, with --text.")
  Path model;

  @Option(names = "--text", paramLabel = "FILE", description = "UTF-8 text, with --model.")
  Path text;

  @Option(
      names = "--activations",
      paramLabel = "FILE.arrow",
      description = "What geodex activations wrote, instead of --model and --text.")
  Path activations;

  @Option(
      names = "--model-type",
      paramLabel = "TYPE",
      defaultValue = "gpt2",
      description = "For readme and code with --activations: gpt2, bert, roberta or t5.")
  String modelType;

  @Option(
      names = "--partition",
      paramLabel = "P",
      defaultValue = "auto",
      description = "auto, thirds, readme, code, figure or a-b/c-d/e-f (default ${DEFAULT-VALUE}).")
  String partition;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "8",
      description = "Windows of text that the model runs together (default ${DEFAULT-VALUE}).")
  int batch;

  void checkModelType() {
    if (!List.of("gpt2", "bert", "roberta", "t5").contains(modelType)) {
      throw new UsageException("--model-type %s: expected gpt2, bert, roberta or t5", modelType);
    }
  }

  /** How many of the two sources are named, even in part. */
  int sources() {
    return (model != null || text != null ? 1 : 0) + (activations != null ? 1 : 0);
  }

  /** Whether a source is named in part only. */
  boolean halfNamed() {
    return (model == null) != (text == null);
  }
}
