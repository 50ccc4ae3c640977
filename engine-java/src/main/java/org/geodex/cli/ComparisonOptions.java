package org.geodex.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.benchmark.Comparison;
import org.geodex.benchmark.ComparisonText;
import org.geodex.error.UsageException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What counts as a change, and in which form a comparison is printed. */
final class ComparisonOptions {
  /** Exit code when something became slower. */
  private static final int REGRESSION = 6;

  @Option(
      names = "--threshold",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "Change that matters, such as 5%% (default ${DEFAULT-VALUE}).")
  private String threshold;

  @ArgGroup private Form form = new Form();

  /** At most one of the forms. */
  static final class Form {
    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    @Option(names = "--html", description = "Print a page.")
    boolean html;

    @Option(names = "--markdown", description = "Print a table for a pull request.")
    boolean markdown;

    @Option(
        names = "--github",
        description = "Print github-action-benchmark's JSON, and annotations on stderr.")
    boolean github;
  }

  /** Whether stdout is for a machine. */
  boolean json() {
    return form.json;
  }

  /** Prints in the chosen form and returns the exit code. */
  int print(CommandSpec spec, String command, Comparison comparison, Map<String, Object> more)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (form.json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("command", command);
      result.putAll(more);
      result.putAll(ComparisonText.map(comparison));
      ResultPrinter.print(out, true, result);
    } else if (form.github) {
      ComparisonText.githubAnnotations(comparison).forEach(spec.commandLine().getErr()::println);
      out.println(
          new ObjectMapper().writeValueAsString(ComparisonText.githubBenchmarks(comparison)));
    } else if (form.html) {
      out.print(ComparisonText.html(comparison));
    } else if (form.markdown) {
      out.println(ComparisonText.markdown(comparison));
    } else {
      out.print(ComparisonText.plain(comparison));
    }
    out.flush();
    return comparison.hasRegression() ? REGRESSION : 0;
  }

  /**
   * The rules with a chance of a false alarm.
   *
   * @param minimumForks fewer are refused
   */
  Comparison.Rules rules(double level, int minimumForks) {
    if (!(level > 0 && level < 1)) {
      throw new UsageException("--level %s: expected a number between 0 and 1", level);
    }
    if (minimumForks < 1) {
      throw new UsageException("--min-forks %d: expected at least 1", minimumForks);
    }
    return new Comparison.Rules(fraction(threshold), level, minimumForks);
  }

  /** A fraction from {@code 5%} or {@code 0.05}. */
  private static double fraction(String text) {
    try {
      boolean percent = text.endsWith("%");
      double value = Double.parseDouble(percent ? text.substring(0, text.length() - 1) : text);
      double fraction = percent ? value / 100 : value;
      if (fraction >= 0 && fraction < 1) {
        return fraction;
      }
    } catch (NumberFormatException e) {
      throw new UsageException(e, "--threshold %s: expected a share such as 5%%", text);
    }
    throw new UsageException("--threshold %s: expected a share such as 5%%", text);
  }
}
