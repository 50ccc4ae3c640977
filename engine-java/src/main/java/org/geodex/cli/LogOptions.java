package org.geodex.cli;

import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What a command says beside its result. */
class LogOptions {
  @Option(names = "--quiet", description = "No progress on stderr.")
  boolean quiet;

  @Option(names = "--debug", description = "Show the stack trace of an error.")
  boolean debug;

  /** Takes lines for stderr; none with {@code --quiet}. */
  Consumer<String> progress(CommandSpec spec) {
    return quiet ? line -> {} : spec.commandLine().getErr()::println;
  }
}
