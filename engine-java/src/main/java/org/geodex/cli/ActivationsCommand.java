package org.geodex.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.ActivationWriter;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.error.UsageException;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.TokenBatch;
import org.geodex.model.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code geodex activations}. */
@Command(
    name = "activations",
    mixinStandardHelpOptions = true,
    description = "Runs a model and writes the activations of every layer.",
    footer = {
      "",
      "FILE.safetensors: tensors hidden_states.0 ... hidden_states.L, with --attentions",
      "attentions.0 ..., with --logits logits (T5: encoder_..., decoder_..., cross_attentions.0"
          + " ...);",
      "from --text the axes are [tokens, d], and document, sentence, position, token stand beside;",
      "attentions are [windows, heads, T, T], T the longest window, 0 beyond a window's length, with",
      "window_first (its first row) and window_length beside.",
      "FILE.arrow: one row a token: document, sentence, position, token, layer_0 ... layer_L",
      "(T5's decoder in FILE.decoder.arrow). A blank line in the text ends a document.",
      "",
      "Example: geodex activations --model gpt2 --text book.txt --layers 0,6,12 --out book.arrow"
    })
final class ActivationsCommand extends GeodexCommand {
  @Mixin ModelOptions options;

  @ArgGroup(multiplicity = "1")
  TokenInput source;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "A name ending in .arrow or .safetensors.")
  Path out;

  @Option(
      names = "--layers",
      paramLabel = "LIST",
      defaultValue = "all",
      description = "all, or numbers such as 0,3,6-8; 0 is the embedding (default all).")
  String layers;

  @Option(names = "--attentions", description = "Also the attention weights of every head.")
  boolean attentions;

  @Option(names = "--logits", description = "Also the logits, where the checkpoint has a head.")
  boolean logits;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      description =
          "Longest window of text in tokens (default: what the model takes); of --input-ids the"
              + " first N are read.")
  Integer maxLength;

  @Mixin PlanOptions plan;

  @Override
  Map<String, Object> run(Backend backend) {
    checkOptions();
    try (Model model = options.load(backend)) {
      ModelConfig config = model.config();
      int last = Math.max(config.layers(), config.decoderLayers());
      Keep keep =
          new Keep(LayerList.parse(layers, last), attentions, false, logits, null, isSafetensors());
      return source.text == null ? fromIds(model, keep, backend) : fromText(model, keep, backend);
    }
  }

  private boolean isSafetensors() {
    return out.toString().endsWith(".safetensors");
  }

  private void checkOptions() {
    if (!isSafetensors() && !out.toString().endsWith(".arrow")) {
      throw new UsageException("--out %s: expected a name ending in .arrow or .safetensors", out);
    }
    options.check();
    if (maxLength != null && maxLength < 1) {
      throw new UsageException("--max-length %d: expected at least 1", maxLength);
    }
    boolean more = attentions || logits;
    if (more && !isSafetensors()) {
      throw new UsageException("--attentions and --logits need an --out ending in .safetensors");
    }
  }

  private Map<String, Object> fromIds(Model model, Keep keep, Backend backend) {
    TokenBatch given = TokenBatch.read(source.inputIds);
    TokenBatch inputs = maxLength == null ? given : given.cut(maxLength);
    long tokens = inputs.tokens() + inputs.decoderTokens();
    LayerHook hook = plan.hook(backend, model, null, List.of(), common.seed);
    try (Progress progress = progress("activations", inputs.size());
        ActivationWriter writer = new ActivationWriter(model, out)) {
      double seconds =
          writer.writeBatch(
              inputs, keep, hook, options.batch, backend.memoryBudget(), progress::step);
      writer.commit();
      boolean decoderUnasked = inputs.decoderInputIds() == null;
      noteMissingLogits(model.config(), decoderUnasked, writer.wrote("logits"));
      return result(model.config(), tokens, seconds);
    }
  }

  private Map<String, Object> fromText(Model model, Keep keep, Backend backend) {
    int window = window(model.config());
    try (Tokenizer tokenizer = Tokenizer.load(options.folder)) {
      List<String> documents = TextDocuments.read(source.text);
      TokenTable table = TokenTable.of(documents, tokenizer, window);
      LayerHook hook = plan.hook(backend, model, tokenizer, documents, common.seed);
      try (Progress progress = progress("activations", table.rows());
          ActivationWriter writer = new ActivationWriter(model, out)) {
        double seconds =
            writer.writeTable(table, keep, hook, options.batch, backend, progress::step);
        writer.commit();
        noteMissingLogits(model.config(), true, writer.wrote("logits"));
        Map<String, Object> result = result(model.config(), table.rows(), seconds);
        result.put("documents", table.documentCount());
        result.put("sentences", table.sentenceCount());
        result.put("windows", table.windows().size());
        result.put("window_length", window);
        result.put("cut_documents", table.cutDocuments());
        return result;
      }
    }
  }

  private int window(ModelConfig config) {
    if (maxLength == null) {
      return config.maxLength();
    }
    if (config.limitedLength() && maxLength > config.maxLength()) {
      throw new UsageException(
          "--max-length %d: the model takes at most %d tokens", maxLength, config.maxLength());
    }
    return maxLength;
  }

  private void noteMissingLogits(ModelConfig config, boolean decoderUnasked, boolean written) {
    if (logits && !written) {
      String why =
          config.decoderLayers() > 0 && decoderUnasked
              ? "its decoder was given no tokens (decoder_input_ids in --input-ids)"
              : "it has no head";
      spec.commandLine()
          .getErr()
          .printf("geodex activations: %s: no logits were written, %s%n", options.folder, why);
    }
  }

  private Map<String, Object> result(ModelConfig config, long tokens, double seconds) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("model_type", config.modelType());
    result.put("layers", config.layers());
    if (config.decoderLayers() > 0) {
      result.put("decoder_layers", config.decoderLayers());
    }
    result.put("hidden_size", config.width());
    result.put("tokens", tokens);
    result.put("tokens_per_second", tokens / seconds);
    result.put("out", out.toString());
    return result;
  }
}
