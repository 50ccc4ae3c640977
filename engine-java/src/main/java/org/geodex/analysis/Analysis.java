package org.geodex.analysis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.corpus.LabelledDocument;
import org.geodex.error.InputException;
import org.geodex.file.AtomicOutputs;
import org.geodex.model.Model;
import org.geodex.model.Tokenizer;
import org.geodex.report.Figure;
import org.geodex.report.Report;
import org.geodex.report.ReportFolder;

/**
 * A run of the main job: models and texts in, one folder with a report and Arrow files out. Nothing
 * stands in the folder before {@link #commit}.
 */
public final class Analysis implements AutoCloseable {
  private final Backend backend;
  private final LayerAnalysis.Settings settings;
  private final Report report;
  private final Path folder;
  private final Tasks tasks;
  private final AtomicOutputs outputs;

  /** Progress of a long loop. */
  public interface Task extends AutoCloseable {
    void step(long steps);

    @Override
    void close();
  }

  /** Starts the progress of {@code total} steps. */
  @FunctionalInterface
  public interface Tasks {
    Task start(String name, long total);
  }

  public Analysis(
      Backend backend, LayerAnalysis.Settings settings, Report report, Path folder, Tasks tasks) {
    this.backend = backend;
    this.settings = settings;
    this.report = report;
    this.folder = folder;
    this.tasks = tasks;
    this.outputs = AtomicOutputs.open();
    outputs.folder(folder);
  }

  /**
   * Analyzes one model on one text.
   *
   * @param prefix names its results and sections
   * @param heading shown before its sections' titles, may be empty
   * @param truth the text's documents with their labels, empty when its structure is not known
   * @param contexts of the section on tokens; 0 for no such section
   * @return what to print
   */
  public Map<String, Object> model(
      String prefix,
      String heading,
      Path model,
      Path text,
      List<LabelledDocument> truth,
      String partition,
      int batch,
      int contexts) {
    List<String> documents = TextDocuments.read(text);
    try (Model loaded = Model.load(model, backend);
        Tokenizer tokenizer = Tokenizer.load(model)) {
      TokenTable table = TokenTable.of(documents, tokenizer, loaded.config().maxLength());
      if (table.rows() < 60) {
        throw new InputException(
            "%s: %d tokens are too few to analyze, expected at least 60", text, table.rows());
      }
      try (LayerStates states = report.timed("forward", () -> forward(loaded, table, batch))) {
        ModelAnalysis analysis = report.timed("figures", () -> figures(loaded, states, partition));
        GroundTruth known =
            truth.isEmpty()
                ? null
                : report.timed(
                    "probes",
                    () ->
                        GroundTruth.of(backend, states, table, truth, tokenizer, settings.seed()));
        AnalysisReport.add(report, prefix, heading, analysis, known, table);
        report.timed(
            "alignment",
            () ->
                AlignmentSection.add(
                    backend, report, prefix, heading, states, analysis.partition(), settings));
        if (contexts > 0) {
          report.timed(
              "tokens",
              () ->
                  TokenSection.study(
                      backend, report, prefix, heading, loaded, tokenizer, table, contexts,
                      settings, tasks));
        }
        AnalysisTables.write(outputs, folder, tablePrefix(heading), analysis);
        return describe(prefix, model, text, loaded, table, analysis);
      }
    }
  }

  private static String tablePrefix(String heading) {
    return heading.isEmpty() ? "" : heading.toLowerCase(java.util.Locale.ROOT) + "_";
  }

  private LayerStates forward(Model model, TokenTable table, int batch) {
    try (Task task = tasks.start("forward", table.rows())) {
      return LayerStates.run(model, table, batch, backend, task::step);
    }
  }

  private ModelAnalysis figures(Model model, LayerStates states, String partition) {
    try (Task task = tasks.start("figures", states.layers() + 1L)) {
      return ModelAnalysis.of(
          backend, model.config().modelType(), states, partition, settings, () -> task.step(1));
    }
  }

  private Map<String, Object> describe(
      String prefix,
      Path model,
      Path text,
      Model loaded,
      TokenTable table,
      ModelAnalysis analysis) {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("model", model.toString());
    about.put("weights_sha256", hash(model));
    about.put("text", text.getFileName().toString());
    about.put("text_sha256", digest(List.of(text)));
    about.put("documents", table.documentCount());
    about.put("cut_documents", table.cutDocuments());
    about.put("k", settings.k());
    about.put("eps", settings.eps());
    about.put("max_rows", settings.maxRows());
    report.provenance().put(prefix, about);

    Map<String, Object> printed = new LinkedHashMap<>();
    printed.put("model_type", loaded.config().modelType());
    printed.put("layers", loaded.config().layers());
    printed.put("hidden_size", loaded.config().width());
    printed.put("tokens", table.rows());
    printed.put("documents", table.documentCount());
    printed.put("sentences", table.sentenceCount());
    printed.put("cut_documents", table.cutDocuments());
    printed.put("partition", analysis.partition().scales());
    if (analysis.found() != null) {
      printed.put("stability", Figure.numbers(analysis.found().stability()));
    }
    return printed;
  }

  /** Hash over the weights, in the order of their names. */
  public static String hash(Path model) {
    try (var files = Files.list(model)) {
      return digest(
          files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String digest(List<Path> files) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 20];
      for (Path file : files) {
        try (InputStream in = Files.newInputStream(file)) {
          for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            sha.update(buffer, 0, n);
          }
        }
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Announces another file of the folder; what is written to the returned path stands there. */
  public Path output(String name) {
    return outputs.file(folder.resolve(name));
  }

  /** Writes the report and puts everything in place. */
  public void commit() {
    ReportFolder.write(outputs, folder, report);
    outputs.commit();
  }

  @Override
  public void close() {
    outputs.close();
  }
}
