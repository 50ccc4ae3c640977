package org.geodex.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.file.AtomicOutputs;
import org.geodex.report.Report;
import org.geodex.report.ReportPage;

/** Puts {@code report.json} and {@code report.html} into a folder, both or neither. */
final class ReportFolder {
  private ReportFolder() {}

  static void write(Path folder, Report report) {
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      outputs.folder(folder);
      Files.writeString(outputs.file(folder.resolve("report.json")), ReportPage.json(report));
      Files.writeString(outputs.file(folder.resolve("report.html")), ReportPage.html(report));
      outputs.commit();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
