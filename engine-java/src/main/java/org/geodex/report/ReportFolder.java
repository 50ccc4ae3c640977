package org.geodex.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.file.AtomicOutputs;

/** {@code report.json} and {@code report.html} of a folder of results. */
public final class ReportFolder {
  private ReportFolder() {}

  /** Puts both into a folder, or neither. */
  public static void write(Path folder, Report report) {
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      outputs.folder(folder);
      write(outputs, folder, report);
      outputs.commit();
    }
  }

  /** Writes both among other outputs; they stand when those are committed. */
  public static void write(AtomicOutputs outputs, Path folder, Report report) {
    try {
      Files.writeString(outputs.file(folder.resolve("report.json")), ReportPage.json(report));
      Files.writeString(outputs.file(folder.resolve("report.html")), ReportPage.html(report));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
