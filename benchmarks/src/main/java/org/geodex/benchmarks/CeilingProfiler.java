package org.geodex.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * GFLOP/s, GB/s and items/s of benchmarks that declare their {@link Work}, with the share of the
 * {@link Ceilings} measured in the same JVM: {@code -prof org.geodex.benchmarks.CeilingProfiler}.
 */
public final class CeilingProfiler implements InternalProfiler {
  private static Ceilings ceilings;

  private long start;

  /** One a benchmark, before its set-up. */
  public CeilingProfiler() {
    Work.clear();
  }

  @Override
  public String getDescription() {
    return "work per second and share of the machine's ceilings";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    start = System.nanoTime();
  }

  @Override
  public Collection<? extends Result<?>> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    double seconds = (System.nanoTime() - start) * 1e-9 / result.getMetadata().getMeasuredOps();
    Work work = Work.current();
    List<ScalarResult> results = new ArrayList<>();
    if (work != null) {
      if (ceilings == null) {
        ceilings = Ceilings.measure();
      }
      add(results, "items", work.items() / seconds, "items/s");
      if (work.flops() > 0) {
        add(results, "flops", work.flops() / seconds * 1e-9, "GFLOP/s");
        add(results, "flops.share", work.flops() / seconds / ceilings.flopsPerSecond(), "of sgemm");
        add(results, "sgemm", ceilings.flopsPerSecond() * 1e-9, "GFLOP/s");
      }
      if (work.bytes() > 0) {
        add(results, "bytes", work.bytes() / seconds * 1e-9, "GB/s");
        add(
            results,
            "bytes.share",
            work.bytes() / seconds / ceilings.bytesPerSecond(),
            "of reading");
        add(results, "reading", ceilings.bytesPerSecond() * 1e-9, "GB/s");
      }
    }
    return results;
  }

  private static void add(List<ScalarResult> results, String label, double value, String unit) {
    results.add(new ScalarResult("work." + label, value, unit, AggregationPolicy.AVG));
  }
}
