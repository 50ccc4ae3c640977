package org.geodex.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.geodex.error.InputException;
import org.geodex.error.UnavailableException;

/**
 * Runs the project's JMH benchmarks in a JVM of their own, with the flags of {@code jvm.options}.
 */
public final class BenchmarkRun {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path project;

  private BenchmarkRun(Path project) {
    this.project = project;
  }

  /**
   * The benchmarks of the checkout that the launcher started from.
   *
   * @throws UnavailableException when they are not built, with the command that builds them
   */
  public static BenchmarkRun inProject() {
    String home = System.getProperty("geodex.home");
    Path project = Path.of(home == null ? "." : home).toAbsolutePath().normalize();
    if (!Files.exists(jar(project))) {
      throw new UnavailableException(
          "%s does not exist: build it in %s with mvn -DskipTests package", jar(project), project);
    }
    return new BenchmarkRun(project);
  }

  private static Path jar(Path project) {
    return project.resolve("benchmarks/target/benchmarks.jar");
  }

  /**
   * Runs benchmarks and writes {@code {"environment": …, "results": JMH's list}}.
   *
   * @param options JMH's command line options, first the filter
   * @param environment what the caller knows of the machine
   * @param out an existing file to fill
   * @param log takes JMH's report line by line
   * @return the number of results
   */
  public int run(
      List<String> options, Map<String, String> environment, Path out, Consumer<String> log)
      throws IOException, InterruptedException {
    Path results = Files.createTempFile("geodex-jmh", ".json");
    try {
      Process jmh = start(options, results);
      try (BufferedReader lines = jmh.inputReader()) {
        lines.lines().forEach(log);
      } finally {
        jmh.destroy();
      }
      int exit = jmh.waitFor();
      if (exit != 0 || Files.size(results) == 0) {
        throw new InputException(
            "%s: JMH ended with exit code %d and no results", options.getFirst(), exit);
      }
      JsonNode list = JSON.readTree(results.toFile());
      ObjectNode root = JSON.createObjectNode();
      ObjectNode block = root.putObject("environment");
      environment.forEach(block::put);
      block.put("commit", commit());
      block.put("date", Instant.now().toString());
      root.set("results", list);
      JSON.writerWithDefaultPrettyPrinter().writeValue(out.toFile(), root);
      return list.size();
    } finally {
      Files.deleteIfExists(results);
    }
  }

  private Process start(List<String> options, Path results) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + project.resolve("jvm.options"));
    command.add("-cp");
    command.add(jar(project) + ":" + project.resolve("benchmarks/target/lib") + "/*");
    command.add("org.openjdk.jmh.Main");
    command.addAll(options);
    command.addAll(List.of("-foe", "true", "-rf", "json", "-rff", results.toString()));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private String commit() {
    try {
      Process git =
          new ProcessBuilder("git", "-C", project.toString(), "rev-parse", "HEAD")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (BufferedReader lines = git.inputReader()) {
        String line = lines.readLine();
        return line == null ? "unknown" : line;
      }
    } catch (IOException e) {
      return "unknown";
    }
  }
}
