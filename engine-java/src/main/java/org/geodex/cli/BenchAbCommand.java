package org.geodex.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.geodex.benchmark.AlternatingRun;
import org.geodex.benchmark.AlternatingRun.Outcome;
import org.geodex.benchmark.AlternatingRun.Plan;
import org.geodex.benchmark.JmhBuild;
import org.geodex.benchmark.Worktrees;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code geodex bench ab}: exit 6 when something became slower. */
@Command(
    name = "ab",
    mixinStandardHelpOptions = true,
    description = {
      "Build two revisions of a JMH project and run them alternately on this machine.",
      "Rounds of base against base come first and show what the machine makes up by itself;",
      "then every round is one fork of each build, in random order, and an exact test judges the",
      "pairs. Rounds are added while the result is too noisy to tell."
    },
    footer = {
      "",
      "Exit codes: 0 nothing became slower, 6 something did, 3 a revision that cannot be built.",
      "Example: geodex bench ab --base main --new HEAD --filter Knn"
    })
final class BenchAbCommand implements Callable<Integer> {
  @Option(
      names = "--base",
      required = true,
      paramLabel = "REV",
      description = "Revision before the change, or a folder that holds it built.")
  String base;

  @Option(
      names = "--new",
      required = true,
      paramLabel = "REV",
      description = "Revision after it, or a folder that holds it built.")
  String changed;

  @Option(
      names = "--project",
      paramLabel = "DIR",
      defaultValue = ".",
      description = "The Git repository of the revisions (default: the current folder).")
  Path project;

  @Option(
      names = "--build",
      paramLabel = "CMD",
      defaultValue = "mvn -B -q -Dfast -Dgeodex.cxx=none -DskipTests package",
      description = "Shell command that builds a revision (default: ${DEFAULT-VALUE}).")
  String build;

  @Option(
      names = "--jar",
      paramLabel = "PATH",
      defaultValue = JmhBuild.JAR,
      description =
          "The built benchmarks, with their libraries inside or in lib beside (default"
              + " ${DEFAULT-VALUE}).")
  String jar;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "10",
      description = "Forks of each build before a look at the results (default ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--max-rounds",
      paramLabel = "N",
      defaultValue = "30",
      description = "Forks of each build after which to stop (default ${DEFAULT-VALUE}).")
  int mostRounds;

  @Option(
      names = "--noise-rounds",
      paramLabel = "N",
      defaultValue = "6",
      description = "Rounds of base against base, 0 for none (default ${DEFAULT-VALUE}).")
  int noiseRounds;

  @Option(
      names = "--level",
      paramLabel = "P",
      defaultValue = "0.01",
      description = "Chance of a false alarm in the whole comparison (default ${DEFAULT-VALUE}).")
  double level;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Seed of the order within the rounds (default ${DEFAULT-VALUE}).")
  long seed;

  @Option(
      names = "--base-jvm",
      paramLabel = "ARG",
      description = "JVM flag of the base forks alone; may be repeated.")
  List<String> baseJvm = List.of();

  @Option(
      names = "--new-jvm",
      paramLabel = "ARG",
      description = "JVM flag of the new forks alone; may be repeated.")
  List<String> newJvm = List.of();

  @Option(
      names = "--jmh",
      paramLabel = "ARG",
      description = "Option of JMH for both, such as --jmh=-wi --jmh=3; may be repeated.")
  List<String> jmh = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Also write base.json and new.json there, as bench compare reads them.")
  Path out;

  @Mixin FilterOption filter;

  @Mixin ComparisonOptions options;

  @Mixin LogOptions logging;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Plan plan = plan();
    Consumer<String> progress = logging.progress(spec);
    Consumer<String> log = logging.debug ? progress : line -> {};
    try (AtomicOutputs outputs = AtomicOutputs.open();
        Builds builds = new Builds(log)) {
      progress.accept("building " + base + " and " + changed);
      JmhBuild before = builds.of(base, baseJvm);
      JmhBuild after = builds.of(changed, newJvm);
      List<String> known = after.names(filter.text());
      List<String> names = before.names(filter.text()).stream().filter(known::contains).toList();
      Outcome outcome = AlternatingRun.of(before, after, names, plan, progress);
      write(outputs, outcome);
      Map<String, Object> more = new LinkedHashMap<>();
      more.put("base", base);
      more.put("new", changed);
      more.put("level", level);
      more.put("looks", plan.looks());
      return options.print(spec, "bench ab", outcome.comparison(), more);
    }
  }

  private Plan plan() {
    if (rounds < 5 || mostRounds < rounds || mostRounds > 60 || noiseRounds < 0) {
      throw new UsageException(
          "--rounds %d --max-rounds %d --noise-rounds %d: expected at least 5 rounds, no fewer"
              + " and up to 60 at most, and 0 or more of noise",
          rounds, mostRounds, noiseRounds);
    }
    return new Plan(rounds, mostRounds, noiseRounds, options.rules(level, 1), seed);
  }

  private void write(AtomicOutputs outputs, Outcome outcome) throws IOException {
    if (out != null) {
      outputs.folder(out);
      outcome.base().write(outputs.file(out.resolve("base.json")));
      outcome.changed().write(outputs.file(out.resolve("new.json")));
      outputs.commit();
    }
  }

  /** Folders as they are; revisions in worktrees that go when this closes. */
  private final class Builds implements AutoCloseable {
    private final Consumer<String> log;
    private Worktrees worktrees;

    Builds(Consumer<String> log) {
      this.log = log;
    }

    JmhBuild of(String revision, List<String> jvm) {
      Path folder = Path.of(revision);
      if (!Files.exists(folder.resolve(jar))) {
        worktrees = worktrees == null ? new Worktrees(project, build, log) : worktrees;
        folder = worktrees.built(revision);
      }
      return JmhBuild.of(folder, jar, jvm, jmh, log);
    }

    @Override
    public void close() {
      if (worktrees != null) {
        worktrees.close();
      }
    }
  }
}
