package org.geodex.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The launcher from a cold JVM to its answer; the first call builds where that is due. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2)
@Measurement(iterations = 10)
public class ColdStartBenchmark {
  @Param({"--version", "doctor"})
  public String command;

  @Setup
  public void setUp() {
    Work.perCall(0, 0, 1);
  }

  @Benchmark
  public String start() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(Project.root().resolve("geodex").toString(), command)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = process.waitFor();
    if (exit != 0 || !out.contains("geodex")) {
      throw new IllegalStateException("geodex %s: exit %d, %s".formatted(command, exit, out));
    }
    return out;
  }
}
