package org.geodex.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.alignment.AlignmentMeasures;
import org.geodex.alignment.AlignmentReport;
import org.geodex.alignment.AlignmentResult;
import org.geodex.alignment.AlignmentStudy;
import org.geodex.alignment.AlignmentTables;
import org.geodex.alignment.LossWeights;
import org.geodex.alignment.PaddedPooling;
import org.geodex.alignment.ScaleRows;
import org.geodex.alignment.Setting;
import org.geodex.alignment.TrainingParameters;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.error.InputException;
import org.geodex.error.OutputException;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import org.geodex.file.TextFile;
import org.geodex.matrix.ArrowFile;
import org.geodex.matrix.MatrixSource;
import org.geodex.model.Model;
import org.geodex.model.Tokenizer;
import org.geodex.report.Figure;
import org.geodex.report.Report;
import org.geodex.report.ReportPage;
import org.geodex.scale.AutomaticPartition;
import org.geodex.scale.Partition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code geodex align}. */
@Command(
    name = "align",
    mixinStandardHelpOptions = true,
    description = {
      "Multi-scale manifold alignment: learns maps from the global to the intermediate and from",
      "the intermediate to the local representation of the same documents, and measures on",
      "documents they have not seen what each part of the loss is worth. Leaves report.html,",
      "alignment.json, alignment.arrow, alignment_curves.arrow; run again, it goes on where it",
      "stopped."
    },
    footer = {
      "",
      "Settings: full, no_geo, no_info, no_curv, baseline (identity), procrustes, only_geo,",
      "only_info, only_curv, moments, ridge; only_geo_0.3 sets the weight.",
      "",
      "Example: geodex align --model gpt2 --text book.txt --map mlp --seeds 5 --out alignment"
    })
final class AlignCommand extends GeodexCommand {
  @Mixin private ScaleOptions source;

  @Option(
      names = "--global",
      paramLabel = "MATRIX",
      description = "Ready representations instead of a model, with --intermediate and --local.")
  String global;

  @Option(names = "--intermediate", paramLabel = "MATRIX", description = "The same rows.")
  String intermediate;

  @Option(names = "--local", paramLabel = "MATRIX", description = "The same rows.")
  String local;

  @Option(
      names = "--documents",
      paramLabel = "FILE",
      description =
          "Document number of each row, one a line (default: a document column of the Arrow"
              + " files, else each row its own).")
  Path documents;

  @Option(
      names = "--pool",
      paramLabel = "NAME",
      defaultValue = "document",
      description = "A row is a document, a sentence or a token (default ${DEFAULT-VALUE}).")
  String pool;

  @Option(
      names = "--map",
      paramLabel = "NAME",
      defaultValue = "mlp",
      description =
          "What is trained: mlp, linear; or procrustes, which is not (default ${DEFAULT-VALUE}).")
  String map;

  @Option(
      names = "--ablations",
      paramLabel = "LIST",
      defaultValue = "all",
      description = "Settings, or all (default ${DEFAULT-VALUE}).")
  String ablations;

  @Option(
      names = "--sweep",
      paramLabel = "TERM=LIST",
      description = "Further settings: full with other weights, such as geo=0.03,0.3,1.")
  List<String> sweeps = List.of();

  @Option(names = "--lambda-geo", defaultValue = "0.1", description = "Default ${DEFAULT-VALUE}.")
  double lambdaGeo;

  @Option(names = "--lambda-info", defaultValue = "0.1", description = "Default ${DEFAULT-VALUE}.")
  double lambdaInfo;

  @Option(names = "--lambda-curv", defaultValue = "0.01", description = "Default ${DEFAULT-VALUE}.")
  double lambdaCurv;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Repetitions, each with its own split (default ${DEFAULT-VALUE}).")
  int seeds;

  @Option(
      names = "--splits",
      paramLabel = "N",
      defaultValue = "1",
      description = "Splits of the documents for each seed (default ${DEFAULT-VALUE}).")
  int splits;

  @Mixin AlignmentOptions training;

  @Option(
      names = "--max-rows",
      paramLabel = "N",
      defaultValue = "4000",
      description = "Rows that are used, drawn from all (default ${DEFAULT-VALUE}).")
  int maxRows;

  @Option(
      names = "--no-neural",
      description = "Leave out MINE and InfoNCE among the measures, which take most of the time.")
  boolean noNeural;

  @Option(
      names = "--compat",
      paramLabel = "NAME",
      description =
          "reference: pools padding as the published code does, and adds its formulas, labelled"
              + " reference_.")
  String compat;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the results; made if it is not there.")
  Path out;

  @Mixin InputOptions input;

