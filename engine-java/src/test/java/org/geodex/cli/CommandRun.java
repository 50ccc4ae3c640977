package org.geodex.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;

/**
 * One command line, run inside the test's JVM: {@code CommandRun.of("kl", p, q, "--json").json()}.
 */
public record CommandRun(int exit, String out, String err) {

  /** Runs a command; arguments become strings, so paths may be passed as they are. */
  public static CommandRun of(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(Arrays.stream(args).map(String::valueOf).toArray(String[]::new));
    return new CommandRun(exit, out.toString(), err.toString());
  }

  /** What stdout holds, which must be one JSON object, from a run that succeeded. */
  public JsonNode json() {
    if (exit != 0) {
      throw new AssertionError("exit %d: %s".formatted(exit, err));
    }
    try {
      return new ObjectMapper().readTree(out);
    } catch (JsonProcessingException e) {
      throw new AssertionError("stdout is no JSON: " + out, e);
    }
  }
}
