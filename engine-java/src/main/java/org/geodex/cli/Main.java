package org.geodex.cli;

import org.geodex.error.GeodexException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code geodex COMMAND …}: one class a command, exit codes as in docs/conventions.md. */
@Command(
    name = "geodex",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "The geometry and the information inside language models, measured fast.",
    subcommands = {
      CorpusCommand.class,
      EntropyCommand.class,
      KlCommand.class,
      MiCommand.class,
      PairwiseCommand.class,
      SimilarityCommand.class,
    },
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 bad input, 4 backend or device not",
      "available, 5 would not fit in memory.",
      "Example: geodex analyze --model DIR --text FILE --out DIR"
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs one command line and returns its exit code. */
  public static int run(String... args) {
    return commandLine().execute(args);
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Main::report);
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "name a COMMAND");
  }

  /** One sentence and an exit code for every failure; the stack trace only with {@code --debug}. */
  private static int report(Exception e, CommandLine command, ParseResult parsed) {
    boolean debug = parsed.expandedArgs().contains("--debug");
    String name = command.getCommandName();
    if (debug) {
      e.printStackTrace(command.getErr());
    } else if (e instanceof GeodexException) {
      command.getErr().printf("geodex %s: %s%n", name, e.getMessage());
    } else {
      command.getErr().printf("geodex %s: internal error: %s (--debug shows where)%n", name, e);
    }
    return e instanceof GeodexException known ? known.exitCode() : 1;
  }
}
