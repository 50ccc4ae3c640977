package org.geodex.cli;

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
import picocli.CommandLine.Mixin;
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

  @Mixin FilterOption filter;

  @Mixin OutputOptions options;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    long start = System.nanoTime();
    JmhBuild build = JmhBuild.ofProject(options.progress(spec));
    int count;
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      Path part = outputs.file(out);
      count = BenchmarkRun.run(build, jmhOptions(), Diagnosis.environment(), part);
      outputs.commit();
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("command", "bench run");
    result.put("benchmarks", count);
    result.put("out", out.toString());
    result.put("seconds", (System.nanoTime() - start) * 1e-9);
    ResultPrinter.print(spec.commandLine().getOut(), options.json, result);
    return 0;
  }

  private List<String> jmhOptions() {
    List<String> jmh = new ArrayList<>(List.of(filter.text()));
    jmh.addAll(List.of("-prof", "org.geodex.benchmarks.CeilingProfiler", "-prof", "gc"));
    if (quick) {
      jmh.addAll(List.of("-f", "1", "-wi", "0", "-i", "1", "-r", "1"));
    }
    if (forks != null) {
      jmh.addAll(List.of("-f", String.valueOf(forks)));
    }
    return jmh;
  }
}
