package org.geodex.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.geodex.benchmark.AlternatingRun.Outcome;
import org.geodex.benchmark.AlternatingRun.Plan;
import org.geodex.benchmark.AlternatingRun.Side;
import org.geodex.benchmark.Comparison.Rules;
import org.geodex.benchmark.Comparison.Verdict;
import org.geodex.error.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rule of {@code bench ab}, on machines whose noise is known. */
class AlternatingRunTest {
  private static final Plan DEFAULT = plan(0);

  private static Plan plan(long seed) {
    return new Plan(10, 30, 6, new Rules(0.05, 0.01, 1), seed);
  }

  /** How a machine slows its forks down, each beside 2 % of luck of the single fork. */
  enum Noise {
    /** Nothing else. */
    QUIET,
    /** A fork is compiled one way or another: every fifth is 12 % slower. */
    TWO_COMPILATIONS,
    /** The clock wanders by 15 %, slowly against a fork. */
    DRIFT,
    /** It becomes slower all the time, 2 % a fork. */
    HEATING,
    /** The host takes up to 46 % of the processor away, for five forks in a row on average. */
    STEAL,
    /** A fifth of the forks meets somebody else's job and takes up to twice as long. */
    NEIGHBOURS
  }

  /** One machine with its state; both builds run on it. */
  private static final class Machine {
    private final Noise noise;
    private final SplittableRandom random;
    private double wander;
    private double stolen;
    private int forks;

    Machine(Noise noise, long seed) {
      this.noise = noise;
      this.random = new SplittableRandom(seed);
      this.wander = 0.15 * random.nextGaussian();
    }

    Side build(double cost) {
      return name -> List.of(fork(name, cost));
    }

    private BenchmarkResult fork(String name, double cost) {
      double level = 20 * cost * slowdown() * Math.exp(0.02 * random.nextGaussian());
      List<Double> iterations = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        iterations.add(level * Math.exp(0.01 * random.nextGaussian()));
      }
      return result(name, iterations);
    }

