package org.geodex.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
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
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("command", spec.name());
    result.put("geodex", Version.text());
    result.put("java", Diagnosis.java());
    result.put("system", Diagnosis.system());
    result.put("processor", Diagnosis.processor());
    result.put("memory", Diagnosis.memory());
    result.put("openblas", Diagnosis.openBlas());
    result.put("cuda", Diagnosis.cuda());
    result.put("cache", String.valueOf(org.geodex.blas.NativeLibraries.cache()));
    ResultPrinter.print(spec.commandLine().getOut(), common.json, result);
    return 0;
  }
}
