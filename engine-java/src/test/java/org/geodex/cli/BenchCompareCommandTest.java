package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchCompareCommandTest {
  @TempDir Path folder;

  @Test
  void aSlowdownIsExit6AndASpeedupIsNot() throws IOException {
    Path base = write("base", "avgt", 1.00, 10);
    Path slow = write("slow", "avgt", 1.10, 10);
    CommandRun run = CommandRun.of("bench", "compare", base, slow, "--json");
    assertEquals(6, run.exit(), run.err());
    assertTrue(run.out().contains("\"SLOWER\""), run.out());
    run = CommandRun.of("bench", "compare", slow, base);
    assertEquals(0, run.exit());
    assertTrue(run.out().contains("faster"), run.out());
  }

  @Test
  void throughputIsReadTheOtherWayRound() throws IOException {
    Path base = write("base", "thrpt", 1.00, 10);
    Path more = write("more", "thrpt", 1.20, 10);
    assertEquals(0, CommandRun.of("bench", "compare", base, more).exit());
    assertEquals(6, CommandRun.of("bench", "compare", more, base).exit());
    JsonNode time = CommandRun.of("bench", "compare", base, more, "--github").json().get(0);
    assertEquals("ms/op", time.get("unit").asText());
    assertEquals(1 / 24.0, time.get("value").asDouble(), 0.003);
  }

  @Test
  void equalBuildsAreTheSame() throws IOException {
    Path base = write("base", "avgt", 1.00, 10);
    Path again = write("again", "avgt", 1.00, 10);
    CommandRun run = CommandRun.of("bench", "compare", base, again);
    assertEquals(0, run.exit());
    assertTrue(run.out().contains("same"), run.out());
  }

  @Test
  void everyFormIsPrinted() throws IOException {
    Path base = write("base", "avgt", 1.00, 10);
    Path slow = write("slow", "avgt", 1.50, 10);
    assertTrue(out(base, slow, "--markdown").startsWith("| verdict |"));
    assertTrue(out(base, slow, "--html").startsWith("<!doctype html>"));
    CommandRun github = CommandRun.of("bench", "compare", base, slow, "--github");
    assertTrue(github.out().startsWith("[{\"name\":\"org.example.A.run n=100\""), github.out());
    assertTrue(github.err().startsWith("::error title="), github.err());
    assertEquals(2, CommandRun.of("bench", "compare", base, slow, "--html", "--json").exit());
  }

  private static String out(Path base, Path changed, String form) {
    CommandRun run = CommandRun.of("bench", "compare", base, changed, form);
    assertEquals(6, run.exit(), run.err());
    return run.out();
  }

  @Test
  void whatCannotBeComparedIsRefusedUntilTold() throws IOException {
    Path base = write("base", "avgt", 1, 10);
    Path few = write("few", "avgt", 1, 3);
    refused("3 forks", base, few);
    assertEquals(0, CommandRun.of("bench", "compare", base, few, "--min-forks", 3).exit());
    Path other = folder.resolve("other.json");
    Files.writeString(other, Files.readString(base).replace("25.0.3", "24"));
    refused("different machines", base, other);
    assertEquals(0, CommandRun.of("bench", "compare", base, other, "--any-machine").exit());
    Files.writeString(other, Files.readString(base).replace("\"100\"", "\"200\""));
    refused("no benchmark with the same parameters", base, other);
    Files.writeString(other, Files.readString(base).replace("ms/op", "us/op"));
    refused("ms/op", base, other);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "null",
        "[1]",
        "hello",
        "[{\"benchmark\": \"a\"}]",
        "[{\"benchmark\": \"a\", \"mode\": \"avgt\", \"primaryMetric\": {\"scoreUnit\": \"s\"}}]",
        "[{\"benchmark\": \"a\", \"mode\": \"avgt\", \"primaryMetric\": "
            + "{\"scoreUnit\": \"s\", \"rawData\": [[\"NaN\"]]}}]",
        "[{\"benchmark\": \"a\", \"mode\": \"avgt\", \"primaryMetric\": "
            + "{\"scoreUnit\": \"s\", \"rawData\": [[]]}}]",
      })
  void malformedOrForeignJsonIsExit3(String content) throws IOException {
    Path base = write("base", "avgt", 1, 10);
    Path bad = Files.writeString(folder.resolve("bad.json"), content);
    refused("bad.json", base, bad);
    refused("bad.json", bad, base);
  }

  @Test
  void whatIsNoFileIsExit3() throws IOException {
    Path base = write("base", "avgt", 1, 10);
    refused("no.json", base, folder.resolve("no.json"));
    byte[] noText = {(byte) 0xff, (byte) 0xfe, 0, 1};
    refused("noise", base, Files.write(folder.resolve("noise"), noText));
    refused("cannot be read", base, folder);
    assertEquals(2, CommandRun.of("bench", "compare", base, base, "--threshold", "x").exit());
    assertEquals(2, CommandRun.of("bench").exit());
  }

  /** One false alarm in a thousand files of twenty equal benchmarks would already be many. */
  @Test
  void noiseRaisesNoAlarmAndTenPercentAreFound() throws IOException {
    int alarms = 0;
    int found = 0;
    for (int trial = 0; trial < 20; trial++) {
      Path base = write("base" + trial, "avgt", 1.00, 10, 2 * trial);
      Path same = write("same" + trial, "avgt", 1.00, 10, 2 * trial + 1);
      Path slow = write("slow" + trial, "avgt", 1.10, 10, 2 * trial + 1);
      alarms += CommandRun.of("bench", "compare", base, same).exit() == 6 ? 1 : 0;
      found += CommandRun.of("bench", "compare", base, slow).exit() == 6 ? 1 : 0;
    }
    assertEquals(0, alarms);
    assertTrue(found >= 18, found + " of 20 found");
  }

  private void refused(String complaint, Path base, Path changed) {
    CommandRun run = CommandRun.of("bench", "compare", base, changed);
    assertEquals(3, run.exit(), run.out() + run.err());
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(complaint), run.err());
  }

  private Path write(String name, String mode, double scale, int forks) throws IOException {
    return write(name, mode, scale, forks, name.hashCode());
  }

  /** Two benchmarks with 3 % noise between forks and 1 % between iterations. */
  private Path write(String name, String mode, double scale, int forks, long seed)
      throws IOException {
    Random random = new Random(seed);
    List<String> results = new ArrayList<>();
    for (String method : List.of("run", "walk")) {
      List<String> data = new ArrayList<>();
      for (int fork = 0; fork < forks; fork++) {
        double level = 20 * scale * (1 + 0.03 * random.nextGaussian());
        List<Double> iterations = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          iterations.add(level * (1 + 0.01 * random.nextGaussian()));
        }
        data.add(iterations.toString());
      }
      results.add(
          """
          {"benchmark": "org.example.A.%s", "mode": "%s", "threads": 1, "jdkVersion": "25.0.3",
           "params": {"n": "100"},
           "primaryMetric": {"score": 1, "scoreUnit": "%s", "rawData": %s}}\
          """
              .formatted(method, mode, mode.equals("thrpt") ? "ops/ms" : "ms/op", data));
    }
    return Files.writeString(folder.resolve(name + ".json"), results.toString());
  }
}
