package org.geodex.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.error.UsageException;
import org.geodex.model.Model;
import org.geodex.model.Stack;
import org.geodex.model.Tokenizer;
import org.geodex.report.Figure;
import org.geodex.scale.AutomaticPartition;
import org.geodex.scale.KernelSegmentation;
import org.geodex.scale.Partition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code geodex scales}. */
@Command(
    name = "scales",
    mixinStandardHelpOptions = true,
    description = {
      "Finds the local, intermediate and global layers of a model; of T5 for the encoder, and",
      "under decoder for the decoder, which reads the text too."
    },
    footer = {
      "",
      "auto fuses CKA, geodesic correlation, mutual information and attention between layers and"
          + " cuts",
      "where they change most. readme, code and figure are the published partitions.",
      "",
      "Example: geodex scales --model gpt2 --text book.txt --partition auto --json"
    })
final class ScalesCommand extends GeodexCommand {
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
      names = "--max-rows",
      paramLabel = "N",
      defaultValue = "500",
      description = "Token rows that are looked at (default ${DEFAULT-VALUE}).")
  int maxRows;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "8",
      description = "Windows of text that run together (default ${DEFAULT-VALUE}).")
  int batch;

  @Override
  Map<String, Object> run(Backend backend) {
    boolean fromModel = model != null && text != null && activations == null;
    boolean fromFile = activations != null && model == null && text == null;
    if (!fromModel && !fromFile) {
      throw new UsageException("give either --model and --text, or --activations");
    }
    if (maxRows < 50 || batch < 1) {
      throw new UsageException("--max-rows %d --batch %d: expected >= 50 and >= 1", maxRows, batch);
    }
    if (fromFile) {
      try (LayerStates states = LayerStates.map(activations)) {
        return find(backend, states, modelType);
      }
    }
    List<String> documents = TextDocuments.read(text);
    try (Model loaded = Model.load(model, backend);
        Tokenizer tokenizer = Tokenizer.load(model)) {
      TokenTable table = TokenTable.of(documents, tokenizer, loaded.config().maxLength());
      if (loaded.config().decoderLayers() == 0) {
        return find(backend, loaded, table, Stack.ONLY);
      }
      Map<String, Object> result = find(backend, loaded, table, Stack.ENCODER);
      if (loaded.decodes()) {
        result.put("decoder", find(backend, loaded, table, Stack.DECODER));
      }
      return result;
    }
  }

  private Map<String, Object> find(Backend backend, Model model, TokenTable table, Stack stack) {
    try (Progress progress = progress(stack.words() + "forward", table.rows());
        LayerStates states = LayerStates.run(model, table, batch, backend, stack, progress::step)) {
      return find(backend, states, model.config().modelType());
    }
  }

  private Map<String, Object> find(Backend backend, LayerStates states, String type) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("model_type", type);
    result.put("layers", states.layers());
    result.put("tokens", states.rows());
    if (partition.equals("auto")) {
      AutomaticPartition.Found found =
          AutomaticPartition.find(backend, states, maxRows, common.seed);
      result.put("partition", found.partition().scales());
      result.put("stability", Figure.numbers(found.stability()));
      result.put("cost", found.cost());
      result.put("runners_up", runnersUp(found, states.layers()));
    } else {
      result.put("partition", Partition.preset(partition, type, states.layers()).scales());
      result.put("stability", null);
    }
    Map<String, Object> published = new LinkedHashMap<>();
    for (String preset : List.of("readme", "code", "figure", "thirds")) {
      published.put(preset, Partition.preset(preset, type, states.layers()).toString());
    }
    result.put("presets", published);
    return result;
  }

  private static List<Map<String, Object>> runnersUp(AutomaticPartition.Found found, int layers) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (KernelSegmentation.Cuts cuts : found.runnersUp()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("partition", Partition.cut(cuts.second(), cuts.third(), layers).toString());
      entry.put("cost", cuts.cost());
      list.add(entry);
    }
    return list;
  }
}
