package org.geodex.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Memory, passes, copies and launches of every operation are what they were. Where a change is
 * meant, {@code -Dgeodex.baseline=write} stores the new figures, which then stand in the diff.
 */
class ExactBaselineTest {
  private static final Path STORED =
      Project.root().resolve("benchmarks/src/test/resources/baseline.tsv");

  @Test
  void everyOperationCostsWhatItDid() throws IOException, InterruptedException {
    assumeTrue(SmokeTest.hasEmulator(), "no emulator: built without g++");
    List<String> now = measured();
    if ("write".equals(System.getProperty("geodex.baseline"))) {
      Files.write(STORED, now);
    }
    assertEquals(
        String.join("\n", Files.readAllLines(STORED)),
        String.join("\n", now),
        "costs changed; if they should, run this test with -Dgeodex.baseline=write");
  }

  private static List<String> measured() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + Project.root().resolve("jvm.options"));
    command.addAll(Baseline.FLAGS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Baseline.class.getName()));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    // The same kernels on every processor, so that what iterates ends after as many steps.
    builder.environment().put("OPENBLAS_CORETYPE", "Haswell");
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), out);
    return out.lines().toList();
  }
}
