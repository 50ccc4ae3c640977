package org.geodex.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.geodex.error.InputException;
import org.geodex.error.UnavailableException;

/**
 * Benchmarks beside other libraries on the same inputs: in every round one fork of ours and one
 * process of each peer, one after the other.
 *
 * @param workload in words
 * @param peer library and method; what is not installed has its reason here
 * @param version of the library, empty where it is missing
 * @param seconds ours, the median of the rounds
 * @param peerSeconds theirs
 * @param ratio the median over the rounds of theirs over ours
 * @param low the lowest round
 * @param high the highest: the interval of r rounds holds the median ratio with 1 − 2^(1−r)
 */
public record PeerComparison(
    String workload,
    String peer,
    String version,
    double seconds,
    double peerSeconds,
    double ratio,
    double low,
    double high) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Short forks: warm-up and measured iterations of a second. */
  private static final List<String> FORK = List.of("-wi", "2", "-w", "1", "-i", "3", "-r", "1");

  /**
   * One entry of {@code peers.json}.
   *
   * @param benchmark end of the JMH benchmark's name
   * @param params its parameters
   * @param inputs matrices that the peers read, as {@code InputFiles} makes them
   * @param peers functions of {@code peers.py}
   */
  public record Workload(
      String workload,
      String benchmark,
      Map<String, String> params,
      List<String> inputs,
      List<String> peers) {}

  /** Whether the peer is not installed. */
  public boolean isMissing() {
    return version.isEmpty();
  }

  /** Reads the list of workloads. */
  public static List<Workload> workloads(Path file) {
    try {
      return JSON.readValue(Files.readString(file), new TypeReference<List<Workload>>() {});
    } catch (JsonProcessingException e) {
      throw new InputException(e, "%s: %s", file, e.getOriginalMessage());
    } catch (IOException e) {
      throw new InputException(e, "%s: cannot be read (%s)", file, e.getMessage());
    }
  }

  /**
   * Measures one workload.
   *
   * @param python program that runs {@code benchmarks/peers/peers.py}
   * @param log takes a line a round
   * @return one comparison a peer
   */
  public static List<PeerComparison> of(
      JmhBuild build, Workload workload, String python, int rounds, Consumer<String> log)
      throws IOException {
    Path folder = Files.createTempDirectory("geodex-peers-");
    try {
      List<Path> files = inputs(build, workload, folder);
      List<Double> ours = new ArrayList<>();
      Map<String, List<Double>> theirs = new LinkedHashMap<>();
      Map<String, JsonNode> last = new LinkedHashMap<>();
      for (int round = 1; round <= rounds; round++) {
        log.accept("%s, round %d of %d".formatted(workload.workload, round, rounds));
        ours.add(fork(build, workload));
        for (String peer : workload.peers) {
          JsonNode answer = ask(build, python, peer, files);
          last.put(peer, answer);
          theirs.computeIfAbsent(peer, p -> new ArrayList<>()).add(seconds(answer));
        }
      }
      return workload.peers.stream()
          .map(peer -> compare(workload.workload, last.get(peer), ours, theirs.get(peer)))
          .toList();
    } finally {
      delete(folder);
    }
  }

  private static List<Path> inputs(JmhBuild build, Workload workload, Path folder) {
    List<Path> files = new ArrayList<>();
    List<String> arguments = new ArrayList<>();
    for (String input : workload.inputs) {
      Path file = folder.resolve("input" + files.size() + ".npy");
      files.add(file);
      arguments.add(input + "=" + file);
    }
    if (!files.isEmpty()) {
      build.java("org.geodex.benchmarks.InputFiles", arguments, line -> {});
    }
    return files;
  }

  /** Seconds of one call of ours. */
  private static double fork(JmhBuild build, Workload workload) {
    List<String> names = build.names("\\b" + workload.benchmark.replace(".", "\\.") + "$");
    if (names.size() != 1) {
      throw new InputException(
          "%s: %d benchmarks have this name, expected one", workload.benchmark, names.size());
    }
    List<String> options = new ArrayList<>(FORK);
    workload.params.forEach((key, value) -> options.addAll(List.of("-p", key + "=" + value)));
    List<BenchmarkResult> results = build.fork(names.getFirst(), options);
    if (results.size() != 1) {
      throw new InputException(
          "%s: %d results, expected one: its parameters are not all given",
          workload.benchmark, results.size());
    }
    BenchmarkResult result = results.getFirst();
    return result.samples()[0] * secondsOf(result.unit());
  }

  private static double secondsOf(String unit) {
    TimeUnit time =
        switch (unit) {
          case "s/op" -> TimeUnit.SECONDS;
          case "ms/op" -> TimeUnit.MILLISECONDS;
          case "us/op" -> TimeUnit.MICROSECONDS;
          default -> throw new InputException("%s: expected a time per operation", unit);
        };
    return time.toNanos(1) * 1e-9;
  }

  private static JsonNode ask(JmhBuild build, String python, String peer, List<Path> files) {
    List<String> command =
        new ArrayList<>(
            List.of(python, build.folder().resolve("benchmarks/peers/peers.py").toString(), peer));
    files.forEach(file -> command.add(file.toString()));
    List<String> lines = new ArrayList<>();
    int exit;
    try {
      exit = JmhBuild.run(new ProcessBuilder(command), lines::add);
    } catch (InputException e) {
      throw new UnavailableException(
          e, "%s: needed for the peers and cannot be run (--python names another)", python);
    }
    try {
      JsonNode answer = JSON.readTree(lines.isEmpty() ? "" : lines.getLast());
      if (exit == 0 && (answer.has("seconds") || answer.has("missing"))) {
        return answer;
      }
    } catch (JsonProcessingException e) {
      throw failed(peer, exit, lines);
    }
    throw failed(peer, exit, lines);
  }

  private static InputException failed(String peer, int exit, List<String> lines) {
    return new InputException(
        "peers.py %s: exit code %d (%s)", peer, exit, lines.isEmpty() ? "" : lines.getLast());
  }

  private static double seconds(JsonNode answer) {
    double[] seconds = JSON.convertValue(answer.path("seconds"), double[].class);
    return seconds == null ? Double.NaN : BenchmarkResult.median(seconds);
  }

  private static PeerComparison compare(
      String workload, JsonNode answer, List<Double> ours, List<Double> theirs) {
    double mine = median(ours);
    if (answer.has("missing")) {
      String reason = "not installed: " + answer.get("missing").asText();
      return new PeerComparison(
          workload, reason, "", mine, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }
    double[] ratios = new double[ours.size()];
    Arrays.setAll(ratios, i -> theirs.get(i) / ours.get(i));
    var range = Arrays.stream(ratios).summaryStatistics();
    return new PeerComparison(
        workload,
        answer.path("peer").asText(),
        answer.path("version").asText(),
        mine,
        median(theirs),
        BenchmarkResult.median(ratios),
        range.getMin(),
        range.getMax());
  }

  private static double median(List<Double> values) {
    return BenchmarkResult.median(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  /** The table of the README. */
  public static String markdown(List<PeerComparison> comparisons) {
    StringBuilder text = new StringBuilder();
    text.append("| workload | Geodex | peer | | ratio | interval |\n");
    text.append("| --- | --- | --- | --- | --- | --- |\n");
    for (PeerComparison row : comparisons) {
      text.append(
          row.isMissing()
              ? "| %s | %s | %s | - | - | - |%n"
                  .formatted(row.workload, time(row.seconds), row.peer)
              : "| %s | %s | %s %s | %s | %.1f | %.1f to %.1f |%n"
                  .formatted(
                      row.workload,
                      time(row.seconds),
                      row.peer,
                      row.version,
                      time(row.peerSeconds),
                      row.ratio,
                      row.low,
                      row.high));
    }
    return text.toString();
  }

  private static String time(double seconds) {
    return seconds < 1 ? "%.3g ms".formatted(1e3 * seconds) : "%.3g s".formatted(seconds);
  }
}
