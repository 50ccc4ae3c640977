package org.geodex.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.geodex.benchmark.BenchmarkRun;
import org.geodex.benchmark.JmhBuild;
import org.geodex.benchmark.PeerComparison;
import org.geodex.benchmark.PeerComparison.Workload;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code geodex bench peers}. */
@Command(
    name = "peers",
    mixinStandardHelpOptions = true,
    description = {
      "Run benchmarks beside other libraries on the same inputs (benchmarks/peers/peers.json).",
      "Libraries that are not installed are named. The ratio is their time over ours: the median",
      "of the rounds, and the lowest and the highest round."
    },
    footer = {"", "Example: geodex bench peers --filter 'k-NN|CKA' --out peers.md"})
final class BenchPeersCommand implements Callable<Integer> {
  @Option(
      names = "--filter",
      paramLabel = "RE",
      defaultValue = ".*",
      description = "Workloads whose words contain this regular expression (default: all).")
  String filter;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Forks of ours and processes of each peer (default ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--python",
      paramLabel = "PROGRAM",
      defaultValue = "python3",
      description = "Python with the libraries (default ${DEFAULT-VALUE}).")
  String python;

  @Option(names = "--out", paramLabel = "F.md", description = "Also write the table as Markdown.")
  Path out;

  @Option(names = "--json", description = "Print the result as one JSON object on stdout.")
  boolean json;

  @Option(names = "--quiet", description = "No progress on stderr.")
  boolean quiet;

  @Option(names = "--debug", description = "Show the stack trace of an error.")
  boolean debug;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (rounds < 1) {
      throw new UsageException("--rounds %d: expected at least 1", rounds);
    }
    JmhBuild build =
        JmhBuild.of(BenchmarkRun.project(), JmhBuild.JAR, List.of(), List.of(), line -> {});
    Consumer<String> log = quiet ? line -> {} : spec.commandLine().getErr()::println;
    List<PeerComparison> rows = new ArrayList<>();
    for (Workload workload : workloads(build)) {
      rows.addAll(PeerComparison.of(build, workload, python, rounds, log));
    }
    String table = PeerComparison.markdown(rows);
    if (out != null) {
      try (AtomicOutputs outputs = AtomicOutputs.open()) {
        Files.writeString(outputs.file(out), table);
        outputs.commit();
      }
    }
    print(rows, table);
    return 0;
  }

  private List<Workload> workloads(JmhBuild build) {
    Pattern pattern = Pattern.compile(filter);
    List<Workload> workloads =
        PeerComparison.workloads(build.folder().resolve("benchmarks/peers/peers.json")).stream()
            .filter(workload -> pattern.matcher(workload.workload()).find())
            .toList();
    if (workloads.isEmpty()) {
      throw new InputException("--filter %s: no workload has such words", filter);
    }
    return workloads;
  }

  private void print(List<PeerComparison> rows, String table) {
    PrintWriter stdout = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("command", "bench peers");
      result.put("processor", Diagnosis.processor());
      result.put("rounds", rounds);
      result.put("peers", rows);
      ResultPrinter.print(stdout, true, result);
    } else {
      stdout.println("%s, %d rounds".formatted(Diagnosis.processor().get("name"), rounds));
      stdout.println();
      stdout.print(table);
      stdout.flush();
    }
  }
}
