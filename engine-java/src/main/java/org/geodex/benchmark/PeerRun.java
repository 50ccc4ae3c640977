package org.geodex.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.geodex.error.InputException;
import org.geodex.error.UnavailableException;
import org.geodex.file.TextFile;

/**
 * Runs benchmarks beside other libraries on the same inputs: in every round one fork of ours and
 * one process of each peer, one after the other.
 *
 * @param build our benchmarks
 * @param python program that runs {@code benchmarks/peers/peers.py}
 * @param rounds at least 1
 * @param log takes a line a round
 */
public record PeerRun(JmhBuild build, String python, int rounds, Consumer<String> log) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Where the workloads and the peers are, seen from the project. */
  private static final String FOLDER = "benchmarks/peers";

  /** Short forks: warm-up and measured iterations of a second. */
  private static final List<String> FORK = List.of("-wi", "2", "-w", "1", "-i", "3", "-r", "1");

  /**
   * One entry of {@code peers.json}.
   *
   * @param benchmark end of the JMH benchmark's name
   * @param params its parameters
   * @param inputs matrices that the peers read, as {@code InputFiles} makes them
   * @param peers functions of {@code peers.py}, with arguments that are no matrices after a blank
   */
  public record Workload(
      String workload,
      String benchmark,
      Map<String, String> params,
      List<String> inputs,
      List<String> peers) {}

  /** The workloads of the project, in the order of its list. */
  public static List<Workload> workloads(Path project) {
    Path file = project.resolve(FOLDER).resolve("peers.json");
    try {
      return JSON.readValue(TextFile.read(file), new TypeReference<List<Workload>>() {});
    } catch (JsonProcessingException e) {
      throw new InputException(e, "%s: %s", file, e.getOriginalMessage());
    }
  }

  /** Measures one workload; one comparison a peer. */
  public List<PeerComparison> of(Workload workload) throws IOException {
    Path folder = Files.createTempDirectory("geodex-peers-");
    try {
      List<Path> files = inputs(workload, folder);
      double[] ours = new double[rounds];
      Map<String, List<JsonNode>> theirs = new LinkedHashMap<>();
      for (int round = 0; round < rounds; round++) {
        log.accept("%s, round %d of %d".formatted(workload.workload, round + 1, rounds));
        ours[round] = fork(workload);
        for (String peer : workload.peers) {
          theirs.computeIfAbsent(peer, p -> new ArrayList<>()).add(ask(peer, files));
        }
      }
      return theirs.values().stream().map(answers -> compare(workload, ours, answers)).toList();
    } finally {
      delete(folder);
    }
  }

  private List<Path> inputs(Workload workload, Path folder) {
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
  private double fork(Workload workload) {
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

  /** What a process of a peer says: {@code seconds} of its calls, or why it is {@code missing}. */
  private JsonNode ask(String peer, List<Path> files) {
    Path script = build.folder().resolve(FOLDER).resolve("peers.py");
    List<String> command = new ArrayList<>(List.of(python, script.toString()));
    command.addAll(List.of(peer.split(" ", -1)));
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
      if (exit == 0 && (answer.path("seconds").size() > 0 || answer.has("missing"))) {
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

  private static PeerComparison compare(Workload workload, double[] ours, List<JsonNode> answers) {
    JsonNode last = answers.getLast();
    if (last.has("missing")) {
      return PeerComparison.missing(workload.workload, last.get("missing").asText(), ours);
    }
    return PeerComparison.of(
        workload.workload,
        last.path("peer").asText(),
        last.path("version").asText(),
        ours,
        answers.stream().mapToDouble(PeerRun::seconds).toArray());
  }

  private static double seconds(JsonNode answer) {
    return BenchmarkResult.median(JSON.convertValue(answer.get("seconds"), double[].class));
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
