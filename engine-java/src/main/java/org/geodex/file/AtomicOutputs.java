package org.geodex.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.error.InputException;
import org.geodex.error.OutputException;

/**
 * The output files of one command. Each is written beside its target under another name, and {@link
 * #commit} renames all of them at the end. Closed without commit, by a failure or by Ctrl-C, they
 * are deleted together with the folders made for them, and every older file stays as it was.
 *
 * <pre>{@code
 * try (AtomicOutputs outputs = AtomicOutputs.open()) {
 *   Files.writeString(outputs.file(Path.of("report.html")), html);
 *   outputs.commit();
 * }
 * }</pre>
 */
public final class AtomicOutputs implements AutoCloseable {
  private final Map<Path, Path> parts = new LinkedHashMap<>();
  private final Deque<Path> madeFolders = new ArrayDeque<>();
  private boolean closed;

  private AtomicOutputs() {}

  public static AtomicOutputs open() {
    AtomicOutputs outputs = new AtomicOutputs();
    Interruption.register(outputs);
    return outputs;
  }

  /**
   * Announces an output.
   *
   * @param target where it shall stand after {@link #commit}
   * @return the new empty file beside it to write to
   * @throws InputException when the target cannot become a file: a folder stands there, its folder
   *     is missing or read-only, or it was announced before
   */
  public synchronized Path file(Path target) {
    Path absolute = target.toAbsolutePath().normalize();
    checkOpen(target);
    if (Files.isDirectory(absolute)) {
      throw new InputException("%s: is a folder, expected a file name to write to", target);
    }
    if (!Files.isDirectory(absolute.getParent())) {
      throw new InputException("%s: the folder %s does not exist", target, absolute.getParent());
    }
    if (parts.containsKey(absolute)) {
      throw new InputException("%s: named for two outputs of one command", target);
    }
    try {
      String name = absolute.getFileName().toString();
      Path part = absolute.resolveSibling("." + name + "." + ProcessHandle.current().pid());
      for (int i = 0; Files.exists(part); i++) {
        part = absolute.resolveSibling("." + name + "." + ProcessHandle.current().pid() + "-" + i);
      }
      Files.createFile(part);
      parts.put(absolute, part);
      return part;
    } catch (IOException e) {
      throw new OutputException(e, "%s: cannot be written (%s)", target, reason(e));
    }
  }

  /** Makes a folder and its parents for outputs; removed again, if empty, without a commit. */
  public synchronized void folder(Path folder) {
    checkOpen(folder);
    Path absolute = folder.toAbsolutePath().normalize();
    Deque<Path> missing = new ArrayDeque<>();
    for (Path p = absolute; p != null && !Files.isDirectory(p); p = p.getParent()) {
      if (Files.exists(p)) {
        throw new InputException("%s: is a file, expected a folder", p);
      }
      missing.push(p);
    }
    try {
      for (Path p : missing) {
        Files.createDirectory(p);
        madeFolders.push(p);
      }
    } catch (IOException e) {
      throw new OutputException(e, "%s: cannot be made (%s)", folder, reason(e));
    }
  }

  /** Renames every output into place. Nothing may still be writing to them. */
  public synchronized void commit() {
    checkOpen(Path.of("outputs"));
    for (Path target : parts.keySet()) {
      if (Files.isDirectory(target)) {
        throw new OutputException("%s: became a folder meanwhile", target);
      }
    }
    for (var part : parts.entrySet()) {
      try {
        Files.move(part.getValue(), part.getKey(), StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        throw new OutputException(e, "%s: cannot be written (%s)", part.getKey(), reason(e));
      }
    }
    parts.clear();
    madeFolders.clear();
    close();
  }

  /** Deletes what was not committed; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    Interruption.forget(this);
    parts.values().forEach(AtomicOutputs::deleteQuietly);
    madeFolders.forEach(AtomicOutputs::deleteQuietly);
  }

  private void checkOpen(Path path) {
    if (closed) {
      throw new OutputException("%s: not written, the command is ending", path);
    }
  }

  /** A leftover beside the target is no reason to hide the failure that led here. */
  @SuppressWarnings("EmptyCatch")
  private static void deleteQuietly(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // Also taken by a folder that holds files of somebody else by now.
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.AccessDeniedException denied -> "permission denied";
      case java.nio.file.FileSystemException known when known.getReason() != null ->
          known.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
