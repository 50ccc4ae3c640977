package org.geodex.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.geodex.benchmark.BenchmarkResults;
import org.geodex.benchmark.Comparison;
import org.geodex.benchmark.ComparisonText;
import org.geodex.benchmark.MachineCheck;
import org.geodex.error.UsageException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code geodex bench compare}: exit 6 when something became slower. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = {
      "Compare two JMH results files (-rf json) of this or any other project.",
      "Forks are the samples: Mann-Whitney U with Holm's correction, Hodges-Lehmann intervals."
    },
    footer = {
      "",
      "Exit codes: 0 nothing became slower, 6 something did, 3 a file that cannot be compared.",
      "Example: geodex bench compare base.json new.json --threshold 5%% --markdown"
    })
final class BenchCompareCommand implements Callable<Integer> {
  private static final int REGRESSION = 6;

  @Parameters(index = "0", paramLabel = "BASE.json", description = "Results before the change.")
  Path base;

  @Parameters(index = "1", paramLabel = "NEW.json", description = "Results after it.")
  Path changed;

  @Option(
      names = "--threshold",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "Change that matters, such as 5%% (default ${DEFAULT-VALUE}).")
  String threshold;

  @Option(
      names = "--level",
      paramLabel = "P",
      defaultValue = "0.05",
      description = "Chance of a false alarm in the whole comparison (default ${DEFAULT-VALUE}).")
  double level;

  @Option(
      names = "--min-forks",
      paramLabel = "N",
      defaultValue = "5",
      description = "Refuse results of fewer forks (default ${DEFAULT-VALUE}).")
  int minimumForks;

  @Option(names = "--any-machine", description = "Compare results of different machines too.")
  boolean anyMachine;

  @ArgGroup Form form = new Form();

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

  @Option(names = "--debug", description = "Show the stack trace of an error.")
  boolean debug;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    var rules = new Comparison.Rules(fraction(threshold), checkedLevel(), checkedForks());
    BenchmarkResults before = BenchmarkResults.read(base);
    BenchmarkResults after = BenchmarkResults.read(changed);
    if (!anyMachine) {
      MachineCheck.sameMachine(before, after);
    }
    Comparison comparison = Comparison.of(before, after, rules);
    print(comparison);
    return comparison.hasRegression() ? REGRESSION : 0;
  }

  private void print(Comparison comparison) throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (form.json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("command", "bench compare");
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
  }

  private double checkedLevel() {
    if (!(level > 0 && level < 1)) {
      throw new UsageException("--level %s: expected a number between 0 and 1", level);
    }
    return level;
  }

  private int checkedForks() {
    if (minimumForks < 1) {
      throw new UsageException("--min-forks %d: expected at least 1", minimumForks);
    }
    return minimumForks;
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
