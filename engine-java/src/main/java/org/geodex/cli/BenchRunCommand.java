package org.geodex.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.geodex.benchmark.BenchmarkRun;
import org.geodex.benchmark.JmhBuild;
import org.geodex.file.AtomicOutputs;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code geodex bench run}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Run the project's JMH benchmarks and write JMH's JSON with an environment block,",
      "as bench compare reads it. JMH's own report goes to stderr."
    },
    footer = {"", "Example: geodex bench run --filter 'Knn' --forks 5 --out base.json"})
final class BenchRunCommand implements Callable<Integer> {
  @Option(
      names = "--filter",
      paramLabel = "RE",
      defaultValue = ".*",
      description = "Benchmarks whose name contains this regular expression (default: all).")
  String filter;

  @Option(
      names = "--forks",
      paramLabel = "N",
      description = "JVMs a benchmark; bench compare wants 5 (default: as each benchmark says).")
  Integer forks;

  @Option(
      names = "--quick",
      description = "One short iteration in one JVM: shows that every benchmark works, no more.")
  boolean quick;

  @Option(names = "--out", required = true, paramLabel = "R.json", description = "Results file.")
  Path out;

  @Option(names = "--json", description = "Print the summary as one JSON object on stdout.")
  boolean json;

  @Option(names = "--quiet", description = "Without JMH's report on stderr.")
  boolean quiet;

  @Option(names = "--debug", description = "Show the stack trace of an error.")
  boolean debug;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    long start = System.nanoTime();
    int count;
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      Path part = outputs.file(out);
      count = BenchmarkRun.run(build(), jmhOptions(), environment(), part);
      outputs.commit();
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("command", "bench run");
    result.put("benchmarks", count);
    result.put("out", out.toString());
    result.put("seconds", (System.nanoTime() - start) * 1e-9);
    ResultPrinter.print(spec.commandLine().getOut(), json, result);
    return 0;
  }

  private JmhBuild build() {
    PrintWriter err = spec.commandLine().getErr();
    return JmhBuild.of(
        BenchmarkRun.project(),
        JmhBuild.JAR,
        List.of(),
        List.of(),
        quiet ? line -> {} : err::println);
  }

  private List<String> jmhOptions() {
    List<String> options = new ArrayList<>(List.of(filter));
    options.addAll(List.of("-prof", "org.geodex.benchmarks.CeilingProfiler", "-prof", "gc"));
    if (quick) {
      options.addAll(List.of("-f", "1", "-wi", "0", "-i", "1", "-r", "1"));
    }
    if (forks != null) {
      options.addAll(List.of("-f", String.valueOf(forks)));
    }
    return options;
  }

  private static Map<String, String> environment() {
    Map<String, String> flat = new LinkedHashMap<>();
    flat.put("geodex", Version.text());
    flatten("processor", Diagnosis.processor(), flat);
    flatten("system", Diagnosis.system(), flat);
    flatten("openblas", Diagnosis.openBlas(), flat);
    flatten("cuda", Diagnosis.cuda(), flat);
    flat.put("threads", String.valueOf(Runtime.getRuntime().availableProcessors()));
    flat.put("clock_mhz", Diagnosis.clockMegahertz());
    flat.put("memory_total_bytes", String.valueOf(Diagnosis.memory().get("total_bytes")));
    return flat;
  }

  private static void flatten(String prefix, Map<String, Object> values, Map<String, String> flat) {
    values.forEach((key, value) -> flat.put(prefix + "_" + key, String.valueOf(value)));
  }
}
