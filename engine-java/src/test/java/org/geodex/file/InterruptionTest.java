package org.geodex.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InterruptionTest {
  /** Runs in a process of its own: half writes two outputs and waits to be interrupted. */
  public static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      Path folder = Path.of(args[0]);
      try (AtomicOutputs outputs = AtomicOutputs.open()) {
        Files.writeString(outputs.file(folder.resolve("old.json")), "{ half");
        outputs.folder(folder.resolve("report"));
        Files.writeString(outputs.file(folder.resolve("report/report.html")), "<half");
        System.out.println("ready");
        Thread.sleep(60_000);
        outputs.commit();
      }
    }
  }

  @Test
  void controlCLeavesNothingHalfWritten(@TempDir Path folder) throws Exception {
    Path old = Files.writeString(folder.resolve("old.json"), "whole");
    Process child =
        // A build in the background ignores SIGINT and hands that on: the child is to have it back.
        new ProcessBuilder(
                "env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals("ready", child.inputReader().readLine());
    new ProcessBuilder("kill", "-INT", String.valueOf(child.pid())).start().waitFor();
    assertTrue(child.waitFor(30, TimeUnit.SECONDS));
    assertEquals(130, child.exitValue());
    assertEquals("whole", Files.readString(old));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(old), files.toList());
    }
  }
}
