package org.geodex.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs the project's JMH benchmarks and writes JMH's JSON with what is known of the machine. */
public final class BenchmarkRun {
  private static final ObjectMapper JSON = new ObjectMapper();

  private BenchmarkRun() {}

  /** The checkout that the launcher started from. */
  public static Path project() {
    String home = System.getProperty("geodex.home");
    return Path.of(home == null ? "." : home).toAbsolutePath().normalize();
  }

  /**
   * Runs benchmarks and writes {@code {"environment": …, "results": JMH's list}}.
   *
   * @param options JMH's command line options, first the filter
   * @param environment what the caller knows of the machine
   * @param out an existing file to fill
   * @return the number of results
   */
  public static int run(
      JmhBuild build, List<String> options, Map<String, String> environment, Path out)
      throws IOException {
    Path results = Files.createTempFile("geodex-jmh", ".json");
    try {
      build.run(options, results);
      JsonNode list = JSON.readTree(results.toFile());
      ObjectNode root = JSON.createObjectNode();
      ObjectNode block = root.putObject("environment");
      stamped(environment, build.folder()).forEach(block::put);
      root.set("results", list);
      JSON.writerWithDefaultPrettyPrinter().writeValue(out.toFile(), root);
      return list.size();
    } finally {
      Files.deleteIfExists(results);
    }
  }

  /** An environment with the project's commit and the time of day. */
  public static Map<String, String> stamped(Map<String, String> environment, Path project) {
    Map<String, String> stamped = new LinkedHashMap<>(environment);
    stamped.put("commit", commit(project));
    stamped.put("date", Instant.now().toString());
    return stamped;
  }

  private static String commit(Path folder) {
    List<String> lines = new ArrayList<>();
    var git = new ProcessBuilder("git", "-C", folder.toString(), "rev-parse", "HEAD");
    return JmhBuild.run(git, lines::add) == 0 ? lines.getFirst() : "unknown";
  }
}
