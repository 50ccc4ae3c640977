package org.geodex.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.analysis.Analysis;
import org.geodex.analysis.ScalingSection;
import org.geodex.backend.Backend;
import org.geodex.corpus.Corpus;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.ShippedModels;
import org.geodex.error.UsageException;
import org.geodex.model.Model;
import org.geodex.model.Tokenizer;
import org.geodex.report.Report;
import org.geodex.token.ScalingStudy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code geodex demo}: the main job on what the project ships. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Writes text of a language with known structure and analyzes the shipped models on it:",
      "a small GPT-2, BERT, RoBERTa and T5 that were trained on that language. No download."
    },
    footer = {"", "Example: geodex demo --out demo"})
final class DemoCommand extends GeodexCommand {
  /** Neither the seed of the models' training text nor that of their validation text. */
  private static final long SEED_OFFSET = 1000;

  /** Longer than every document of the language. */
  private static final int CONTEXT = 192;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "geodex-demo",
      description = "Folder for the results (default ${DEFAULT-VALUE}).")
  Path out;

  @Option(
      names = "--documents",
      paramLabel = "N",
      defaultValue = "40",
      description = "Documents of text (default ${DEFAULT-VALUE}).")
  int documents;

  @Mixin AnalysisOptions options;

  @Override
  Map<String, Object> run(Backend backend) {
    if (documents < 4) {
      throw new UsageException("--documents %d: expected at least 4", documents);
    }
    Report report =
        report(
            backend,
            "Geodex demo",
            "A GPT-2, a BERT, a RoBERTa and a T5, trained on a language whose structure is known,"
                + " reading text of it that they have not seen.");
    try (Analysis analysis =
        new Analysis(backend, options.settings(common.seed), report, out, this::progress)) {
      Path text = analysis.output("text.txt");
      Corpus corpus = new Corpus(SEED_OFFSET + common.seed, documents);
      corpus.write(backend.parallel(), text, null, done -> {});
      List<LabelledDocument> truth = corpus.documents();
      Map<String, Object> models = new LinkedHashMap<>();
      for (String name : ShippedModels.ARCHITECTURES) {
        models.put(
            name,
            analysis.model(
                name,
                name,
                ShippedModels.folder(name),
                text,
                truth,
                options.partition,
                options.batch,
                options.contexts));
      }
      report.timed("scaling", () -> scaling(backend, report, truth));
      for (String name : ShippedModels.ARCHITECTURES) {
        Path model = ShippedModels.folder(name);
        options.interventions(
            machine(backend), report, name, name, model, text, common.seed, this::progress);
      }
      analysis.commit();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("models", models);
      result.put("report", out.resolve("report.html").toString());
      return result;
    }
  }

  /** Entropy against size over the family of GPT-2s. */
  private Void scaling(Backend backend, Report report, List<LabelledDocument> truth) {
    ScalingStudy study =
        new ScalingStudy(
            new double[] {options.eps},
            new int[] {-1},
            CONTEXT,
            new long[] {common.seed},
            common.seed);
    List<ScalingStudy.Measurement> measured = new ArrayList<>();
    try (Progress progress = progress("scaling", 2L * ShippedModels.FAMILY.size() * truth.size())) {
      for (String name : ShippedModels.FAMILY) {
        Path folder = ShippedModels.folder(name);
        try (Model model = Model.load(folder, backend);
            Tokenizer tokenizer = Tokenizer.load(folder)) {
          List<int[]> contexts =
              truth.stream().map(d -> tokenizer.encode(d.text(), true).ids()).toList();
          measured.add(study.measure(backend, model, contexts, progress::step));
        }
      }
    }
    ScalingSection.add(report, study, measured);
    return null;
  }
}
