package org.geodex.cli;

import picocli.CommandLine.Option;

/** How a command prints its result. */
class OutputOptions extends LogOptions {
  @Option(names = "--json", description = "Print the result as one JSON object on stdout.")
  boolean json;
}
