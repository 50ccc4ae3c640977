package org.geodex.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.error.InputException;
import org.geodex.file.TextFile;

/**
 * The stored comparisons with peers, and the page that shows them between two marks.
 *
 * @param environment where they were measured
 * @param peers in the order of the workloads
 */
public record PeerTable(Map<String, String> environment, List<PeerComparison> peers) {
  /** The line of a page before the table. */
  public static final String BEGIN = "<!-- peers: geodex bench peers -->";

  /** The line after it. */
  public static final String END = "<!-- end of peers -->";

  private static final String PROCESSOR = "processor_name";

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws InputException when it is no such file
   */
  public static PeerTable read(Path file) {
    try {
      PeerTable table = JSON.readValue(TextFile.read(file), PeerTable.class);
      if (table == null || table.peers == null || table.environment == null) {
        throw new InputException("%s: expected \"environment\" and \"peers\"", file);
      }
      return table;
    } catch (JsonProcessingException e) {
      String reason = e.getOriginalMessage().lines().findFirst().orElse("cut off");
      throw new InputException(e, "%s: is no table of peers (%s)", file, reason);
    }
  }

  public void write(Path file) throws IOException {
    Files.writeString(file, JSON.writeValueAsString(this) + "\n");
  }

  /**
   * This table with workloads measured again or for the first time.
   *
   * @param order all workloads; rows of others go
   * @throws InputException when the processors differ
   */
  public PeerTable with(PeerTable more, List<String> order) {
    String before = environment.get(PROCESSOR);
    if (before != null && !before.equals(more.environment.get(PROCESSOR))) {
      throw new InputException(
          "the rows so far are of another processor (%s): write to another file", before);
    }
    Map<String, List<PeerComparison>> byWorkload = new LinkedHashMap<>(rows());
    byWorkload.putAll(more.rows());
    List<PeerComparison> merged = new ArrayList<>();
    order.forEach(workload -> merged.addAll(byWorkload.getOrDefault(workload, List.of())));
    return new PeerTable(more.environment, List.copyOf(merged));
  }

  private Map<String, List<PeerComparison>> rows() {
    Map<String, List<PeerComparison>> rows = new LinkedHashMap<>();
    peers.forEach(row -> rows.computeIfAbsent(row.workload(), w -> new ArrayList<>()).add(row));
    return rows;
  }

  /**
   * A page with this table between its marks.
   *
   * @param page what stands outside them stays
   * @throws InputException when it has no marks
   */
  public String placedIn(Path page) {
    String text = TextFile.read(page);
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new InputException("%s: lacks the lines %s and %s", page, BEGIN, END);
    }
    String table = PeerComparison.markdown(peers);
    return text.substring(0, begin) + BEGIN + "\n\n" + table + "\n" + text.substring(end);
  }
}
