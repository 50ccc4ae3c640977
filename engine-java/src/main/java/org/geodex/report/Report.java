package org.geodex.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Backend;

/**
 * The content of {@code report.json} and of the page: where the numbers come from, the numbers
 * themselves for tools, and sections of figures for people.
 */
public final class Report {
  private final String title;
  private final String summary;
  private final Map<String, Object> provenance = new LinkedHashMap<>();
  private final Map<String, Object> results = new LinkedHashMap<>();
  private final List<Section> sections = new ArrayList<>();
  private final Map<String, Double> seconds = new LinkedHashMap<>();
  private Runnable atEnd = () -> {};

  public Report(String title, String summary) {
    this.title = title;
    this.summary = summary;
  }

  /** A chapter of the page. */
  public record Section(String id, String title, String text, List<Figure> figures) {
    public Section add(Figure figure) {
      figures.add(figure);
      return this;
    }
  }

  /** Starts a section; figures are added to what it returns. */
  public Section section(String id, String heading, String text) {
    Section section = new Section(id, heading, text, new ArrayList<>());
    sections.add(section);
    return section;
  }

  public String title() {
    return title;
  }

  public String summary() {
    return summary;
  }

  /** What a reader needs to repeat the run: command, versions, hashes, seed, device. */
  public Map<String, Object> provenance() {
    return provenance;
  }

  /** Says where the numbers are computed; what a device left to the host is known when written. */
  public void computedOn(Backend backend) {
    provenance.put("backend", backend.name());
    provenance.put("device", backend.device());
    provenance.put("threads", backend.parallel().threads());
    atEnd =
        () -> {
          if (!backend.hostOperations().isEmpty()) {
            provenance.put("host_operations", backend.hostOperations());
          }
        };
  }

  /** The provenance at the end of the run. */
  Map<String, Object> finalProvenance() {
    atEnd.run();
    return provenance;
  }

  /** The numbers, by analysis. */
  public Map<String, Object> results() {
    return results;
  }

  public List<Section> sections() {
    return sections;
  }

  /** Wall-clock seconds of each phase. */
  public Map<String, Double> seconds() {
    return seconds;
  }

  /** Runs a phase and notes how long it took. */
  public <T, E extends Exception> T timed(String phase, Phase<T, E> work) throws E {
    long start = System.nanoTime();
    try {
      return work.run();
    } finally {
      seconds.merge(phase, (System.nanoTime() - start) * 1e-9, Double::sum);
    }
  }

  /** Work that gives a result. */
  @FunctionalInterface
  public interface Phase<T, E extends Exception> {
    T run() throws E;
  }
}
