package org.geodex.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSink;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What commands keep resident, everything counted: the Java machine, mapped input, temporaries. The
 * large form of 200 000 x 768 takes tens of minutes: {@code -Dgeodex.large=true
 * -Dtest=PeakMemoryTest}.
 */
class PeakMemoryTest {
  private static final long MIB = 1L << 20;

  @TempDir private Path folder;

  @BeforeEach
  void onLinux() {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "peak memory is read from /proc");
  }

  /** A result of 1.16 GB under a budget of 1 GB; the Java machine alone takes 0.3 GB of it. */
  @Test
  void resultsLargerThanTheBudgetStream() throws Exception {
    Path x = write(17_000, 16);
    Path out = folder.resolve("d.npy");
    long budget = 1024 * MIB;
    long peak = peak("pairwise", x, "--memory-budget", "1G", "--out", out);
    assertEquals(128 + 4L * 17_000 * 17_000, Files.size(out));
    assertTrue(peak < budget, peak + " bytes");
    List<Object> geodesic = new ArrayList<>(List.of("geodesic", x, "--k", 8));
    geodesic.addAll(List.of("--landmarks", 1000, "--landmark-selection", "random"));
    geodesic.addAll(List.of("--components", "largest", "--memory-budget", "1G", "--out", out));
    peak = peak(geodesic.toArray());
    assertTrue(peak < budget, peak + " bytes");
  }

  /** An n × n form of any of these would take 14 GB. */
  @Test
  void informationStreamsOverTheRows() throws Exception {
    checkInformation(write(60_000, 64), "1G", 1024 * MIB);
  }

  private static void checkInformation(Path x, String budget, long bytes) throws Exception {
    Object[][] commands = {
      {"entropy", x, "--estimator", "matrix"},
      {"entropy", x, "--estimator", "coding-length"},
      {"kl", x, x, "--estimator", "gaussian-full"},
      {"similarity", x, x, "--measure", "cka"},
      {"similarity", x, x, "--measure", "cka-debiased"},
    };
    for (Object[] command : commands) {
      List<Object> args = new ArrayList<>(List.of(command));
      args.addAll(List.of("--memory-budget", budget));
      long peak = peak(args.toArray());
      System.out.println(command[0] + " " + command[command.length - 1] + ": peak " + peak / MIB);
      assertTrue(peak < bytes, command[0] + ": " + peak + " bytes");
    }
  }

  @Test
  void entropyAgainstSizeStreamsOverTheTexts() throws Exception {
    checkScaling(40, 512, "400M", 400 * MIB);
  }

  /** The hidden states of one model alone would take 1.0 GB. */
  @Test
  @EnabledIfSystemProperty(named = "geodex.large", matches = "true")
  void entropyAgainstSizeOfAThousandTexts() throws Exception {
    checkScaling(1000, 2048, "768M", 768 * MIB);
  }

  /**
   * T5's encoders take texts of any length. The heap is bounded: how much of what nobody needs any
   * more lies about depends on when the collector runs.
   */
  private void checkScaling(int texts, int length, String budget, long bytes) throws Exception {
    Path models = Path.of("src/test/resources/hf");
    List<Object> args = new ArrayList<>(List.of("scaling", "--models"));
    args.addAll(List.of(models.resolve("t5-encoder-2l"), models.resolve("t5-v1_0-relu-3l")));
    args.addAll(List.of("--input-ids", writeIds(texts, length), "--max-length", length));
    args.addAll(List.of("--layers=-1,1,0", "--eps", "0.5,0.1", "--memory-budget", budget));
    long peak = peak(List.of("-Xmx256m"), args.toArray());
    System.out.println("scaling of " + texts + " texts: peak " + peak / MIB);
    assertTrue(peak < bytes, peak + " bytes");
  }

  private Path writeIds(int texts, int length) throws IOException {
    Random random = new Random(1);
    Path ids = folder.resolve("ids.json");
    try (Writer out = Files.newBufferedWriter(ids)) {
      for (int text = 0; text < texts; text++) {
        String row = Arrays.toString(random.ints(length, 2, 100).toArray());
        out.write((text == 0 ? "[" : ",\n") + row);
      }
      out.write("]");
    }
    return ids;
  }

  @Test
  @EnabledIfSystemProperty(named = "geodex.large", matches = "true")
  void informationOfTwoHundredThousandRowsUnderFourGigabytes() throws Exception {
    checkInformation(write(200_000, 768), "4G", 4096 * MIB);
  }

  @Test
  @EnabledIfSystemProperty(named = "geodex.large", matches = "true")
  void twoHundredThousandRowsUnderFourGigabytes() throws Exception {
    Path x = write(200_000, 768);
    long budget = 4096 * MIB;
    String[] landmarks = {"--landmarks", "200", "--landmark-selection", "random"};
    List<Object> geodesic = new ArrayList<>(List.of("geodesic", x, "--components", "largest"));
    geodesic.addAll(List.of((Object[]) landmarks));
    geodesic.addAll(List.of("--memory-budget", "4G", "--out", folder.resolve("l.npy")));
    long peak = peak(geodesic.toArray());
    System.out.println("landmark geodesics: peak " + peak / MIB + " MiB");
    assertTrue(peak < budget, peak + " bytes");
    peak = peak("pairwise-rows", x, budget);
    System.out.println("pairwise: peak " + peak / MIB + " MiB");
    assertTrue(peak < budget, peak + " bytes");
  }

  /** Rows near a curved sheet of six dimensions. */
  private Path write(int n, int d) {
    Path x = folder.resolve("x.npy");
    Random random = new Random(1);
    double[][] w = new double[6][];
    for (int k = 0; k < w.length; k++) {
      w[k] = random.doubles(d, -1, 1).toArray();
    }
    float[] values = new float[d];
    double[] z = new double[w.length];
    try (MatrixSink sink = MatrixSink.create(x, n, d);
        Matrix.Owned row = Matrix.allocate(1, d)) {
      for (int i = 0; i < n; i++) {
        for (int k = 0; k < z.length; k++) {
          z[k] = random.nextGaussian();
        }
        for (int j = 0; j < d; j++) {
          double sum = 0;
          for (int k = 0; k < z.length; k++) {
            sum += z[k] * w[k][j];
          }
          values[j] = (float) (sum / (1 + Math.abs(sum)) + 0.01 * random.nextDouble());
        }
        row.setRow(0, values);
        sink.write(row);
      }
      sink.commit();
    }
    return x;
  }

  /** Bytes that a process of its own had resident at most. */
  private static long peak(Object... args) throws IOException, InterruptedException {
    return peak(List.of(), args);
  }

  private static long peak(List<String> machine, Object... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + Path.of(System.getProperty("basedir")).resolveSibling("jvm.options"));
    command.addAll(machine);
    command.addAll(List.of("-XX:+UseParallelGC", "-Xlog:disable", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(MeasuredRun.class.getName());
    for (Object arg : args) {
      command.add(arg.toString());
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output;
    try (InputStream stream = process.getInputStream()) {
      output = new String(stream.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    } finally {
      process.destroy();
    }
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), output);
    return Long.parseLong(output.substring(output.lastIndexOf("peak ") + 5).strip()) << 10;
  }
}
