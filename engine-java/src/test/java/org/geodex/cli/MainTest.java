package org.geodex.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.geodex.error.UnavailableException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {
  /** Descriptions are formats: of a % that is not doubled picocli warns. */
  @Test
  void everyCommandHasHelpWithAnExample() {
    PrintStream stderr = System.err;
    ByteArrayOutputStream warnings = new ByteArrayOutputStream();
    System.setErr(new PrintStream(warnings, true));
    try {
      check(Main.commandLine());
    } finally {
      System.setErr(stderr);
    }
    assertEquals("", warnings.toString(UTF_8));
  }

  private static void check(CommandLine command) {
    String help = command.getUsageMessage();
    String name = command.getCommandSpec().qualifiedName();
    assertTrue(help.contains("Example"), name + " lacks an example:\n" + help);
    assertTrue(help.contains("--help"), name);
    command.getSubcommands().values().forEach(MainTest::check);
  }

  @Test
  void wrongUsageIsOneSentenceAndExit2() {
    CommandRun run = CommandRun.of("doctor", "--jsn");
    assertEquals(2, run.exit());
    assertTrue(run.err().contains("--jsn"), run.err());
    assertEquals("", run.out());
    assertEquals(2, CommandRun.of().exit());
    assertEquals(2, CommandRun.of("doctor", "--threads", "many").exit());
    assertEquals(2, CommandRun.of("doctor", "--backend", "gpu").exit());
    CommandRun metric = CommandRun.of("pairwise", "x.npy", "--metric", "taxi", "--out", "d.npy");
    assertTrue(metric.err().contains("expected one of euclidean, sqeuclidean"), metric.err());
  }

  @Test
  void aMistypedCommandIsSuggested() {
    CommandRun run = CommandRun.of("docter");
    assertEquals(2, run.exit());
    assertTrue(run.err().contains("doctor"), run.err());
  }

  @Test
  void doctorTellsOfThisMachine() {
    var json = CommandRun.of("doctor", "--json").json();
    assertTrue(json.at("/openblas/available").asBoolean());
    assertTrue(json.at("/processor/cores").asInt() > 0);
    assertTrue(json.at("/memory/total_bytes").asLong() > 0);
    assertTrue(json.at("/cuda/kernels").asInt() > 0, json.toString());
    for (String key : List.of("backend", "device", "threads", "seed", "seconds")) {
      assertTrue(json.has(key), key);
    }
    assertFalse(json.at("/cuda/system").isMissingNode());
    assertTrue(CommandRun.of("doctor").out().contains("openblas"));
  }

  @Test
  void aWrappedCauseDecidesTheExitCode() {
    Error wrapped = new ExceptionInInitializerError(new UnavailableException("no library"));
    assertEquals(new Failure(4, "no library"), Failure.of(wrapped));
    assertEquals(5, Failure.of(new IllegalStateException(new OutOfMemoryError("heap"))).exitCode());
    assertEquals(1, Failure.of(new IllegalStateException("a\nb")).exitCode());
    assertFalse(Failure.of(new IllegalStateException("a\nb")).sentence().contains("\n"));
  }

  @Test
  void theVersionIsOneLine() {
    CommandRun run = CommandRun.of("--version");
    assertEquals(0, run.exit());
    assertEquals(1, run.out().lines().count());
  }
}
