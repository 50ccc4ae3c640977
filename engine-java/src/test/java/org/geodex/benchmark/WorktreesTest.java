package org.geodex.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.geodex.cli.CommandRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However {@code bench ab} ends, the repository and the temporary folder are as before. */
class WorktreesTest {
  private static final long PATIENCE_SECONDS = 120;

  @TempDir Path folder;
  private Path repository;

  @BeforeEach
  void commitSomething() throws Exception {
    repository = Files.createDirectory(folder.resolve("repository"));
    git("init", "-q");
    Files.writeString(repository.resolve("a.txt"), "a");
    git("add", "a.txt");
    git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "a");
  }

  @Test
  void theSameCommitIsBuiltOnceAndGoesAtTheEnd() throws Exception {
    try (Worktrees worktrees = new Worktrees(repository, "cp a.txt built.txt", line -> {})) {
      Path built = worktrees.built("HEAD");
      assertTrue(Files.exists(built.resolve("built.txt")));
      assertEquals(built, worktrees.built(git("rev-parse", "HEAD")));
    }
    assertNothingIsLeft();
  }

  @Test
  void aBuildThatFailsIsExit3() throws Exception {
    CommandRun run =
        CommandRun.of(
            "bench",
            "ab",
            "--base",
            "HEAD",
            "--new",
            "HEAD",
            "--quiet",
            "--project",
            repository,
            "--build",
            "echo no compiler; exit 7");
    assertEquals(3, run.exit(), run.err());
    assertTrue(run.err().contains("exit code 7 (no compiler)"), run.err());
    run =
        CommandRun.of(
            "bench",
            "ab",
            "--base",
            "nothing",
            "--new",
            "HEAD",
            "--project",
            repository,
            "--quiet");
    assertEquals(3, run.exit(), run.err());
    assertNothingIsLeft();
  }

  @Test
  void anInterruptionLeavesNothing() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + Path.of("..", "jvm.options"),
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty("java.class.path"),
                "org.geodex.cli.Main",
                "bench",
                "ab",
                "--base=HEAD",
                "--new=HEAD",
                "--project=" + repository,
                "--build=touch begun; sleep " + PATIENCE_SECONDS)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out.txt").toFile())
            .start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!hasBegun(temporary) && process.isAlive() && System.nanoTime() < deadline) {
      Thread.sleep(50);
    }
    assertTrue(hasBegun(temporary), Files.readString(folder.resolve("out.txt")));
    process.destroy();
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertNotEquals(0, process.exitValue());
    assertNothingIsLeft();
    try (var left = Files.list(temporary)) {
      assertEquals(List.of(), left.toList());
    }
  }

  private static boolean hasBegun(Path temporary) throws IOException {
    try (var files = Files.walk(temporary, 3)) {
      return files.anyMatch(file -> file.endsWith("begun"));
    }
  }

  private void assertNothingIsLeft() throws Exception {
    assertEquals(1, git("worktree", "list").lines().count());
  }

  private String git(String... arguments) throws Exception {
    Process process =
        new ProcessBuilder(
                Stream.concat(Stream.of("git", "-C", repository.toString()), Stream.of(arguments))
                    .toList())
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), out);
    return out.strip();
  }
}
