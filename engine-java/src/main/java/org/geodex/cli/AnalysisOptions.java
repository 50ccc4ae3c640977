package org.geodex.cli;

import java.nio.file.Path;
import java.util.List;
import org.geodex.activation.TextDocuments;
import org.geodex.analysis.Analysis;
import org.geodex.analysis.LayerAnalysis;
import org.geodex.error.UsageException;
import org.geodex.intervention.Design;
import org.geodex.intervention.Kind;
import org.geodex.intervention.TextWriter;
import org.geodex.model.Sampling;
import org.geodex.report.Report;
import picocli.CommandLine.Option;

/** What {@code analyze} and {@code demo} may be told about their measurements. */
final class AnalysisOptions {
  /** Nats a token at which scales are compared. */
  private static final double DOSE = 0.1;

  private static final int NEW_TOKENS = 60;

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

  @Option(
      names = "--contexts",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "Contexts of the section on what tokens carry (default ${DEFAULT-VALUE}; 0: no such"
              + " section).")
  int contexts;

  @Option(
      names = "--interventions",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Documents whose openings the model continues while each scale is acted on, at equal dose"
              + " (default ${DEFAULT-VALUE}: no such section).")
  int interventions;

  /**
   * Adds the section on interventions, where it is asked for: three kinds at one dose, one seed.
   */
  void interventions(
      Design.Machine machine,
      Report report,
      String prefix,
      String heading,
      Path model,
      Path text,
      long seed,
      Analysis.Tasks tasks) {
    if (interventions == 0) {
      return;
    }
    List<String> documents = TextDocuments.read(text);
    Design design =
        new Design(
            List.of(),
            documents.subList(0, Math.min(interventions, documents.size())),
            partition,
            Design.SCALES,
            null,
            List.of(Kind.SCALE, Kind.NOISE, Kind.ATTENTION_UNIFORM),
            List.of(),
            List.of(DOSE),
            "random",
            List.of(),
            0,
            false,
            null,
            1,
            seed,
            new TextWriter(NEW_TOKENS, new Sampling(1, 0, 1), false, 10, batch));
    design.run(machine, model, report, prefix, heading, null, tasks);
  }

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
    if (batch < 1 || interventions < 0 || contexts < 0) {
      throw new UsageException(
          "--batch: expected at least 1, --interventions and --contexts: at least 0");
    }
    return new LayerAnalysis.Settings(maxRows, k, eps, 8, seed);
  }
}
