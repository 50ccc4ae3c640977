package org.geodex.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.TokenTable;
import org.geodex.analysis.TokenSection;
import org.geodex.backend.Backend;
import org.geodex.backend.Regression;
import org.geodex.corpus.DocumentParser;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Tokenizer;
import org.geodex.report.Report;
import org.geodex.report.ReportFolder;
import org.geodex.token.Context;
import org.geodex.token.InformationGain;
import org.geodex.token.SentenceStudy;
import org.geodex.token.Spread;
import org.geodex.token.Target;
import org.geodex.token.TokenLasso;
import org.geodex.token.TokenStudy;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "tokens",
    mixinStandardHelpOptions = true,
    description = {
      "What single tokens carry: information gain (as log-determinants and as ridge regressions),",
      "the tokens that a Lasso picks against attention, and what changing tokens does.",
      "With a matrix of token rows instead of a model: gains, spread and the Lasso of the last row."
    },
    footer = {
      "",
      "Example: geodex tokens --model gpt2 --text book.txt --layer 6 --select 5 --json",
      "Example: geodex tokens context.npy --eps 0.5 --json"
    })
final class TokensCommand extends GeodexCommand {
  private static final int MOST_SENTENCES = 300;

  @Mixin private InputOptions input;

  @Parameters(
      arity = "0..1",
      paramLabel = "Z",
      description = "Token rows n x d of one context, in order; brought to unit length for gains.")
  private String rows;

  @Option(names = "--model", paramLabel = "DIR", description = "Checkpoint folder.")
  private Path folder;

  @ArgGroup(multiplicity = "0..1")
  private TokenInput source;

  @Option(
      names = "--layer",
      paramLabel = "L",
      description = "Hidden state to look at, 0 the embedding (default: the middle one).")
  private Integer layer;

  @Option(
      names = "--target",
      paramLabel = "T",
      defaultValue = "last",
      description =
          "Token of each context to explain: last, random or a number, 0 the text's first (default"
              + " ${DEFAULT-VALUE}; in a causal model the last but one, whose next is asked for).")
  private String target;

  @Option(
      names = "--select",
      paramLabel = "K",
      defaultValue = "5",
      description = "Tokens to choose (default ${DEFAULT-VALUE}).")
  private int select;

  @Option(
      names = "--eps",
      paramLabel = "E",
      defaultValue = "0.5",
      description = "Distortion of the fixed scale c = d/(n eps^2) (default ${DEFAULT-VALUE}).")
  private double eps;

  @Option(
      names = "--contexts",
      paramLabel = "N",
      defaultValue = "100",
      description = "The most contexts to use (default ${DEFAULT-VALUE}).")
  private int contexts;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      defaultValue = "128",
      description = "Longest context in tokens (default ${DEFAULT-VALUE}).")
  private int maxLength;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "With --model: folder for report.html and report.json.")
  private Path out;

  @Override
  Map<String, Object> run(Backend backend) {
    if ((rows == null) == (folder == null)) {
      throw new UsageException(
          "give a matrix of token rows, or --model with --text or --input-ids");
    }
    if (rows != null && out != null) {
      throw new UsageException("--out: only a run of a --model has a report");
    }
    return rows == null ? ofModel(backend) : ofRows(backend);
  }

  private Map<String, Object> ofModel(Backend backend) {
    if (source == null) {
      throw new UsageException("--model needs --text or --input-ids");
    }
    if (contexts < 1) {
      throw new UsageException("--contexts %d: expected at least 1", contexts);
    }
    Target place = Target.parse(target, common.seed);
    try (Model model = Model.load(folder, backend)) {
      int hidden = layer == null ? model.config().layers() / 2 : layer;
      TokenStudy study = new TokenStudy(hidden, select, eps, common.seed);
      TokenTable table = source.table(folder, model.config(), maxLength);
      List<Context> all = contexts(model.config(), table, place);
      List<Context> used = all.subList(0, Math.min(contexts, all.size()));
      try (Progress progress = progress("tokens", used.size())) {
        Map<String, Object> result = study.run(backend, model, used, progress::step);
        if (source.text != null) {
          int[] topics = DocumentParser.topics(table.texts());
          SentenceStudy sentences = new SentenceStudy(MOST_SENTENCES, common.seed);
          SentenceStudy.addTo(
              result, () -> sentences.run(backend, model, table, contexts, hidden, topics));
        }
        return out == null ? result : reported(backend, result);
      }
    }
  }

  private List<Context> contexts(ModelConfig config, TokenTable table, Target place) {
    if (source.text == null) {
      return new Context.Cutter(config, null, maxLength, place).cut(table);
    }
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      return new Context.Cutter(config, tokenizer, maxLength, place).cut(table);
    }
  }

  private Map<String, Object> reported(Backend backend, Map<String, Object> result) {
    Report report =
        report(
            backend,
            "Geodex tokens: " + folder.toAbsolutePath().normalize().getFileName(),
            "What single tokens carry, and what changing them does.");
    report.provenance().put("model", folder.toString());
    TokenSection.add(report, "", "", result);
    ReportFolder.write(out, report);
    result.put("out", out.toString());
    return result;
  }

  private Map<String, Object> ofRows(Backend backend) {
    try (MatrixSource z = input.open(rows)) {
      if (z.matrix().rows() < 2) {
        throw new InputException(
            "%s: a context of %d token has nothing to be explained by",
            z.name(), z.matrix().rows());
      }
      try {
        return ofRows(backend, z.matrix());
      } catch (InputException e) {
        throw new InputException(e, "%s: %s", z.name(), e.getMessage());
      }
    }
  }

  private Map<String, Object> ofRows(Backend backend, Matrix z) {
    // The Lasso holds the products of each row it has taken, at most min(n, d), with all rows.
    double n = z.rows();
    backend.requireMemory(
        4 * n * z.columns() + 8 * n * Math.min(n, z.columns()),
        "a copy of the rows and the Lasso's products of them",
        "give fewer rows");
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("n", z.rows());
    result.put("d", z.columns());
    result.put("eps", eps);
    double c = InformationGain.scale(z.rows(), z.columns(), eps);
    result.put("scale", c);
    try (Matrix.Owned unit = InformationGain.unitRows(z)) {
      double[] gains = InformationGain.logDeterminant(backend, unit, c);
      double[] ridge = InformationGain.ridge(backend, unit, c);
      double difference = 0;
      for (int t = 0; t < gains.length; t++) {
        difference = Math.max(difference, Math.abs(gains[t] - ridge[t]));
      }
      result.put("information_gain", gains);
      result.put("information_gain_ridge", ridge);
      result.put("max_difference", difference);
      result.put("coding_length", Arrays.stream(gains).sum() * (z.rows() + z.columns()) / 2);
      result.put("spread", spread(gains));
    }
    int target = z.intRows() - 1;
    TokenLasso.Selection selection =
        TokenLasso.of(select)
            .select(
                backend, z, new Regression.Problem[] {new Regression.Problem(0, target, target)})[
            0];
    result.put("lasso_tokens", selection.tokens());
    result.put("lasso_coefficients", selection.coefficients());
    result.put("lasso_penalty", selection.penalty());
    return result;
  }

  private static Map<String, Object> spread(double[] gains) {
    Spread spread = Spread.of(gains);
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("gini", spread.gini());
    map.put("effective_number", spread.effectiveNumber());
    map.put("effective_share", spread.effectiveShare());
    return map;
  }
}
