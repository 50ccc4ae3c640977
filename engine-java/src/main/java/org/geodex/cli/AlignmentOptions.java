package org.geodex.cli;

import java.util.ArrayList;
import java.util.List;
import org.geodex.alignment.TrainingParameters;
import org.geodex.error.UsageException;
import picocli.CommandLine.Option;

/** How the maps of {@code align} are trained. */
final class AlignmentOptions {
  private static final TrainingParameters DEFAULTS = TrainingParameters.defaults();

  @Option(
      names = "--hidden",
      paramLabel = "LIST",
      defaultValue = "256",
      description = "Widths of the map's hidden layers (default ${DEFAULT-VALUE}).")
  String hidden;

  @Option(
      names = "--critic",
      paramLabel = "LIST",
      defaultValue = "512,256",
      description = "Widths of the critic's hidden layers (default ${DEFAULT-VALUE}).")
  String critic;

  @Option(
      names = "--batch-rows",
      paramLabel = "B",
      defaultValue = "256",
      description = "Rows in a training step (default ${DEFAULT-VALUE}).")
  int batch;

  @Option(
      names = "--epochs",
      paramLabel = "E",
      defaultValue = "200",
      description = "Passes over the training rows at most (default ${DEFAULT-VALUE}).")
  int epochs;

  @Option(
      names = "--patience",
      paramLabel = "E",
      defaultValue = "20",
      description = "Epochs without a lower validation loss (default ${DEFAULT-VALUE}).")
  int patience;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      defaultValue = "0.003",
      description = "AdamW's step (default ${DEFAULT-VALUE}).")
  double rate;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "15",
      description = "Neighbours of the geodesic graph (default ${DEFAULT-VALUE}).")
  int k;

  TrainingParameters parameters() {
    return new TrainingParameters(
        widths("--hidden", hidden),
        widths("--critic", critic),
        batch,
        epochs,
        patience,
        rate,
        DEFAULTS.decay(),
        DEFAULTS.clip(),
        DEFAULTS.memory(),
        k,
        DEFAULTS.reach());
  }

  private static List<Integer> widths(String option, String list) {
    List<Integer> widths = new ArrayList<>();
    try {
      for (String width : list.split(",")) {
        widths.add(Integer.parseInt(width.strip()));
      }
    } catch (NumberFormatException e) {
      throw new UsageException(e, "%s %s: expected widths such as 512,256", option, list);
    }
    return widths;
  }
}
