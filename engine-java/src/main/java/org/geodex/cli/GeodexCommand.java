package org.geodex.cli;

import static java.util.stream.Collectors.joining;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.error.UsageException;
import org.geodex.intervention.Design;
import org.geodex.report.Report;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * What every command on matrices or models does alike: open the backend, time the work, print the
 * result. A result is one map: with {@code --json} it is the only thing on stdout, otherwise it is
 * shown as lines.
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
    try (Backend backend = Backends.open(backendOptions())) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("command", spec.name());
      result.put("backend", backend.name());
      result.put("device", backend.device());
      result.put("threads", backend.parallel().threads());
      result.put("seed", common.seed);
      Map<String, Object> own = run(backend);
      result.put("seconds", (System.nanoTime() - start) * 1e-9);
      result.putAll(own);
      if (!backend.hostOperations().isEmpty()) {
        result.put("host_operations", backend.hostOperations());
      }
      warn(result);
      ResultPrinter.print(spec.commandLine().getOut(), common.json, result);
    }
    return 0;
  }

  /** The kernels of cards pass NaN over where the CPU keeps it. */
  private BackendOptions backendOptions() {
    BackendOptions options = common.backendOptions();
    boolean insists =
        spec.mixins().values().stream()
            .anyMatch(mixin -> mixin.userObject() instanceof InputOptions in && in.allowNonfinite);
    if (insists && options.backend().equals("cuda")) {
      throw new UsageException(
          "--allow-nonfinite needs --backend cpu or scalar: a card computes with finite numbers");
    }
    return insists && options.backend().equals("auto") ? options.withBackend("cpu") : options;
  }

  /** {@code warnings} of a result go to stderr too, and only there when there is no JSON. */
  private void warn(Map<String, Object> result) {
    Object warnings = common.json ? result.get("warnings") : result.remove("warnings");
    if (warnings instanceof List<?> sentences) {
      sentences.forEach(
          sentence ->
              spec.commandLine()
                  .getErr()
                  .printf("%s: warning: %s%n", spec.qualifiedName(), sentence));
    }
  }

  /** For interventions: on the CPU a worker a thread; a device takes one after the other. */
  final Design.Machine machine(Backend backend) {
    BackendOptions single = common.backendOptions().withThreads(1);
    int workers = backend.name().equals("cuda") ? 1 : backend.parallel().threads();
    return new Design.Machine(backend, workers, () -> Backends.open(single));
  }

  /** A report that says with which version and command it was made, and where. */
  final Report report(Backend backend, String title, String summary) {
    Report report = new Report(title, summary);
    report.provenance().put("geodex", Version.text());
    report.provenance().put("java", Runtime.version().toString());
    List<String> args = spec.root().commandLine().getParseResult().originalArgs();
    report
        .provenance()
        .put(
            "command",
            args.stream().map(GeodexCommand::quoted).collect(joining(" ", "geodex ", "")));
    report.provenance().put("seed", common.seed);
    report.computedOn(backend);
    return report;
  }

  /** As a shell reads it back. */
  private static String quoted(String argument) {
    return argument.matches("[\\w@%+=:,./#-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  /** Progress of a loop of {@code total} steps; the caller closes it. */
  final Progress progress(String task, long total) {
    return common.quiet ? Progress.silent() : Progress.onTerminal(task, total);
  }
}
