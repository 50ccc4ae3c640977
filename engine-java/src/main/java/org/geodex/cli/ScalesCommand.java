package org.geodex.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.model.Model;
import org.geodex.model.Stack;
import org.geodex.model.Tokenizer;
import org.geodex.report.Figure;
import org.geodex.scale.AutomaticPartition;
import org.geodex.scale.KernelSegmentation;
import org.geodex.scale.Partition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
      "where they change most. readme, code and figure are the published partitions,",
      "scaled in proportion where the model has another depth.",
      "",
      "Example: geodex scales --model gpt2 --text book.txt --partition auto --json"
    })
final class ScalesCommand extends GeodexCommand {
  @Mixin private ScaleOptions source;

  @Option(
      names = "--max-rows",
      paramLabel = "N",
      defaultValue = "500",
      description = "Token rows that are looked at (default ${DEFAULT-VALUE}).")
  int maxRows;

  @Override
  Map<String, Object> run(Backend backend) {
    if (source.sources() != 1 || source.halfNamed()) {
      throw new UsageException("give either --model and --text, or --activations");
    }
    source.checkModelType();
    if (maxRows < 50 || source.batch < 1) {
      throw new UsageException(
          "--max-rows %d --batch %d: expected >= 50 and >= 1", maxRows, source.batch);
    }
    if (source.activations != null) {
      try (LayerStates states = LayerStates.map(source.activations)) {
        return find(backend, states, source.modelType);
      }
    }
    List<String> documents = TextDocuments.read(source.text);
    try (Model loaded = Model.load(source.model, backend);
        Tokenizer tokenizer = Tokenizer.load(source.model)) {
      TokenTable table = TokenTable.of(documents, tokenizer, loaded.config().maxLength());
      String type = loaded.config().modelType();
      Map<String, Object> result;
      try (LayerStates states = states(backend, loaded, table, loaded.config().reader())) {
        result = find(backend, states, type);
      }
      if (loaded.decodes()) {
        try (LayerStates states = states(backend, loaded, table, Stack.DECODER)) {
          result.put("decoder", findInDecoder(backend, states, type));
        }
      }
      return result;
    }
  }

  private LayerStates states(Backend backend, Model model, TokenTable table, Stack stack) {
    try (Progress progress = progress(stack.words() + "forward", table.rows())) {
      return LayerStates.run(model, table, source.batch, backend, stack, progress::step);
    }
  }

  /** A decoder of another depth may have no such scales: then why is told in their place. */
  private Map<String, Object> findInDecoder(Backend backend, LayerStates states, String type) {
    try {
      return find(backend, states, type);
    } catch (InputException | UsageException e) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("layers", states.layers());
      result.put("partition", null);
      result.put("reason", e.getMessage());
      return result;
    }
  }

  private Map<String, Object> find(Backend backend, LayerStates states, String type) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("model_type", type);
    result.put("layers", states.layers());
    result.put("tokens", states.rows());
    if (source.partition.equals("auto")) {
      AutomaticPartition.Found found =
          AutomaticPartition.find(backend, states, maxRows, common.seed);
      result.put("partition", found.partition().scales());
      result.put("stability", Figure.numbers(found.stability()));
      result.put("cost", found.cost());
      result.put("runners_up", runnersUp(found, states.layers()));
    } else {
      result.put("partition", Partition.preset(source.partition, type, states.layers()).scales());
      result.put("stability", null);
    }
    Map<String, Object> presets = new LinkedHashMap<>();
    List<String> published = new ArrayList<>();
    for (String preset : List.of("readme", "code", "figure", "thirds")) {
      presets.put(preset, Partition.preset(preset, type, states.layers()).toString());
      if (Partition.isPublished(preset, type, states.layers())) {
        published.add(preset);
      }
    }
    result.put("presets", presets);
    // Those that are as their authors wrote them; the others are moved to this depth.
    result.put("published", published);
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
