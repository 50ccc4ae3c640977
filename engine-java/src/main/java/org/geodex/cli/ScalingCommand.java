package org.geodex.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.analysis.ScalingSection;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.model.Model;
import org.geodex.report.Report;
import org.geodex.report.ReportFolder;
import org.geodex.token.ScalingStudy;
import org.geodex.token.ScalingStudy.Measurement;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "scaling",
    mixinStandardHelpOptions = true,
    description = {
      "Entropy of representations against model size: per text and model, then laws of growth",
      "(power, shifted power, logarithmic, constant) compared by AIC, with bootstrap intervals."
    },
    footer = {"", "Example: geodex scaling --models small medium large --text book.txt --json"})
final class ScalingCommand extends GeodexCommand {
  @Option(
      names = "--models",
      arity = "1..*",
      required = true,
      paramLabel = "DIR",
      description = "Checkpoint folders of one family, at least two sizes.")
  private List<Path> folders;

  @ArgGroup(multiplicity = "1")
  private TokenInput source;

  @Option(
      names = "--layer",
      paramLabel = "L",
      description = "Hidden state to look at, 0 the embedding (default: the last of each model).")
  private Integer layer;

  @Option(
      names = "--eps",
      split = ",",
      paramLabel = "E",
      defaultValue = "0.5",
      description = "Distortions, such as 0.5,0.1 (default ${DEFAULT-VALUE}).")
  private double[] epsilons;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      defaultValue = "128",
      description = "Longest context in tokens (default ${DEFAULT-VALUE}).")
  private int maxLength;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder for report.html and report.json.")
  private Path out;

  @Override
  Map<String, Object> run(Backend backend) {
    if (folders.size() < 2) {
      throw new UsageException(
          "--models names %d folder: a law of growth needs at least two sizes", folders.size());
    }
    if (layer != null && layer < 0) {
      throw new UsageException("--layer %d: expected 0 or more", layer);
    }
    checkSizes();
    ScalingStudy study =
        new ScalingStudy(epsilons, layer == null ? -1 : layer, maxLength, common.seed);
    List<Measurement> measured = new ArrayList<>();
    for (Path folder : folders) {
      measured.add(measure(backend, study, folder));
    }
    return out == null ? study.summary(measured, study.laws(measured)) : reported(study, measured);
  }

  private Map<String, Object> reported(ScalingStudy study, List<Measurement> measured) {
    Report report =
        report("Geodex scaling", "The entropy of representations against the size of models.");
    report.provenance().put("models", folders.stream().map(Path::toString).toList());
    Map<String, Object> result = new LinkedHashMap<>(ScalingSection.add(report, study, measured));
    ReportFolder.write(out, report);
    result.put("out", out.toString());
    return result;
  }

  private void checkSizes() {
    long different = folders.stream().mapToLong(ScalingStudy::parameters).distinct().count();
    if (different < 2) {
      throw new InputException(
          "the %d models all have %d parameters: a law of growth needs at least two sizes",
          folders.size(), ScalingStudy.parameters(folders.getFirst()));
    }
  }

  private Measurement measure(Backend backend, ScalingStudy study, Path folder) {
    try (Model model = Model.load(folder, backend)) {
      List<int[]> contexts = source.contexts(folder, model.config(), maxLength);
      try (Progress progress = progress(folder.toString(), contexts.size())) {
        return study.measure(backend, model, contexts, progress::step);
      }
    }
  }
}
