package org.geodex.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.geodex.benchmark.BenchmarkResults;
import org.geodex.benchmark.Comparison;
import org.geodex.benchmark.MachineCheck;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
  @Parameters(index = "0", paramLabel = "BASE.json", description = "Results before the change.")
  Path base;

  @Parameters(index = "1", paramLabel = "NEW.json", description = "Results after it.")
  Path changed;

  @Mixin ComparisonOptions options;

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

  @Mixin LogOptions logging;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Comparison.Rules rules = options.rules(level, minimumForks);
    BenchmarkResults before = BenchmarkResults.read(base);
    BenchmarkResults after = BenchmarkResults.read(changed);
    if (!anyMachine) {
      MachineCheck.sameMachine(before, after);
    }
    return options.print(spec, "bench compare", Comparison.of(before, after, rules), Map.of());
  }
}
