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
import java.util.regex.Pattern;
import org.geodex.benchmark.BenchmarkRun;
import org.geodex.benchmark.JmhBuild;
import org.geodex.benchmark.PeerComparison;
import org.geodex.benchmark.PeerRun;
import org.geodex.benchmark.PeerRun.Workload;
import org.geodex.benchmark.PeerTable;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
    footer = {
      "",
      "Example: geodex bench peers --filter 'k-NN|CKA' --out benchmarks/results/peers.json",
      "Example: geodex bench peers --rounds 0 --out benchmarks/results/peers.json --table README.md"
    })
final class BenchPeersCommand implements Callable<Integer> {
  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = {
        "Forks of ours and processes of each peer (default ${DEFAULT-VALUE});",
        "0 measures nothing and shows what --out holds."
      })
  int rounds;

  @Option(
      names = "--python",
      paramLabel = "PROGRAM",
      defaultValue = "python3",
      description = "Python with the libraries (default ${DEFAULT-VALUE}).")
  String python;

  @Option(
      names = "--out",
      paramLabel = "F.json",
      description = "Also write the rows there, in place of those of the same workloads in it.")
  Path out;

  @Option(
      names = "--table",
      paramLabel = "F.md",
      description = "Also put all rows of --out between the marks of this page.")
  Path page;

  @Mixin FilterOption filter;

  @Mixin OutputOptions options;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (rounds < 0) {
      throw new UsageException("--rounds %d: expected at least 0", rounds);
    }
    if (out == null && (rounds == 0 || page != null)) {
      throw new UsageException("--rounds 0 and --table: need --out, the file with the rows");
    }
    List<Workload> workloads = PeerRun.workloads(BenchmarkRun.project());
    PeerTable table = stored();
    if (rounds > 0) {
      PeerTable measured = measure(workloads);
      print(measured);
      table = table.with(measured, workloads.stream().map(Workload::workload).toList());
    } else {
      print(table);
    }
    write(table);
    return 0;
  }

  private PeerTable stored() {
    boolean isThere = out != null && (rounds == 0 || Files.exists(out));
    return isThere ? PeerTable.read(out) : new PeerTable(Map.of(), List.of());
  }

  private PeerTable measure(List<Workload> workloads) throws IOException {
    Pattern pattern = filter.pattern();
    List<Workload> chosen =
        workloads.stream().filter(workload -> pattern.matcher(workload.workload()).find()).toList();
    if (chosen.isEmpty()) {
      throw new InputException("--filter %s: no workload has such words", pattern);
    }
    PeerRun run =
        new PeerRun(JmhBuild.ofProject(line -> {}), python, rounds, options.progress(spec));
    List<PeerComparison> rows = new ArrayList<>();
    for (Workload workload : chosen) {
      rows.addAll(run.of(workload));
    }
    return new PeerTable(
        BenchmarkRun.stamped(Diagnosis.environment(), BenchmarkRun.project()), rows);
  }

  private void write(PeerTable table) throws IOException {
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      if (out != null && rounds > 0) {
        table.write(outputs.file(out));
      }
      if (page != null) {
        Files.writeString(outputs.file(page), table.placedIn(page));
      }
      outputs.commit();
    }
  }

  private void print(PeerTable table) {
    PrintWriter stdout = spec.commandLine().getOut();
    if (options.json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("command", "bench peers");
      result.put("environment", table.environment());
      result.put("peers", table.peers());
      ResultPrinter.print(stdout, true, result);
    } else {
      stdout.print(PeerComparison.markdown(table.peers()));
      stdout.flush();
    }
  }
}
