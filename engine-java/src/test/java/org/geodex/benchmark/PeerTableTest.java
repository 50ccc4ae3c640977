package org.geodex.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.geodex.benchmark.PeerRun.Workload;
import org.geodex.error.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerTableTest {
  private static final Path PROJECT = Path.of("..");

  @TempDir Path folder;

  /** Measuring again without writing the page, or by hand, shows here. */
  @Test
  void theReadmeShowsWhatIsStored() throws IOException {
    Path file = PROJECT.resolve("benchmarks/results/peers.json");
    assumeTrue(Files.exists(file), "no stored table");
    PeerTable stored = PeerTable.read(file);
    assertFalse(stored.peers().isEmpty());
    Path readme = PROJECT.resolve("README.md");
    assertEquals(stored.placedIn(readme), Files.readString(readme));
    Set<String> known =
        PeerRun.workloads(PROJECT).stream().map(Workload::workload).collect(Collectors.toSet());
    stored.peers().forEach(row -> assertTrue(known.contains(row.workload()), row.workload()));
  }

  /** Ratios 2, 4, 3 of three rounds. */
  @Test
  void theRatioIsTheMedianOfTheRounds() {
    PeerComparison row = row("a", 1, new double[] {2, 4, 3});
    assertEquals(3, row.ratio());
    assertEquals(2, row.low());
    assertEquals(4, row.high());
    assertEquals("| a | 1.00 s | Peer 1.2 | 3.00 s | 3.0 | 2.0 to 4.0 |", lines(row).getLast());
    PeerComparison missing = PeerComparison.missing("b", "No module", new double[] {0.0123});
    assertEquals(
        "| b | 12.3 ms | not installed: No module | - | - | - |", lines(missing).getLast());
  }

  private static List<String> lines(PeerComparison row) {
    return PeerComparison.markdown(List.of(row)).lines().toList();
  }

  private static PeerComparison row(String workload, double ours, double... theirs) {
    double[] mine = new double[theirs.length];
    Arrays.fill(mine, ours);
    return PeerComparison.of(workload, "Peer", "1.2", mine, theirs);
  }

  @Test
  void measuringAgainReplacesTheRowsOfAWorkload() throws IOException {
    PeerTable old = table("x", row("b", 1, 2), row("b", 1, 3), row("gone", 1, 2));
    PeerTable merged = old.with(table("x", row("a", 1, 5), row("b", 1, 7)), List.of("a", "b"));
    assertEquals(List.of(5.0, 7.0), merged.peers().stream().map(PeerComparison::ratio).toList());
    Path file = folder.resolve("t.json");
    merged.write(file);
    assertEquals(merged, PeerTable.read(file));
    assertThrows(InputException.class, () -> old.with(table("y"), List.of()));
  }

  private static PeerTable table(String processor, PeerComparison... rows) {
    return new PeerTable(Map.of("processor_name", processor), List.of(rows));
  }

  @Test
  void whatIsNoTableIsBadInput() throws IOException {
    Path file = folder.resolve("t.json");
    for (String content : List.of("", "{", "[]", "{}", "{\"peers\": 1}", "null")) {
      Files.writeString(file, content);
      assertThrows(InputException.class, () -> PeerTable.read(file), content);
    }
    assertThrows(InputException.class, () -> table("x").placedIn(file));
  }
}