    private double slowdown() {
      forks++;
      return switch (noise) {
        case QUIET -> 1;
        case TWO_COMPILATIONS -> random.nextInt(5) == 0 ? 1.12 : 1;
        case DRIFT -> {
          wander = 0.98 * wander + 0.15 * Math.sqrt(1 - 0.98 * 0.98) * random.nextGaussian();
          yield Math.exp(wander);
        }
        case HEATING -> Math.pow(1.02, forks);
        case STEAL -> {
          if (random.nextInt(5) == 0) {
            stolen = random.nextInt(3) == 0 ? random.nextDouble(0.46) : 0;
          }
          yield 1 / (1 - stolen);
        }
        case NEIGHBOURS -> random.nextInt(5) == 0 ? random.nextDouble(1, 2) : 1;
      };
    }
  }

  private static BenchmarkResult result(String name, List<Double> iterations) {
    return new BenchmarkResult(name, "avgt", 1, Map.of(), "ms/op", List.of(iterations));
  }

  /** How many of {@code trials} comparisons of one benchmark end with each verdict. */
  private static Map<Verdict, Long> verdicts(Noise noise, double cost, int trials) {
    return IntStream.range(0, trials)
        .mapToObj(
            seed -> {
              Machine machine = new Machine(noise, seed);
              Side base = machine.build(1);
              Side changed = machine.build(cost);
              return AlternatingRun.of(base, changed, List.of("a"), plan(seed), line -> {});
            })
        .map(outcome -> outcome.comparison().rows().getFirst().verdict())
        .collect(Collectors.groupingBy(verdict -> verdict, Collectors.counting()));
  }

  /**
   * At 1 % more than two of 60 have a chance of 2 %; with 200 trials a model none had more than 6.
   */
  @ParameterizedTest
  @EnumSource
  void equalBuildsRaiseNoAlarm(Noise noise) {
    var verdicts = verdicts(noise, 1, 60);
    long alarms =
        verdicts.getOrDefault(Verdict.SLOWER, 0L) + verdicts.getOrDefault(Verdict.FASTER, 0L);
    assertTrue(alarms <= 2, verdicts.toString());
  }

  @ParameterizedTest
  @EnumSource
  void tenPercentAreFoundNineTimesOfTen(Noise noise) {
    var slower = verdicts(noise, 1.10, 40);
    assertTrue(slower.getOrDefault(Verdict.SLOWER, 0L) >= 36, slower.toString());
  }

  @Test
  void aSpeedUpIsFoundToo() {
    var faster = verdicts(Noise.STEAL, 1 / 1.10, 40);
    assertTrue(faster.getOrDefault(Verdict.FASTER, 0L) >= 36, faster.toString());
  }

  @Test
  void oneOfManyIsNamed() {
    Machine machine = new Machine(Noise.STEAL, 7);
    List<String> names = IntStream.range(0, 20).mapToObj(i -> "b" + i).toList();
    Side slowed = name -> machine.build(name.equals("b7") ? 1.2 : 1).fork(name);
    var rows =
        AlternatingRun.of(machine.build(1), slowed, names, DEFAULT, line -> {}).comparison().rows();
    for (Comparison.Row row : rows) {
      assertEquals(row.key().equals("b7"), row.verdict() == Verdict.SLOWER, row.toString());
    }
  }

  /** Quiet equal builds are the same after the first look; what is unclear runs to the end. */
  @Test
  void roundsAreAddedWhileUnclear() {
    Machine quiet = new Machine(Noise.QUIET, 1);
    Outcome same =
        AlternatingRun.of(quiet.build(1), quiet.build(1), List.of("a"), DEFAULT, line -> {});
    assertEquals(Verdict.SAME, same.comparison().rows().getFirst().verdict());
    assertEquals(10, same.base().results().get("a").forks().size());
    SplittableRandom coin = new SplittableRandom(1);
    Side wild = name -> List.of(result(name, List.of(coin.nextBoolean() ? 10.0 : 20.0)));
    Outcome unclear = AlternatingRun.of(wild, wild, List.of("a"), DEFAULT, line -> {});
    assertEquals(30, unclear.changed().results().get("a").forks().size());
  }

  /**
   * A difference no larger than that of base against base is no finding. The first three of the
   * twelve forks cost half: one build gets two of them, so that the lower halves differ by ln 2 /
   * 3.
   */
  @Test
  void noiseOfEqualBuildsRaisesTheThreshold() {
    int[] forks = {0};
    Side base = name -> List.of(result(name, List.of(forks[0]++ < 3 ? 5.0 : 10.0)));
    Side slower = name -> List.of(result(name, List.of(11.0)));
    var row =
        AlternatingRun.of(base, slower, List.of("a"), DEFAULT, line -> {})
            .comparison()
            .rows()
            .getFirst();
    assertTrue(row.noise() > 0.2 && row.noise() < 0.27, row.toString());
    assertTrue(row.p() < 0.01 && row.effect() > 0.09, row.toString());
    assertEquals(Verdict.UNCLEAR, row.verdict());
  }

  @Test
  void bothOrdersOccur() {
    List<String> order = new ArrayList<>();
    Side base = recorded(order, "b");
    Side changed = recorded(order, "n");
    AlternatingRun.of(base, changed, List.of("a"), new Plan(10, 10, 0, Rules.DEFAULT, 3), l -> {});
    assertEquals(20, order.size());
    Set<String> rounds = new HashSet<>();
    for (int i = 0; i < 20; i += 2) {
      rounds.add(order.get(i) + order.get(i + 1));
    }
    assertEquals(Set.of("bn", "nb"), rounds);
  }

  private static Side recorded(List<String> order, String label) {
    return name -> {
      order.add(label);
      return List.of(result(name, List.of(1.0)));
    };
  }

  @Test
  void nothingToRunIsBadInput() {
    Side none = name -> List.of();
    assertThrows(
        InputException.class, () -> AlternatingRun.of(none, none, List.of(), DEFAULT, line -> {}));
  }
}
