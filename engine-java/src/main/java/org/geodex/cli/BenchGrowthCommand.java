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
import java.util.stream.IntStream;
import org.geodex.benchmark.CostGrowth;
import org.geodex.benchmark.JmhBuild;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import org.geodex.report.Figure;
import org.geodex.report.Report;
import org.geodex.report.ReportPage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code geodex bench growth}. */
@Command(
    name = "growth",
    mixinStandardHelpOptions = true,
    description = {
      "How the time of each operation grows with rows n and columns d: the measured exponent of a",
      "power law with its 95 %% interval, beside that of the counted arithmetic."
    },
    footer = {"", "Example: geodex bench growth --filter 'knn|kl' --out growth.html"})
final class BenchGrowthCommand implements Callable<Integer> {
  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "cpu",
      description = "cpu, scalar, cuda or emulator (default ${DEFAULT-VALUE}).")
  String backend;

  @Option(
      names = "--calls",
      paramLabel = "N",
      defaultValue = "5",
      description = "Calls at each size, of which the fastest counts (default ${DEFAULT-VALUE}).")
  int calls;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Seed of the intervals (default ${DEFAULT-VALUE}).")
  long seed;

  @Option(names = "--small", description = "Short ladders: shows that it works, no more.")
  boolean small;

  @Option(names = "--out", paramLabel = "F.html", description = "Also write a page with a plot.")
  Path out;

  @Mixin FilterOption filter;

  @Mixin OutputOptions options;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (calls < 1) {
      throw new UsageException("--calls %d: expected at least 1", calls);
    }
    List<CostGrowth> growths = CostGrowth.of(measure(), seed);
    if (growths.isEmpty()) {
      throw new InputException("--filter %s: no operation has such a name", filter.text());
    }
    if (out != null) {
      try (AtomicOutputs outputs = AtomicOutputs.open()) {
        Files.writeString(outputs.file(out), ReportPage.html(report(growths)));
        outputs.commit();
      }
    }
    print(growths);
    return 0;
  }

  private List<String> measure() {
    JmhBuild build = JmhBuild.ofProject(line -> {});
    Consumer<String> progress = options.progress(spec);
    List<String> arguments =
        new ArrayList<>(
            List.of(filter.text(), backend, String.valueOf(calls), small ? "small" : "full"));
    List<String> points = new ArrayList<>();
    build.java(
        "org.geodex.benchmarks.Growth",
        arguments,
        line -> {
          if (line.contains("\t")) {
            points.add(line);
          }
          progress.accept(line);
        });
    return points;
  }

  private void print(List<CostGrowth> growths) {
    PrintWriter stdout = spec.commandLine().getOut();
    if (options.json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("command", "bench growth");
      result.put("backend", backend);
      result.put("growth", growths);
      ResultPrinter.print(stdout, true, result);
    } else {
      String format = "%-34s %-3s %9s %16s %9s%n";
      stdout.printf(format, "operation", "in", "measured", "95 % interval", "counted");
      growths.forEach(growth -> stdout.printf(format, cells(growth).toArray()));
      stdout.flush();
    }
  }

  private static List<Object> cells(CostGrowth growth) {
    return List.of(
        growth.operation(),
        growth.variable(),
        "%.2f".formatted(growth.measured().value()),
        "%.2f to %.2f".formatted(growth.measured().low(), growth.measured().high()),
        "%.2f".formatted(growth.counted()));
  }

  private Report report(List<CostGrowth> growths) {
    Report report =
        new Report("Cost growth", "How the time of each operation grows with rows and columns.");
    report.provenance().put("command", "geodex bench growth --filter " + filter.text());
    report.provenance().put("processor", Diagnosis.processor().get("name"));
    report.provenance().put("backend", backend);
    report.results().put("growth", growths);
    Report.Section section =
        report.section(
            "growth", "Exponents", "seconds = a·size^b; counted is the b of the arithmetic.");
    section.add(
        new Figure.Scatter(
            "Measured against counted exponents",
            "Below the line: fixed costs, and better use of the machine at larger sizes; above it:"
                + " cost that nobody counted. Point at one to see its operation.",
            "counted",
            "measured",
            List.of(group("rows n", growths, "n"), group("columns d", growths, "d"), diagonal())));
    section.add(
        new Figure.Table(
            "Exponents",
            "",
            List.of("operation", "in", "measured", "95 % interval", "counted"),
            growths.stream().map(BenchGrowthCommand::cells).toList()));
    return report;
  }

  private static Figure.Group group(String name, List<CostGrowth> growths, String variable) {
    List<CostGrowth> of = growths.stream().filter(g -> g.variable().equals(variable)).toList();
    return new Figure.Group(
        name,
        of.stream().map(g -> List.of(g.counted(), g.measured().value())).toList(),
        of.stream().map(CostGrowth::operation).toList());
  }

  /** The line on which both are equal, as points. */
  private static Figure.Group diagonal() {
    List<List<Double>> points =
        IntStream.rangeClosed(0, 60).mapToObj(i -> List.of(i / 20.0, i / 20.0)).toList();
    return new Figure.Group("as counted", points, null);
  }
}
