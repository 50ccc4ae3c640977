package org.geodex.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaOptions;
import org.geodex.error.UnavailableException;
import org.geodex.memory.LeakLedger;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * One call of every benchmark on small inputs, in this JVM, so that none rots: each checks its own
 * result and must free what it took. Times are not looked at.
 */
class SmokeTest {
  static {
    // Another JMH on this machine disturbs times, which do not count here.
    System.setProperty("jmh.ignoreLock", "true");
    System.setProperty("geodex.benchmarks.small", "true");
  }

  /** Small values of the parameters by which benchmarks name their sizes. */
  private static final Map<String, String> SMALL =
      Map.of(
          "n", "130",
          "d", "24",
          "rowsRbf", "60",
          "layers", "2",
          "shape", "1x8",
          "threads", "2");

  /** The launcher may build first; {@code MainTest} covers starting. No emulator without g++. */
  private static final String LEFT_OUT =
      hasEmulator() ? "ColdStartBenchmark" : "ColdStartBenchmark|LaunchBenchmark";

  static boolean hasEmulator() {
    try (CudaContext context = CudaContext.open(new CudaOptions("panama", "emulator", 0))) {
      return context.emulated();
    } catch (UnavailableException e) {
      return false;
    }
  }

  @Test
  void everyBenchmarkRuns() throws RunnerException {
    long before = LeakLedger.open().size();
    Map<String, RunResult> results = new TreeMap<>();
    for (RunResult result : run()) {
      String key = result.getParams().getBenchmark() + " " + parameters(result);
      assertFalse(results.containsKey(key), key);
      results.put(key, result);
      assertTrue(result.getPrimaryResult().getScore() > 0, key);
      assertTrue(result.getSecondaryResults().containsKey("work.items"), key + "declares no Work");
    }
    var ran = new TreeSet<String>();
    results.values().forEach(result -> ran.add(result.getParams().getBenchmark()));
    var known = new TreeSet<String>();
    BenchmarkList.defaultList()
        .getAll(
            OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
            java.util.List.of(LEFT_OUT))
        .forEach(entry -> known.add(entry.getUsername()));
    assertEquals(known, ran);
    assertEquals(before, LeakLedger.open().size(), "native allocations left open");
  }

  private static String parameters(RunResult result) {
    StringBuilder text = new StringBuilder();
    for (String key : result.getParams().getParamsKeys()) {
      text.append(key).append('=').append(result.getParams().getParam(key)).append(' ');
    }
    return text.toString();
  }

  private static Collection<RunResult> run() throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(".*")
            .exclude(LEFT_OUT)
            .mode(Mode.SingleShotTime)
            .forks(0)
            .warmupIterations(0)
            .measurementIterations(1)
            .measurementTime(TimeValue.milliseconds(1))
            .addProfiler(CeilingProfiler.class)
            .shouldFailOnError(true)
            .shouldDoGC(false)
            .verbosity(VerboseMode.SILENT);
    SMALL.forEach(options::param);
    return new Runner(options.build()).run();
  }
}
