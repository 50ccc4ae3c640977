package org.geodex.cli;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.geodex.error.GeodexException;

/**
 * What a user is told about a failure: one sentence and an exit code. The cause decides, however
 * deep it is wrapped.
 */
record Failure(int exitCode, String sentence) {
  private static final int LONGEST = 2000;

  static Failure of(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      switch (e) {
        case GeodexException known -> {
          return new Failure(known.exitCode(), oneLine(known.getMessage()));
        }
        case OutOfMemoryError full -> {
          return new Failure(5, heapFull(full));
        }
        case FileSystemException file -> {
          return new Failure(1, oneLine(file.getFile() + ": " + reason(file)));
        }
        default -> {}
      }
    }
    return new Failure(1, oneLine("internal error: " + failure + " (--debug shows where)"));
  }

  private static String heapFull(OutOfMemoryError e) {
    return "memory is full (%s; the Java heap may take %,d MB): use less data, or start with JDK_JAVA_OPTIONS=-Xmx and more"
        .formatted(e.getMessage(), Runtime.getRuntime().maxMemory() >> 20);
  }

  private static String reason(FileSystemException e) {
    return switch (e) {
      case NoSuchFileException missing -> "no such file or folder";
      case AccessDeniedException denied -> "permission denied";
      default -> e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
    };
  }

  /** Names in a damaged file may hold anything; what reaches the terminal is one clean line. */
  private static String oneLine(String message) {
    String line = String.valueOf(message).replaceAll("\\p{Cntrl}", "?");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + " …";
  }
}
