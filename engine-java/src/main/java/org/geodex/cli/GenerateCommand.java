package org.geodex.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.geodex.activation.TextDocuments;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import org.geodex.model.BertConfig;
import org.geodex.model.Generation;
import org.geodex.model.Infilling;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Sampling;
import org.geodex.model.TokenBatch;
import org.geodex.model.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code geodex generate}. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = "Continues prompts (GPT-2), answers them (T5) or fills masks behind them (BERT).",
    footer = {
      "",
      "One JSON object a line in FILE: prompt, generated (token ids), method, and with a tokenizer",
      "prompt_text and text. Without --temperature the likeliest token is taken (greedy).",
      "",
      "Example: geodex generate --model gpt2 --prompt \"Once upon\" --max-new-tokens 50 --out"
          + " a.jsonl"
    })
final class GenerateCommand extends GeodexCommand {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Mixin ModelOptions options;

  @ArgGroup(multiplicity = "1")
  Source source;

  static final class Source {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "One prompt.")
    String prompt;

    @Option(
        names = "--prompts",
        paramLabel = "FILE",
        description = "UTF-8 text, one prompt a line.")
    Path prompts;

    @Option(
        names = "--input-ids",
        paramLabel = "FILE",
        description = "JSON: a list of lists of ids, of any lengths, or an object with input_ids.")
    Path inputIds;
  }

  @Option(
      names = "--max-new-tokens",
      required = true,
      paramLabel = "N",
      description = "Most tokens to add to each prompt.")
  int newTokens;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "JSON lines.")
  Path out;

  @Option(names = "--temperature", paramLabel = "T", description = "Draw with this temperature.")
  Double temperature;

  @Option(names = "--top-k", paramLabel = "K", description = "Draw from the K likeliest tokens.")
  Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw from the fewest likeliest tokens that together have probability P.")
  Double topP;

  @Option(
      names = "--stop",
      split = ",",
      paramLabel = "ID",
      description = "Token ids that end a text, beside the model's own end token.")
  Set<Integer> stop = new LinkedHashSet<>();

  @Option(names = "--no-stop", description = "Go on after the model's end token.")
  boolean noStop;

  @Option(names = "--no-cache", description = "Read all tokens again for every new one.")
  boolean noCache;

  @Mixin InfillingOptions infilling;

  @Option(
      names = "--mask-token",
      paramLabel = "ID",
      description = "BERT, RoBERTa: id of the mask token (default: the tokenizer's).")
  Integer maskToken;

  @Mixin PlanOptions plan;

  /** A tokenizer where there is one; token ids alone need none. */
  private record Texts(Tokenizer tokenizer) implements AutoCloseable {
    @Override
    public void close() {
      if (tokenizer != null) {
        tokenizer.close();
      }
    }
  }

  @Override
  Map<String, Object> run(Backend backend) throws IOException {
    checkOptions();
    try (Model model = options.load(backend);
        Texts texts = texts();
        AtomicOutputs outputs = AtomicOutputs.open()) {
      int[][] prompts = prompts(texts.tokenizer());
      LayerHook hook = plan.hook(backend, model, texts.tokenizer(), List.of(), common.seed);
      long start = System.nanoTime();
      List<int[]> generated = generate(model, prompts, texts.tokenizer(), hook);
      double seconds = (System.nanoTime() - start) * 1e-9;
      write(outputs.file(out), model.config(), prompts, generated, texts.tokenizer());
      outputs.commit();
      return result(model.config(), generated, seconds);
    }
  }

  private void checkOptions() {
    options.check();
    infilling.check();
    if (newTokens < 1) {
      throw new UsageException("--max-new-tokens %d: expected at least 1", newTokens);
    }
  }

  private Texts texts() {
    boolean needed = source.inputIds == null;
    try {
      return new Texts(Tokenizer.load(options.folder));
    } catch (InputException e) {
      if (needed) {
        throw e;
      }
      return new Texts(null);
    }
  }

  private int[][] prompts(Tokenizer tokenizer) {
    if (source.inputIds != null) {
      return TokenBatch.readLists(source.inputIds);
    }
    List<String> lines =
        source.prompt != null ? List.of(source.prompt) : TextDocuments.lines(source.prompts);
    return lines.stream().map(line -> tokenizer.encode(line, true).ids()).toArray(int[][]::new);
  }

  private Sampling sampling() {
    if (temperature == null && topK == null && topP == null) {
      return Sampling.GREEDY;
    }
    return new Sampling(
        temperature == null ? 1 : temperature, topK == null ? 0 : topK, topP == null ? 1 : topP);
  }

  private List<int[]> generate(Model model, int[][] prompts, Tokenizer tokenizer, LayerHook hook) {
    List<int[]> generated = new ArrayList<>();
    try (Progress progress = progress("generate", prompts.length)) {
      for (int from = 0; from < prompts.length; from += options.batch) {
        int to = Math.min(from + options.batch, prompts.length);
        int[][] some = Arrays.copyOfRange(prompts, from, to);
        generated.addAll(
            model.config() instanceof BertConfig
                ? infilling(tokenizer).run(model, some, from, hook)
                : generation(model.config()).run(model, some, from, hook));
        progress.step(some.length);
      }
    }
    return generated;
  }

  private Generation generation(ModelConfig config) {
    Set<Integer> ends = new LinkedHashSet<>(stop);
    if (!noStop) {
      ends.addAll(config.endTokens());
    }
    return new Generation(newTokens, sampling(), common.seed, ends, !noCache);
  }

  private Infilling infilling(Tokenizer tokenizer) {
    Integer mask = maskToken;
    if (mask == null && tokenizer != null) {
      mask = tokenizer.id("[MASK]", "<mask>");
    }
    if (mask == null) {
      throw new UsageException("--mask-token: expected, since no tokenizer names a mask token");
    }
    return new Infilling(
        newTokens, infilling.gibbs(), infilling.iterations, sampling(), common.seed, mask);
  }

  private String methodName(ModelConfig config) {
    if (config instanceof BertConfig) {
      return infilling.method;
    }
    return sampling().isGreedy() ? "greedy" : "sampling";
  }

  private void write(
      Path file, ModelConfig config, int[][] prompts, List<int[]> generated, Tokenizer tokenizer)
      throws IOException {
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      for (int i = 0; i < prompts.length; i++) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("prompt", prompts[i]);
        line.put("generated", generated.get(i));
        line.put("method", methodName(config));
        if (tokenizer != null) {
          line.put("prompt_text", tokenizer.decode(prompts[i]));
          line.put("text", tokenizer.decode(generated.get(i)));
        }
        writer.write(JSON.writeValueAsString(line));
        writer.newLine();
      }
    }
  }

  private Map<String, Object> result(ModelConfig config, List<int[]> generated, double seconds) {
    long tokens = generated.stream().mapToLong(ids -> ids.length).sum();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("model_type", config.modelType());
    result.put("method", methodName(config));
    result.put("prompts", generated.size());
    result.put("tokens", tokens);
    result.put("tokens_per_second", tokens / seconds);
    result.put("out", out.toString());
    return result;
  }
}
