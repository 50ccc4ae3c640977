package org.geodex.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.analysis.Analysis;
import org.geodex.backend.Backend;
import org.geodex.report.Report;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code geodex analyze}: the main job. */
@Command(
    name = "analyze",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a model over a text and measures every layer, every pair of layers and the three",
      "scales. Leaves report.html, report.json, layers.arrow, layer_pairs.arrow and scales.arrow."
    },
    footer = {"", "Example: geodex analyze --model gpt2 --text book.txt --out analysis"})
final class AnalyzeCommand extends GeodexCommand {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Checkpoint folder: config.json, model.safetensors, tokenizer.json.")
  Path model;

  @Option(
      names = "--text",
      required = true,
      paramLabel = "FILE",
      description = "UTF-8 text; a blank line ends a document.")
  Path text;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the results; made if it is not there.")
  Path out;

  @Mixin AnalysisOptions options;

  @Override
  Map<String, Object> run(Backend backend) {
    Report report =
        report(
            backend,
            "Geodex: " + model.toAbsolutePath().normalize().getFileName(),
            "The geometry and the information of the layers of one model reading one text.");
    try (Analysis analysis =
        new Analysis(backend, options.settings(common.seed), report, out, this::progress)) {
      Map<String, Object> figures =
          analysis.model(
              "analysis",
              "",
              model,
              text,
              List.of(),
              options.partition,
              options.batch,
              options.contexts);
      options.interventions(
          machine(backend), report, "analysis", "", model, text, common.seed, this::progress);
      analysis.commit();
      Map<String, Object> result = new LinkedHashMap<>(figures);
      result.put("phases", report.seconds());
      result.put("out", out.toString());
      return result;
    }
  }
}
