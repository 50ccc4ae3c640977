package org.geodex.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.geodex.analysis.ScalingSection;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.model.Model;
import org.geodex.report.Report;
import org.geodex.report.ReportFolder;
import org.geodex.token.ScalingLaws;
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
      names = "--layers",
      split = ",",
      paramLabel = "L",
      defaultValue = "-1",
      description =
          "Hidden states to look at, 0 the embedding, -1 the last, -2 the one before (default"
              + " ${DEFAULT-VALUE}); the first also for conditional entropy and Diff-eRank.")
  private int[] layers;

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
      names = "--fresh",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "How often each architecture is drawn with fresh weights for Diff-eRank, 0 for none"
              + " (default ${DEFAULT-VALUE}).")
  private int fresh;

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
    if (fresh < 0) {
      throw new UsageException("--fresh %d: expected at least 0", fresh);
    }
    checkSizes();
    long[] seeds = LongStream.range(common.seed, common.seed + fresh).toArray();
    ScalingStudy study = new ScalingStudy(epsilons, layers, maxLength, seeds, common.seed);
    folders.forEach(study::checkLayers);
    List<Measurement> measured = new ArrayList<>();
    for (Path folder : folders) {
      measured.add(measure(backend, study, folder));
    }
    measured.sort(Comparator.comparingLong(Measurement::parameters));
    if (out != null) {
      return reported(backend, study, measured);
    }
    ScalingLaws laws = new ScalingLaws(measured, common.seed);
    return laws.summary(study, laws.fit());
  }

  private Map<String, Object> reported(
      Backend backend, ScalingStudy study, List<Measurement> measured) {
    Report report =
        report(
            backend,
            "Geodex scaling",
            "The entropy of representations against the size of models.");
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
      try (Progress progress = progress(folder.toString(), contexts.size() * (1L + fresh))) {
        return study.measure(backend, model, contexts, progress::step);
      }
    }
  }
}
