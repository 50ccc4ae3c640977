package org.geodex.backend.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every kernel of kernels.def has its header, its row in docs/kernels.md and its parity tests. */
class KernelsDocumentedTest {
  private static final Path KERNELS = Path.of("..", "kernels-cuda");
  private static final Path PAGE = Path.of("..", "docs", "kernels.md");
  private static final Pattern ENTRY =
      Pattern.compile("(?m)^GX_KERNEL\\(\\s*(\\w+)\\s*,\\s*(gx_\\w+)");
  private static final List<Path> PARITY_TESTS =
      List.of(
          Path.of("src", "test", "java", "org", "geodex", "backend", "cuda"),
          Path.of("..", "native-bridge", "src", "test", "java", "org", "geodex", "cuda"));
  private static final Pattern TEST =
      Pattern.compile(
          "@(?:ParameterizedTest|Test)\\b[^;{}]*?(?:\\{[^}]*}[^;{}]*?)?\\bvoid (\\w+)\\(");
  private static final Pattern IN_TICKS = Pattern.compile("`([^`]+)`");

  /** What a header must say: the words, any one of each line. */
  private static final List<Pattern> HEADER =
      Stream.of(
              "Tensors",
              "Grid",
              "Operations and bytes|Operations|Passes over memory",
              "Determinism|[Tt]he same bits|No atomics",
              "Limits",
              "Speed on a card")
          .map(Pattern::compile)
          .toList();

  /** Kernel to its file. */
  private static Map<String, String> kernels;

  private static String page;

  @BeforeAll
  static void read() throws IOException {
    assumeTrue(
        Files.exists(PAGE), "no sources beside this test, as in the archive for a GPU machine");
    page = Files.readString(PAGE);
    kernels = new LinkedHashMap<>();
    ENTRY
        .matcher(Files.readString(KERNELS.resolve("kernels.def")))
        .results()
        .forEach(entry -> kernels.put(entry.group(2), entry.group(1)));
    assertFalse(kernels.isEmpty());
  }

