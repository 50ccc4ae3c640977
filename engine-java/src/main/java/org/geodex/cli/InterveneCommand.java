package org.geodex.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.geodex.activation.TextDocuments;
import org.geodex.backend.Backend;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import org.geodex.intervention.Design;
import org.geodex.intervention.Kind;
import org.geodex.intervention.TextWriter;
import org.geodex.model.Sampling;
import org.geodex.report.Report;
import org.geodex.report.ReportFolder;
import org.geodex.scale.LayerRange;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code geodex intervene}. */
@Command(
    name = "intervene",
    mixinStandardHelpOptions = true,
    description = {
      "Acts on the layers of one scale while a model writes, and measures what that does to the",
      "text, against the unmodified text of the same prompt and seed. Leaves report.html,",
      "report.json and cells/ with every text; run again it does only what is missing."
    },
    footer = {
      "",
      "Kinds and what --alpha means: translate (h + A|h|u), scale (A h), noise (h + A rms(h) e),",
      "attention-temperature (A), attention-uniform (share A), attention-span (share A taken from",
      "keys beyond --span), remove-heads (share A taken from --heads).",
      "",
      "Example: geodex intervene --model gpt2 --text book.txt --kind scale,noise --dose 0.1,0.5"
          + " --out dir"
    })
final class InterveneCommand extends GeodexCommand {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Checkpoint folder.")
  Path model;

  @Option(names = "--prompt", paramLabel = "TEXT", description = "One prompt.")
  String prompt;

  @Option(names = "--prompts", paramLabel = "FILE", description = "UTF-8 text, one prompt a line.")
  Path prompts;

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description =
          "Held-out text, a blank line ends a document: doses are measured on it, and without"
              + " --prompt or --prompts the openings of its documents are the prompts.")
  Path text;

  @Option(
      names = "--plan",
      paramLabel = "FILE",
      description = "Interventions in JSON or YAML; without --kind they alone are carried out.")
  Path plan;

  @Option(
      names = "--scale",
      split = ",",
      paramLabel = "NAME",
      description = "local, intermediate, global, control (default: all four).")
  List<String> scales = new ArrayList<>();

  @Option(
      names = "--layers",
      paramLabel = "a-b",
      description = "Hidden states to act on instead of scales; 0 is the embedding.")
  String layers;

  @Option(
      names = "--partition",
      paramLabel = "P",
      defaultValue = "thirds",
      description =
          "auto (needs --text), thirds, readme, code, figure or a-b/c-d/e-f (default"
              + " ${DEFAULT-VALUE}).")
  String partition;

  @Option(
      names = "--kind",
      split = ",",
      paramLabel = "NAME",
      description = "What to do (default: scale, noise, attention-uniform).")
  List<String> kinds = new ArrayList<>();

  @Option(
      names = "--alpha",
      split = ",",
      paramLabel = "A",
      converter = Alpha.class,
      description = "Strengths; own is one for each kind (default without --dose).")
  List<Double> alphas = new ArrayList<>();

  @Option(
      names = "--dose",
      split = ",",
      paramLabel = "D",
      description = "Doses in nats a token, for which strengths are searched.")
  List<Double> doses = new ArrayList<>();

  @Option(
      names = "--direction",
      paramLabel = "U",
      defaultValue = "random",
      description =
          "For translate: random, principal[:K], classes:A.txt,B.txt or a matrix file (default"
              + " ${DEFAULT-VALUE}).")
  String direction;

  @Option(
      names = "--heads",
      split = ",",
      paramLabel = "H",
      description = "For remove-heads, counted from 0 (default 0).")
  List<Integer> heads = new ArrayList<>();

  @Option(
      names = "--span",
      paramLabel = "N",
      defaultValue = "4",
      description = "For attention-span, tokens (default ${DEFAULT-VALUE}).")
  int span;

  @Option(
      names = "--stack",
      paramLabel = "NAME",
      defaultValue = "encoder",
      description = "T5: encoder or decoder (default ${DEFAULT-VALUE}).")
  String stack;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Texts a prompt, from --seed on (default ${DEFAULT-VALUE}).")
  int seeds;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      defaultValue = "60",
      description = "Most tokens of a text (default ${DEFAULT-VALUE}).")
  int newTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "1",
      description = "Of the drawing; 0 takes the likeliest (default ${DEFAULT-VALUE}).")
  double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "Draw from the K likeliest tokens (default: all).")
  int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description = "Draw from the nucleus of probability P (default: all).")
  double topP;

  @Mixin InfillingOptions infilling;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Prompts that run together (default ${DEFAULT-VALUE}).")
  int batch;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the results; made if it is not there.")
  Path out;

  /** A number, or {@code own}. */
  static final class Alpha implements CommandLine.ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      try {
        return value.equals("own") ? Design.OWN : Double.valueOf(value);
      } catch (NumberFormatException e) {
        throw new CommandLine.TypeConversionException("expected a number or own, not " + value);
      }
    }
  }

  @Override
  Map<String, Object> run(Backend backend) {
    Design design = design();
    Report report =
        report(
            backend,
            "Geodex interventions: " + model.toAbsolutePath().normalize().getFileName(),
            "What acting on the layers of one scale does to the text that a model writes.");
    report.provenance().put("model", model.toString());
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      outputs.folder(out);
      Map<String, Object> result =
          new LinkedHashMap<>(
              design.run(
                  machine(backend),
                  model,
                  report,
                  "model",
                  "",
                  out.resolve("cells"),
                  this::progress));
      ReportFolder.write(outputs, out, report);
      outputs.commit();
      result.put("phases", report.seconds());
      result.put("out", out.toString());
      return result;
    }
  }

  private Design design() {
    checkNumbers();
    List<String> texts = List.of();
    if (prompt != null && prompts != null) {
      throw new UsageException("give either --prompt or --prompts");
    } else if (prompt != null) {
      texts = List.of(prompt);
    } else if (prompts != null) {
      texts = TextDocuments.lines(prompts);
    } else if (text == null) {
      throw new UsageException("give --prompt, --prompts or --text");
    }
    Set<String> named = new LinkedHashSet<>(scales.isEmpty() ? Design.SCALES : scales);
    for (String scale : named) {
      if (!Design.SCALES.contains(scale)) {
        throw new UsageException(
            "--scale %s: expected %s", scale, String.join(", ", Design.SCALES));
      }
    }
    return new Design(
        texts,
        text == null ? List.of() : TextDocuments.read(text),
        partition,
        List.copyOf(named),
        layers == null ? null : LayerRange.parse(layers),
        kinds(),
        alphas,
        doses,
        direction,
        heads.isEmpty() ? List.of(0) : heads,
        span,
        stack.equals("decoder"),
        plan,
        seeds,
        common.seed,
        new TextWriter(
            newTokens,
            new Sampling(temperature, topK, topP),
            infilling.gibbs(),
            infilling.iterations,
            batch));
  }

  private void checkNumbers() {
    infilling.check();
    if (newTokens < 1 || batch < 1 || seeds < 1) {
      throw new UsageException("--max-new-tokens, --batch and --seeds: expected at least 1");
    }
    if (!List.of("encoder", "decoder").contains(stack)) {
      throw new UsageException("--stack %s: expected encoder or decoder", stack);
    }
  }

  private List<Kind> kinds() {
    if (kinds.isEmpty()) {
      return plan != null ? List.of() : List.of(Kind.SCALE, Kind.NOISE, Kind.ATTENTION_UNIFORM);
    }
    return kinds.stream().map(Kind::parse).distinct().toList();
  }
}
