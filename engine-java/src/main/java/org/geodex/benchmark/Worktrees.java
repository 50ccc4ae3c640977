package org.geodex.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.geodex.error.InputException;

/**
 * Revisions of a Git repository, each checked out and built in a temporary worktree of its own.
 * Closing removes them; so does the end of the process by Ctrl-C or SIGTERM, after its children.
 */
public final class Worktrees implements AutoCloseable {
  private final Path repository;
  private final String build;
  private final Consumer<String> log;
  private final Path root;
  private final Map<String, Path> byCommit = new LinkedHashMap<>();
  private final Thread hook = new Thread(this::abandon, "geodex-worktrees");
  private boolean closed;

  /**
   * Worktrees of a repository.
   *
   * @param build shell command that builds a checkout, run in its root
   * @param log takes the build's output line by line
   * @throws InputException when the folder is in no Git repository
   */
  public Worktrees(Path folder, String build, Consumer<String> log) {
    this.repository = Path.of(git(folder, "rev-parse", "--show-toplevel"));
    this.build = build;
    this.log = log;
    try {
      this.root = Files.createTempDirectory("geodex-ab-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * The built checkout of a revision; the same commit is built once.
   *
   * @throws InputException when there is no such revision or the build fails
   */
  public Path built(String revision) {
    String commit = git(repository, "rev-parse", "--verify", "--quiet", revision + "^{commit}");
    Path known = byCommit.get(commit);
    if (known != null) {
      return known;
    }
    Path folder = add(commit);
    List<String> last = new ArrayList<>();
    int exit =
        JmhBuild.run(
            new ProcessBuilder("sh", "-c", build).directory(folder.toFile()),
            line -> {
              last.add(line);
              log.accept(line);
            });
    if (exit != 0) {
      throw new InputException(
          "%s: `%s` failed with exit code %d (%s)",
          revision, build, exit, last.isEmpty() ? "no output" : last.getLast().strip());
    }
    return folder;
  }

  private synchronized Path add(String commit) {
    if (closed) {
      throw new InputException("%s: not built, the command is ending", commit);
    }
    Path folder = root.resolve(commit);
    byCommit.put(commit, folder);
    git(repository, "worktree", "add", "--detach", folder.toString(), commit);
    return folder;
  }

  /** Removes all worktrees; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (Path folder : byCommit.values()) {
      if (Files.exists(folder)) {
        git(repository, "worktree", "remove", "--force", "--force", folder.toString());
      }
    }
    git(repository, "worktree", "prune");
    try {
      Files.deleteIfExists(root);
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalStateException e) {
      log.accept("removed " + root); // the process is ending: this is the hook
    }
  }

  /** A build or a benchmark that still runs would go on writing into the folder. */
  private void abandon() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    close();
  }

  private static String git(Path folder, String... arguments) {
    List<String> command = new ArrayList<>(List.of("git", "-C", folder.toString()));
    command.addAll(List.of(arguments));
    List<String> lines = new ArrayList<>();
    if (JmhBuild.run(new ProcessBuilder(command), lines::add) != 0) {
      throw new InputException(
          "%s: git %s failed%s",
          folder,
          String.join(" ", arguments),
          lines.isEmpty() ? "" : " (" + lines.getLast().strip() + ")");
    }
    return lines.isEmpty() ? "" : lines.getFirst();
  }
}