  @Override
  Map<String, Object> run(Backend backend) throws IOException {
    checkOptions();
    AlignmentStudy.Plan plan = plan();
    if (global != null) {
      return ofMatrices(backend, plan);
    }
    if (source.activations != null) {
      try (LayerStates states = LayerStates.map(source.activations)) {
        return ofStates(backend, plan, states, states, source.modelType);
      }
    }
    List<String> read = TextDocuments.read(source.text);
    try (Model loaded = Model.load(source.model, backend);
        Tokenizer tokenizer = Tokenizer.load(source.model)) {
      TokenTable table = TokenTable.of(read, tokenizer, loaded.config().maxLength());
      try (Progress progress = progress("forward", table.rows());
          LayerStates states =
              LayerStates.run(loaded, table, source.batch, backend, progress::step)) {
        if (compat == null) {
          return ofStates(backend, plan, states, states, loaded.config().modelType());
        }
        try (PaddedPooling padded =
            PaddedPooling.run(backend, loaded, tokenizer, read, source.batch, done -> {})) {
          String type = loaded.config().modelType();
          return ofStates(backend, plan, states, padded.states(), type);
        }
      }
    }
  }

  private void checkOptions() {
    boolean fromMatrices = global != null || intermediate != null || local != null;
    if (source.sources() + (fromMatrices ? 1 : 0) != 1
        || source.halfNamed()
        || fromMatrices && (global == null || intermediate == null || local == null)) {
      throw new UsageException(
          "give either --model and --text, or --activations, or --global, --intermediate and"
              + " --local");
    }
    if (documents != null && !fromMatrices) {
      throw new UsageException("--documents goes with --global, --intermediate and --local");
    }
    ScaleRows.Pool.parse(pool);
    source.checkModelType();
    if (!List.of("procrustes", "linear", "mlp").contains(map)) {
      throw new UsageException("--map %s: expected procrustes, linear or mlp", map);
    }
    if (compat != null && !compat.equals("reference")) {
      throw new UsageException("--compat %s: expected reference", compat);
    }
    if (compat != null && (source.activations != null || !pool.equals("document"))) {
      throw new UsageException(
          "--compat reference pools the padding of whole documents: give --model and --text, or"
              + " pooled matrices, and --pool document");
    }
    if (seeds < 1 || splits < 1 || maxRows < 50 || source.batch < 1) {
      throw new UsageException(
          "--seeds %d --splits %d --max-rows %d --batch %d: expected at least 1, 1, 50 and 1",
          seeds, splits, maxRows, source.batch);
    }
  }

  private AlignmentStudy.Plan plan() {
    LossWeights weights = new LossWeights(lambdaGeo, lambdaInfo, lambdaCurv);
    boolean closed = map.equals("procrustes");
    String list = closed && ablations.equals("all") ? "baseline,procrustes,moments" : ablations;
    List<Setting> settings = Setting.parse(list, weights, sweeps());
    if (closed && settings.stream().anyMatch(setting -> !setting.weights().equals(NONE))) {
      throw new UsageException(
          "--map procrustes is not trained, so its settings are baseline, procrustes, moments and"
              + " ridge");
    }
    TrainingParameters parameters = training.parameters();
    return new AlignmentStudy.Plan(
        settings,
        map.equals("linear") ? parameters.linear() : parameters,
        seeds,
        splits,
        common.seed,
        new AlignmentMeasures.Extent(!noNeural, compat != null));
  }

  private static final LossWeights NONE = new LossWeights(0, 0, 0);

  private Map<String, List<Double>> sweeps() {
    Map<String, List<Double>> parsed = new LinkedHashMap<>();
    for (String sweep : sweeps) {
      String[] sides = sweep.split("=", 2);
      List<Double> values = new ArrayList<>();
      try {
        for (String value : sides.length == 2 ? sides[1].split(",") : new String[] {""}) {
          values.add(Double.parseDouble(value.strip()));
        }
      } catch (NumberFormatException e) {
        throw new UsageException(e, "--sweep %s: expected such as geo=0.03,0.3,1", sweep);
      }
      parsed.put(sides[0].strip(), values);
    }
    return parsed;
  }

  /** Finds the scales in {@code states} and aligns the rows that {@code pooled} gives for them. */
  private Map<String, Object> ofStates(
      Backend backend,
      AlignmentStudy.Plan plan,
      LayerStates states,
      LayerStates pooled,
      String type)
      throws IOException {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("model_type", type);
    about.put("layers", states.layers());
    about.put("tokens", states.rows());
    Partition scales;
    if (source.partition.equals("auto")) {
      AutomaticPartition.Found found = AutomaticPartition.find(backend, states, 500, common.seed);
      scales = found.partition();
      about.put("stability", Figure.numbers(found.stability()));
    } else {
      scales = partition(type, states.layers());
    }
    about.put("partition", scales.scales());
    about.put("pool", pooled == states ? pool : pool + ", padding included (reference)");
    try (ScaleRows rows =
        ScaleRows.of(pooled, scales, ScaleRows.Pool.parse(pool), maxRows, common.seed)) {
      return align(backend, plan, rows, about);
    }
  }

