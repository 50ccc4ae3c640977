package org.geodex.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.KernelTable.Kind;
import org.geodex.cuda.KernelTable.Parameter;
import org.junit.jupiter.api.Test;

class KernelTableTest {

  @Test
  void readsAnEntryOverSeveralLines() {
    var entries =
        KernelTable.parse(
            """
            // GX_KERNEL(comment, gx_no, (), (1, 1, 1), 0, "")
            GX_KERNEL(family, gx_some_f32, (const float* x, int n, unsigned  m, long long  ld,
                      float a, double b, const unsigned long long seed), // trailing
                      (32, 8, 1), 66560, "(ceil(n / 32), m)")
            """);
    var entry = entries.get("gx_some_f32");
    assertEquals(Set.of("gx_some_f32"), entries.keySet());
    assertEquals("family", entry.file());
    assertEquals(new Grid(32, 8, 1), entry.block());
    assertEquals(66560, entry.dynamicShared());
    assertEquals(
        List.of(
            new Parameter("x", Kind.POINTER),
            new Parameter("n", Kind.INT),
            new Parameter("m", Kind.INT),
            new Parameter("ld", Kind.LONG),
            new Parameter("a", Kind.FLOAT),
            new Parameter("b", Kind.DOUBLE),
            new Parameter("seed", Kind.LONG)),
        entry.parameters());
  }

  @Test
  void refusesATypeThatNoLaunchCanGive() {
    assertThrows(
        IllegalStateException.class,
        () -> KernelTable.parse("GX_KERNEL(f, gx_f, (half x), (1, 1, 1), 0, \"\")"));
  }

  @Test
  void listsEveryKernelOnceWithinTheDevicesLimits() {
    List<KernelTable.Entry> all = KernelTable.all();
    assertFalse(all.isEmpty());
    for (KernelTable.Entry entry : all) {
      assertTrue(entry.name().startsWith("gx_"), entry.name());
      assertTrue(entry.block().count() <= 1024, entry.name());
      assertTrue(entry.dynamicShared() <= 227 << 10, entry.name());
      String source = KernelImages.text("src/" + entry.file() + ".cu");
      assertTrue(definition(entry.name()).matcher(source).find(), entry.name());
    }
    assertEquals(
        all.size(), all.stream().map(KernelTable.Entry::name).collect(Collectors.toSet()).size());
  }

  /**
   * A family is written once, as a macro whose arguments stand for the sizes or types in the name.
   */
  private static Pattern definition(String name) {
    String parts =
        Stream.of(name.split("_"))
            .map(part -> "(" + part + "|##\\w+(##)?)")
            .collect(Collectors.joining("_"));
    return Pattern.compile(parts + "\\(");
  }

  @Test
  void aCardThatIsTooOldIsNamed() {
    String why = KernelImages.whyNoKernels(13000, 75);
    assertTrue(why.contains("7.5") && why.contains("8.0"), why);
  }

  /** Where nvcc was there: registers and shared memory of every kernel are known, none spills. */
  @Test
  void everyKernelFitsIntoItsRegisters() {
    if (!KernelImages.buildProperty("fatbin", "").equals("built")) {
      return;
    }
    List<String[]> rows =
        KernelImages.text("resources.tsv").lines().map(line -> line.split("\t")).toList();
    Set<String> measured = rows.stream().map(row -> row[0]).collect(Collectors.toSet());
    for (KernelTable.Entry entry : KernelTable.all()) {
      assertTrue(measured.contains(entry.name()), entry.name());
    }
    for (String[] row : rows) {
      if (KernelTable.all().stream().noneMatch(e -> e.name().equals(row[0]))) {
        continue;
      }
      int threads = (int) KernelTable.of(row[0]).block().count();
      int registers = Integer.parseInt(row[2]);
      assertTrue((long) threads * registers <= 65_536, () -> "registers: " + Arrays.toString(row));
      assertTrue(Integer.parseInt(row[3]) <= 48 << 10, () -> "shared: " + Arrays.toString(row));
    }
  }
}
