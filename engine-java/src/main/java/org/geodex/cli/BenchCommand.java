package org.geodex.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code geodex bench …}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Benchmarks and the performance regression gate.",
    subcommands = {
      BenchAbCommand.class,
      BenchCompareCommand.class,
      BenchGrowthCommand.class,
      BenchPeersCommand.class,
      BenchRunCommand.class,
    },
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Example: geodex bench compare base.json new.json --threshold 5%%"})
final class BenchCommand implements Runnable {
  @Spec CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "name a COMMAND");
  }
}
