package org.geodex.benchmark;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.geodex.benchmark.Comparison.Rules;
import org.geodex.benchmark.Comparison.Verdict;
import org.geodex.error.InputException;

/**
 * Measures two builds on one machine whose speed drifts. A round is one fork of each build, one
 * after the other, in an order drawn anew: with equal builds the sign of a round's difference is a
 * coin, whatever the machine does meanwhile, so the test of {@link PairedShift} keeps its level
 * under any noise.
 *
 * <p>First rounds of base against base show what difference this machine makes up; then the builds
 * alternate. After every {@code rounds} rounds the benchmarks still too noisy to tell go on, up to
 * {@code mostRounds}; each of those looks has its share of the level (Bonferroni).
 */
public final class AlternatingRun {
  private final Plan plan;
  private final Consumer<String> log;
  private final SplittableRandom random;

  private AlternatingRun(Plan plan, Consumer<String> log) {
    this.plan = plan;
    this.log = log;
    this.random = new SplittableRandom(plan.seed);
  }

  /** A build that can be measured. */
  public interface Side {
    /** One fork of a benchmark, a result for each of its parameters. */
    List<BenchmarkResult> fork(String benchmark);
  }

  /**
   * How long to measure.
   *
   * @param rounds rounds before each look at the results
   * @param mostRounds rounds after which what is not clear stays so
   * @param noiseRounds rounds of base against base, 0 for none
   * @param rules threshold and level of the whole
   * @param seed of the order within the rounds
   */
  public record Plan(int rounds, int mostRounds, int noiseRounds, Rules rules, long seed) {
    /** How often the results are judged at most. */
    public int looks() {
      return (mostRounds + rounds - 1) / rounds;
    }

    private Rules rulesOfALook() {
      return new Rules(rules.threshold(), rules.level() / looks(), 1);
    }
  }

  /**
   * What was measured and what follows.
   *
   * @param base the base forks, in the order they ran
   * @param changed the new forks; the i-th ran beside the i-th of base
   */
  public record Outcome(BenchmarkResults base, BenchmarkResults changed, Comparison comparison) {}

  /**
   * Measures and compares.
   *
   * @param benchmarks names that both builds have
   * @param log takes a line a round
   * @throws InputException when there are none
   */
  public static Outcome of(
      Side base, Side changed, List<String> benchmarks, Plan plan, Consumer<String> log) {
    if (benchmarks.isEmpty()) {
      throw new InputException("no benchmark to run: none of both builds passes the filter");
    }
    return new AlternatingRun(plan, log).run(base, changed, benchmarks);
  }

  private Outcome run(Side base, Side changed, List<String> benchmarks) {
    Map<String, Double> noise = noise(base, benchmarks);
    Forks before = new Forks("base");
    Forks after = new Forks("new");
    Comparison comparison = null;
    List<String> open = benchmarks;
    for (int done = 0; done < plan.mostRounds && !open.isEmpty(); ) {
      int until = Math.min(done + plan.rounds, plan.mostRounds);
      for (; done < until; done++) {
        log.accept(
            "round %d of at most %d: %d benchmarks"
                .formatted(done + 1, plan.mostRounds, open.size()));
        round(base, before, changed, after, open);
      }
      comparison =
          Comparison.ofPairs(before.results(), after.results(), plan.rulesOfALook(), noise);
      open = unclear(comparison, before, open);
    }
    return new Outcome(before.results(), after.results(), comparison);
  }

  /** |effect| of base against base for every benchmark and its parameters. */
  private Map<String, Double> noise(Side base, List<String> benchmarks) {
    Map<String, Double> noise = new LinkedHashMap<>();
    if (plan.noiseRounds > 0) {
      Forks one = new Forks("base");
      Forks other = new Forks("base again");
      for (int round = 1; round <= plan.noiseRounds; round++) {
        log.accept("base against base, round %d of %d".formatted(round, plan.noiseRounds));
        round(base, one, base, other, benchmarks);
      }
      Comparison.ofPairs(one.results(), other.results(), plan.rulesOfALook(), Map.of())
          .rows()
          .forEach(row -> noise.put(row.key(), Math.abs(row.effect())));
    }
    return noise;
  }

  private void round(Side base, Forks before, Side changed, Forks after, List<String> benchmarks) {
    for (String benchmark : benchmarks) {
      boolean baseFirst = random.nextBoolean();
      if (baseFirst) {
        before.add(base.fork(benchmark));
      }
      after.add(changed.fork(benchmark));
      if (!baseFirst) {
        before.add(base.fork(benchmark));
      }
    }
  }

  private static List<String> unclear(Comparison comparison, Forks forks, List<String> open) {
    List<String> keys =
        comparison.rows().stream()
            .filter(row -> row.verdict() == Verdict.UNCLEAR)
            .map(Comparison.Row::key)
            .toList();
    return open.stream()
        .filter(name -> keys.stream().anyMatch(key -> forks.byKey.get(key).name().equals(name)))
        .toList();
  }

  /** The forks of one build so far. */
  private record Forks(String name, SequencedMap<String, BenchmarkResult> byKey) {
    Forks(String name) {
      this(name, new LinkedHashMap<>());
    }

    void add(List<BenchmarkResult> fork) {
      fork.forEach(result -> byKey.merge(result.key(), result, BenchmarkResult::with));
    }

    BenchmarkResults results() {
      return new BenchmarkResults(Path.of(name), Map.of(), byKey);
    }
  }
}
