package org.geodex.cli;

import java.nio.file.Path;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.intervention.PlanContext;
import org.geodex.intervention.PlanFile;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Tokenizer;
import picocli.CommandLine.Option;

/** Interventions for a command that runs a model. */
final class PlanOptions {
  @Option(
      names = "--plan",
      paramLabel = "FILE",
      description = "Interventions to carry out meanwhile, in JSON or YAML (see intervene).")
  private Path plan;

  @Option(
      names = "--partition",
      paramLabel = "P",
      defaultValue = "thirds",
      description =
          "The plan's scales: thirds, readme, code, figure or a-b/c-d/e-f; auto for a command that"
              + " reads a text (default ${DEFAULT-VALUE}).")
  private String partition;

  /**
   * The hook of the plan; {@link LayerHook#NONE} without one.
   *
   * @param tokenizer may be null where there are no documents
   * @param documents the command's text; empty where it has none
   * @param seed of noise and random directions
   */
  LayerHook hook(
      Backend backend, Model model, Tokenizer tokenizer, List<String> documents, long seed) {
    if (plan == null) {
      return LayerHook.NONE;
    }
    try (PlanContext context =
        new PlanContext(backend, model, tokenizer, documents, partition, seed)) {
      return PlanFile.read(plan, context).hook(seed);
    }
  }
}
