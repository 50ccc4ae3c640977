package org.geodex.cli;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.geodex.error.UsageException;
import picocli.CommandLine.Option;

/** Which benchmarks, operations or workloads a command runs. */
final class FilterOption {
  @Option(
      names = "--filter",
      paramLabel = "RE",
      defaultValue = ".*",
      description = "Only those whose name contains this regular expression (default: all).")
  private String filter;

  /** The expression, which is one. */
  String text() {
    return pattern().pattern();
  }

  Pattern pattern() {
    try {
      return Pattern.compile(filter);
    } catch (PatternSyntaxException e) {
      throw new UsageException(
          e, "--filter %s: is no regular expression (%s)", filter, e.getDescription());
    }
  }
}