  /** Three ranges that these hidden states cannot fill are bad input, not a wrong option. */
  private Partition partition(String type, int layers) {
    try {
      return Partition.preset(source.partition, type, layers);
    } catch (UsageException e) {
      boolean ranges = source.partition.matches("[\\d\\s-]*/[\\d\\s-]*/[\\d\\s-]*");
      if (ranges || layers < 2) {
        throw new InputException(
            e, "a scale has no layer among the hidden states 0-%d: %s", layers, e.getMessage());
      }
      throw e;
    }
  }

  private Map<String, Object> ofMatrices(Backend backend, AlignmentStudy.Plan plan)
      throws IOException {
    try (MatrixSource g = input.open(global);
        MatrixSource i = input.open(intermediate);
        MatrixSource l = input.open(local);
        ScaleRows rows =
            ScaleRows.view(g.matrix(), i.matrix(), l.matrix(), documents(g.matrix().intRows()))) {
      return align(backend, plan, rows, new LinkedHashMap<>());
    }
  }

  /** From --documents, else from the Arrow files, which must agree, else one for each row. */
  private int[] documents(int rows) throws IOException {
    if (documents != null) {
      return readDocuments();
    }
    int[] agreed = null;
    String first = null;
    for (String name : List.of(global, intermediate, local)) {
      int[] own = storedDocuments(name);
      if (own != null && agreed != null && !java.util.Arrays.equals(own, agreed)) {
        throw new InputException(
            "%s and %s hold different documents: expected the same rows in all scales",
            first, name);
      }
      if (own != null) {
        agreed = own;
        first = name;
      }
    }
    return agreed == null ? IntStream.range(0, rows).toArray() : agreed;
  }

  private static int[] storedDocuments(String name) {
    String file = name.contains("#") ? name.substring(0, name.lastIndexOf('#')) : name;
    if (!file.endsWith(".arrow")) {
      return null;
    }
    try (ArrowFile arrow = ArrowFile.open(Path.of(file))) {
      return arrow.columns().contains("document")
          ? java.util.Arrays.stream(arrow.longs("document")).mapToInt(Math::toIntExact).toArray()
          : null;
    }
  }

  private int[] readDocuments() {
    List<String> lines = TextFile.read(documents).lines().toList();
    int[] ids = new int[lines.size()];
    for (int i = 0; i < ids.length; i++) {
      try {
        ids[i] = Integer.parseInt(lines.get(i).strip());
      } catch (NumberFormatException e) {
        throw new InputException(
            e, "%s: line %d: \"%s\" is no document number", documents, i + 1, lines.get(i));
      }
    }
    return ids;
  }

  private Map<String, Object> align(
      Backend backend, AlignmentStudy.Plan plan, ScaleRows rows, Map<String, Object> about)
      throws IOException {
    about.put("rows", rows.rows());
    about.put("documents", java.util.Arrays.stream(rows.documents()).distinct().count());
    about.put("columns", rows.columns());
    about.put("map", map);
    Report report =
        report(
            backend,
            "Geodex: alignment",
            "Maps between the scales of one model, and what they keep.");
    report.provenance().putAll(about);
    AlignmentResult result = report.timed("alignment", () -> study(backend, plan, rows));
    AlignmentReport.add(report, "align", "", result);
    Map<String, Object> printed = new LinkedHashMap<>(about);
    printed.putAll(result.summary());
    printed.put("out", out.toString());
    report.results().put("alignment", printed);
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      outputs.folder(out);
      write(outputs, "alignment.json", json(printed));
      write(outputs, "report.html", ReportPage.html(report));
      AlignmentTables.write(outputs, out, result);
      outputs.commit();
    }
    return printed;
  }

  private AlignmentResult study(Backend backend, AlignmentStudy.Plan plan, ScaleRows rows) {
    List<Backend> workers = workers(backend);
    try (Progress progress = progress("align", plan.cells())) {
      AlignmentStudy study =
          new AlignmentStudy(workers, rows, plan, out.resolve("cells"), () -> progress.step(1));
      return AlignmentResult.of(study, plan);
    } finally {
      workers.stream().filter(worker -> worker != backend).forEach(Backend::close);
    }
  }

  /** One single-threaded backend a core; a device, and the scalar specification, work alone. */
  private List<Backend> workers(Backend backend) {
    BackendOptions options = common.backendOptions();
    if (!backend.name().equals("cpu") || options.threads() == 1) {
      return List.of(backend);
    }
    List<Backend> workers = new ArrayList<>();
    for (int i = 0; i < options.threads(); i++) {
      workers.add(Backends.open(options.withThreads(1)));
    }
    return workers;
  }

  private void write(AtomicOutputs outputs, String name, String content) {
    try {
      Files.writeString(outputs.file(out.resolve(name)), content);
    } catch (IOException e) {
      throw new OutputException(e, "%s: cannot be written (%s)", name, e.getMessage());
    }
  }

  private static String json(Map<String, Object> content) {
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
