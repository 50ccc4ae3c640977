package org.geodex.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What every report page must do in a browser, whatever it shows. */
final class PageChecks {
  private PageChecks() {}

  /** Opens the page and looks at it wide, narrow and dark; screenshots go to {@code shots}. */
  static void check(Browser browser, Path page, Path shots) throws IOException {
    browser.dark(false);
    browser.open(page);
    browser.resize(1400, 1000);
    assertEquals(List.of(), browser.errors(), "console errors");
    everyPlotIsDrawn(browser);
    tooltipAnswers(browser);
    for (int width : new int[] {1400, 400}) {
      browser.resize(width, 1000);
      fits(browser, width);
      browser.screenshot(shots.resolve("report-" + width + ".png"));
    }
    browser.resize(1400, 1000);
    browser.dark(true);
    everyPlotIsDrawn(browser);
    String background =
        (String) browser.evaluate("return getComputedStyle(document.body).backgroundColor");
    assertFalse(background.contains("255, 255, 255"), "dark mode is white: " + background);
    browser.screenshot(shots.resolve("report-dark.png"));
    assertEquals(List.of(), browser.errors(), "console errors");
  }

  private static void everyPlotIsDrawn(Browser browser) {
    long charts = (Long) browser.evaluate("return document.querySelectorAll('.chart').length");
    assertTrue(charts > 0, "the page has no plot");
    Object empty =
        browser.evaluate(
            "return [...document.querySelectorAll('.chart')]"
                + ".filter(c => c.querySelectorAll('svg path, svg circle, svg rect').length < 3)"
                + ".map(c => c.getAttribute('aria-label'))");
    assertEquals(List.of(), empty, "plots without marks");
  }

  /** The tooltip of some point in the first plot shows. */
  private static void tooltipAnswers(Browser browser) {
    browser.evaluate("document.querySelector('.chart').scrollIntoView({behavior: 'instant'})");
    String box = "const b = document.querySelector('.chart').getBoundingClientRect(); return ";
    long left = ((Number) browser.evaluate(box + "Math.round(b.left)")).longValue();
    long top = ((Number) browser.evaluate(box + "Math.round(b.top)")).longValue();
    long width = ((Number) browser.evaluate(box + "Math.round(b.width)")).longValue();
    long height = ((Number) browser.evaluate(box + "Math.round(b.height)")).longValue();
    for (int i = 3; i < 10; i++) {
      browser.hover(left + width * i / 12, top + height / 2);
      Object shown =
          browser.evaluate(
              "return [...document.querySelectorAll('.chart div')].some(d => "
                  + "d.style.zIndex && d.textContent && d.style.visibility !== 'hidden')");
      if (Boolean.TRUE.equals(shown)) {
        return;
      }
    }
    throw new AssertionError("no tooltip over the first plot");
  }

  private static void fits(Browser browser, int width) {
    long needed =
        ((Number) browser.evaluate("return document.documentElement.scrollWidth")).longValue();
    assertTrue(needed <= width, "the page is %d wide in %d".formatted(needed, width));
  }
}
