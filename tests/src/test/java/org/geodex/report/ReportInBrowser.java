package org.geodex.report;

import java.io.IOException;
import java.nio.file.Path;

/** Looks at a report in a real browser. */
public final class ReportInBrowser {
  private ReportInBrowser() {}

  /** Checks the page; skips the calling test, with the reason, where no browser is installed. */
  public static void check(Path page, Path screenshots) throws IOException {
    try (Browser browser = Browser.start()) {
      PageChecks.check(browser, page, screenshots);
    }
  }
}