  private static String header(String file) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line : Files.readAllLines(KERNELS.resolve("src").resolve(file + ".cu"))) {
      if (!line.startsWith("//")) {
        break;
      }
      text.append(line.substring(2)).append('\n');
    }
    return text.toString();
  }

  @Test
  void everyHeaderSaysWhatItMust() throws IOException {
    List<String> missing = new ArrayList<>();
    for (String file : kernels.values().stream().distinct().toList()) {
      String header = header(file);
      for (Pattern needed : HEADER) {
        if (!needed.matcher(header).find()) {
          missing.add(file + ".cu: " + needed);
        }
      }
    }
    assertEquals(List.of(), missing);
  }

  /**
   * By its name, or by a pattern such as gx_topk_{32,64,128,256}_f32 or gx_pairwise_exact_f32,
   * _f64.
   */
  @Test
  void everyKernelStandsInItsHeader() throws IOException {
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, String> kernel : kernels.entrySet()) {
      if (!names(header(kernel.getValue())).contains(kernel.getKey())) {
        missing.add(kernel.getKey());
      }
    }
    assertEquals(List.of(), missing);
  }

  /** Each kernel has a row; its file exists; its tests are methods of the parity tests. */
  @Test
  void everyKernelHasARowWithAParityTest() throws IOException {
    List<String> methods = parityTests();
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, String> kernel : kernels.entrySet()) {
      List<String[]> rows =
          page.lines()
              .filter(line -> line.startsWith("|") && names(line).contains(kernel.getKey()))
              .map(line -> line.split("\\|"))
              .filter(cells -> cells.length == 5)
              .toList();
      boolean tested =
          rows.stream()
              .anyMatch(
                  cells ->
                      cells[3].contains("`" + kernel.getValue() + ".cu`")
                          && tests(cells[4], methods));
      if (!tested) {
        missing.add(kernel.getKey());
      }
    }
    assertEquals(List.of(), missing);
  }

  /**
   * Registers, shared memory, stack and spills of this build, exactly as the page has them; after a
   * meant change {@code kernels-cuda/resources.sh} writes them. Another compiler allots otherwise.
   */
  @Test
  void theResourcesAreThoseOfThePage() throws IOException {
    Properties build = new Properties();
    build.load(resource("build.properties"));
    InputStream table = resource("resources.tsv");
    assumeTrue(table != null, "built without nvcc");
    String compiler = "As ptxas of CUDA " + build.getProperty("nvcc") + " reports them;";
    assumeTrue(page.contains(compiler), "the page was written with another nvcc");
    List<String> rows =
        page.lines()
            .dropWhile(line -> !line.equals(compiler))
            .takeWhile(line -> !line.startsWith("<!--"))
            .filter(line -> line.startsWith("| `"))
            .toList();
    assertEquals(String.join("\n", resources(table)), String.join("\n", rows));
  }

  private static InputStream resource(String name) {
    return KernelsDocumentedTest.class.getResourceAsStream("/org/geodex/kernels/" + name);
  }

  /** A row for each kernel: registers by architecture, and the most of the other figures. */
  private static List<String> resources(InputStream table) throws IOException {
    Map<String, long[]> figures = new TreeMap<>();
    List<String> architectures = List.of("sm_80", "sm_90", "sm_100");
    for (String line : new String(table.readAllBytes(), UTF_8).lines().toList()) {
      String[] cells = line.split("\t");
      long[] row = figures.computeIfAbsent(cells[0], kernel -> new long[6]);
      row[architectures.indexOf(cells[1])] = Long.parseLong(cells[2]);
      row[3] = Math.max(row[3], Long.parseLong(cells[3]));
      row[4] = Math.max(row[4], Long.parseLong(cells[4]));
      row[5] = Math.max(row[5], Long.parseLong(cells[5]) + Long.parseLong(cells[6]));
    }
    List<String> rows = new ArrayList<>();
    figures.forEach(
        (kernel, f) ->
            rows.add(
                "| `%s` | %d / %d / %d | %d | %d | %d |"
                    .formatted(kernel, f[0], f[1], f[2], f[3], f[4], f[5])));
    return rows;
  }

  private static boolean tests(String cell, List<String> methods) {
    List<String> named = IN_TICKS.matcher(cell).results().map(m -> m.group(1)).toList();
    assertTrue(methods.containsAll(named), () -> cell + ": no such test");
    return !named.isEmpty();
  }

  private static List<String> parityTests() throws IOException {
    List<String> methods = new ArrayList<>();
    for (Path folder : PARITY_TESTS) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file :
            files.filter(f -> f.getFileName().toString().startsWith("Cuda")).toList()) {
          TEST.matcher(Files.readString(file)).results().forEach(m -> methods.add(m.group(1)));
        }
      }
    }
    return methods;
  }

  /** The kernels that a text names, braces spelt out and `, _f64` put behind the stem before it. */
  private static List<String> names(String text) {
    List<String> names = new ArrayList<>();
    Pattern name = Pattern.compile("gx_[\\w{},]*[\\w}](?:, _(\\w+))?");
    for (MatchResult found : name.matcher(text).results().toList()) {
      String first = found.group().replaceAll(", _.*", "");
      names.addAll(expand(first));
      if (found.group(1) != null) {
        names.add(first.replaceAll("_[a-z0-9]+$", "_" + found.group(1)));
      }
    }
    return names;
  }

  private static List<String> expand(String name) {
    int open = name.indexOf('{');
    int close = name.indexOf('}');
    if (open < 0 || close < open) {
      return List.of(name);
    }
    List<String> all = new ArrayList<>();
    for (String choice : name.substring(open + 1, close).split(",")) {
      all.addAll(expand(name.substring(0, open) + choice + name.substring(close + 1)));
    }
    return all;
  }
}
