package org.geodex.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.geodex.error.InputException;
import org.geodex.error.UnavailableException;

/**
 * A built JMH project: a jar with benchmarks, its libraries inside or in {@code lib} beside it, and
 * the JVM flags in the project's {@code jvm.options}, if there is one.
 *
 * @param folder the project
 * @param jar the benchmarks, absolute
 * @param jvmArguments more flags of the forks
 * @param options more options of JMH
 * @param log takes JMH's report line by line
 */
public record JmhBuild(
    Path folder, Path jar, List<String> jvmArguments, List<String> options, Consumer<String> log)
    implements AlternatingRun.Side {
  /** Where the benchmarks of this project are, seen from its root. */
  public static final String JAR = "benchmarks/target/benchmarks.jar";

  private static final int LINES_KEPT = 4;

  /**
   * A build with its benchmarks at {@code jar}, seen from the project.
   *
   * @throws UnavailableException when they are not built
   */
  public static JmhBuild of(
      Path folder,
      String jar,
      List<String> jvmArguments,
      List<String> options,
      Consumer<String> log) {
    Path root = folder.toAbsolutePath().normalize();
    Path file = root.resolve(jar);
    if (!Files.exists(file)) {
      throw new UnavailableException(
          "%s does not exist: build it in %s with mvn -DskipTests package", file, root);
    }
    return new JmhBuild(root, file, List.copyOf(jvmArguments), List.copyOf(options), log);
  }

  /** The benchmarks of the project that the launcher started from. */
  public static JmhBuild ofProject(Consumer<String> log) {
    return of(BenchmarkRun.project(), JAR, List.of(), List.of(), log);
  }

  /** Names of the benchmarks whose name contains a regular expression. */
  public List<String> names(String filter) {
    List<String> names = new ArrayList<>();
    jmh(List.of("-l", filter), names::add);
    return names.stream().filter(line -> line.matches("[\\w.$]+")).toList();
  }

  @Override
  public List<BenchmarkResult> fork(String benchmark) {
    return fork(benchmark, List.of());
  }

  /** One fork of a benchmark with further options of JMH. */
  public List<BenchmarkResult> fork(String benchmark, List<String> more) {
    try {
      Path results = Files.createTempFile("geodex-jmh", ".json");
      try {
        String exactly = "^" + benchmark.replace("$", "\\$").replace(".", "\\.") + "$";
        List<String> arguments = new ArrayList<>(List.of(exactly, "-f", "1"));
        arguments.addAll(more);
        run(arguments, results);
        return List.copyOf(BenchmarkResults.read(results).results().values());
      } finally {
        Files.deleteIfExists(results);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs JMH with options and writes its JSON to a file. */
  void run(List<String> filterAndOptions, Path results) {
    List<String> all = new ArrayList<>(filterAndOptions);
    all.addAll(options);
    if (!jvmArguments.isEmpty()) {
      all.addAll(List.of("-jvmArgsAppend", String.join(" ", jvmArguments)));
    }
    all.addAll(List.of("-foe", "true", "-rf", "json", "-rff", results.toString()));
    jmh(all, log);
  }

  private void jmh(List<String> arguments, Consumer<String> lines) {
    java("org.openjdk.jmh.Main", arguments, lines);
  }

  /**
   * Runs a main class of the build to its end.
   *
   * @param lines takes what it prints
   * @throws InputException when it fails, with the last of what it printed
   */
  public void java(String main, List<String> arguments, Consumer<String> lines) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (Files.exists(folder.resolve("jvm.options"))) {
      command.add("@" + folder.resolve("jvm.options"));
    }
    command.addAll(List.of("-cp", jar + ":" + jar.resolveSibling("lib") + "/*", main));
    command.addAll(arguments);
    List<String> last = new ArrayList<>();
    int exit =
        run(
            new ProcessBuilder(command).directory(folder.toFile()),
            line -> {
              keep(last, line);
              lines.accept(line);
            });
    if (exit != 0) {
      throw new InputException(
          "%s: %s ended with exit code %d (%s)", jar, main, exit, String.join("; ", last));
    }
  }

  private static void keep(List<String> last, String line) {
    if (!line.isBlank()) {
      last.add(line.strip());
      if (last.size() > LINES_KEPT) {
        last.removeFirst();
      }
    }
  }

  /** Runs a program to its end, both of its outputs to {@code lines}; its exit code. */
  static int run(ProcessBuilder builder, Consumer<String> lines) {
    try {
      Process process = builder.redirectErrorStream(true).start();
      process.getOutputStream().close();
      try (BufferedReader reader = process.inputReader()) {
        reader.lines().forEach(lines);
        return process.waitFor();
      } finally {
        process.destroy();
      }
    } catch (IOException e) {
      throw new InputException(
          e, "%s: cannot be run (%s)", builder.command().getFirst(), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InputException(e, "%s: interrupted", builder.command().getFirst());
    }
  }
}
