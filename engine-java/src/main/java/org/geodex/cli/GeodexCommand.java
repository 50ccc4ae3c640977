package org.geodex.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.geodex.backend.Backend;
import org.geodex.backend.Backends;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * What every command does alike: open the backend, time the work, print the result. A result is one
 * map: with {@code --json} it is the only thing on stdout, otherwise it is shown as lines.
 */
abstract class GeodexCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Spec CommandSpec spec;

  /**
   * Does the work.
   *
   * @return the command's own JSON keys, in the order to show them. A {@code seconds} entry of its
   *     own replaces the total.
   */
  abstract Map<String, Object> run(Backend backend) throws Exception;

  @Override
  public final Integer call() throws Exception {
    long start = System.nanoTime();
    try (Backend backend = Backends.open(common.backendOptions())) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("command", spec.name());
      result.put("backend", backend.name());
      result.put("device", backend.device());
      result.put("threads", backend.parallel().threads());
      result.put("seed", common.seed);
      Map<String, Object> own = run(backend);
      result.put("seconds", (System.nanoTime() - start) * 1e-9);
      result.putAll(own);
      print(result);
    }
    return 0;
  }

  /** Progress of a loop of {@code total} steps; the caller closes it. */
  final Progress progress(String task, long total) {
    return common.quiet ? Progress.silent() : Progress.onTerminal(task, total);
  }

  private void print(Map<String, Object> result) throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (common.json) {
      out.println(
          new ObjectMapper()
              .configure(SerializationFeature.FAIL_ON_EMPTY_BEANS, false)
              .writeValueAsString(result));
    } else {
      result.forEach((key, value) -> out.printf("%-18s %s%n", key, value));
    }
    out.flush();
  }
}
