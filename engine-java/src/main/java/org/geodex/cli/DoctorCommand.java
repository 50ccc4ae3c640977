package org.geodex.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.geodex.backend.BackendOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What this machine offers, and why the rest is not available. It opens no backend. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Show processor, memory, BLAS, CUDA and versions,",
      "with the reason for whatever is not available."
    },
    footer = {"", "Example: geodex doctor --json"})
final class DoctorCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    long start = System.nanoTime();
    BackendOptions options = common.backendOptions();
    Map<String, Object> cuda = Diagnosis.cuda(); // first: a process keeps the driver it has opened
    boolean onCard = options.backend().equals("cuda");
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("command", spec.name());
    result.put("backend", options.backend().equals("auto") ? "cpu" : options.backend());
    result.put("device", onCard ? Diagnosis.card(options) : Diagnosis.processor().get("name"));
    result.put("threads", options.threads());
    result.put("seed", common.seed);
    result.put("geodex", Version.text());
    result.put("java", Diagnosis.java());
    result.put("system", Diagnosis.system());
    result.put("processor", Diagnosis.processor());
    result.put("memory", Diagnosis.memory());
    result.put("openblas", Diagnosis.openBlas());
    result.put("cuda", cuda);
    result.put("cache", String.valueOf(org.geodex.blas.NativeLibraries.cache()));
    result.put("seconds", (System.nanoTime() - start) * 1e-9);
    ResultPrinter.print(spec.commandLine().getOut(), common.json, result);
    return 0;
  }
}
