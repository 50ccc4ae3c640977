package org.geodex.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MatrixRoundTripTest {
  private static final float[][] VALUES = {{1, -2.5f, 3e-40f}, {0, -0f, Float.MAX_VALUE}};

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"x.npy", "x.safetensors", "x.arrow"})
  void whatWasWrittenIsReadBackInPlace(String name) throws IOException {
    Path file = folder.resolve(name);
    try (Matrix.Owned x = Matrix.of(VALUES);
        MatrixSink sink = MatrixSink.create(file, 2, 3)) {
      sink.write(x.rows(0, 1));
      sink.write(x.rows(1, 2));
      assertEquals(false, Files.exists(file));
      sink.commit();
    }
    try (MatrixSource source = MatrixSource.open(file.toString())) {
      assertArrayEquals(VALUES, source.matrix().toArray());
      assertEquals(0, source.matrix().segment().address() % 64);
    }
    assertEquals(List.of(file), list());
  }

  @ParameterizedTest
  @ValueSource(strings = {"x.npy", "x.safetensors", "x.arrow"})
  void indicesAreWrittenAsIntegers(String name) throws IOException {
    Path file = folder.resolve(name);
    try (IndexSink sink = IndexSink.create(file, 2, 2)) {
      sink.write(new int[] {7, 8, 9, 10});
      sink.commit();
    }
    byte[] bytes = Files.readAllBytes(file);
    MemorySegment data = MemorySegment.ofArray(bytes);
    boolean found = false;
    for (int at = 0; at + 16 <= bytes.length; at += 64) {
      found |= data.asSlice(at, 16).mismatch(MemorySegment.ofArray(new int[] {7, 8, 9, 10})) == -1;
    }
    assertTrue(found, "the four integers lie at a multiple of 64 bytes");
    assertThrows(InputException.class, () -> MatrixSource.open(file.toString()).close());
  }

  @Test
  void arrowsOwnReaderUnderstandsTheFile() throws IOException {
    Path file = folder.resolve("x.arrow");
    try (Matrix.Owned x = Matrix.of(VALUES)) {
      MatrixWriter.write(file, x);
    }
    try (var allocator = new RootAllocator();
        var reader = new ArrowFileReader(FileChannel.open(file), allocator)) {
      assertTrue(reader.loadNextBatch());
      var vector = (FixedSizeListVector) reader.getVectorSchemaRoot().getVector("matrix");
      assertEquals(2, vector.getValueCount());
      assertEquals(List.of(1f, -2.5f, 3e-40f), vector.getObject(0));
      assertEquals(false, reader.loadNextBatch());
    }
  }

  @Test
  void halvesAndDoublesBecomeF32() throws IOException {
    float[] values = {1.5f, -0.125f, 65504, 6e-8f};
    Path f16 = folder.resolve("f16.safetensors");
    byte[] head = SafetensorsHead.single("t", ElementType.F16, 2, 1, 2);
    byte[] file = java.util.Arrays.copyOf(head, head.length + 8);
    for (int i = 0; i < 4; i++) {
      MemorySegment.ofArray(file)
          .set(
              ValueLayout.JAVA_SHORT_UNALIGNED,
              head.length + 2L * i,
              Float.floatToFloat16(values[i]));
    }
    Files.write(f16, file);
    try (MatrixSource source = MatrixSource.open(f16 + "#t")) {
      assertEquals(2, source.matrix().rows());
      assertEquals(65504, source.matrix().get(1, 0));
      assertEquals(0x1p-24f, source.matrix().get(1, 1));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x.npy", "x.safetensors", "x.arrow"})
  void theFirstNonFiniteValueIsNamed(String name) {
    Path file = folder.resolve(name);
    try (Matrix.Owned x = Matrix.allocate(5000, 3)) {
      x.fill(1);
      x.set(4321, 2, Float.NaN);
      x.set(4999, 0, Float.NEGATIVE_INFINITY);
      MatrixWriter.write(file, x);
    }
    var e = assertThrows(InputException.class, () -> MatrixSource.open(file.toString()).close());
    assertTrue(e.getMessage().contains("row 4321, column 2 is NaN"), e.getMessage());
    try (MatrixSource source = MatrixSource.open(file.toString(), true)) {
      assertEquals(Float.NEGATIVE_INFINITY, source.matrix().get(4999, 0));
    }
  }

  @Test
  void aFailureLeavesTheOlderFilesAndNothingElse() throws IOException {
    Path a = Files.writeString(folder.resolve("a.npy"), "old");
    Path b = folder.resolve("b.npy");
    try (Matrix.Owned x = Matrix.of(VALUES);
        AtomicOutputs outputs = AtomicOutputs.open()) {
      MatrixWriter.write(outputs, a, x);
      MatrixWriter.write(outputs, b, x);
      outputs.folder(folder.resolve("deep/er"));
      assertThrows(InputException.class, () -> outputs.file(a));
    }
    assertEquals("old", Files.readString(a));
    assertEquals(List.of(a), list());
  }

  @Test
  void severalOutputsAppearTogether() throws IOException {
    Path report = folder.resolve("new/report.html");
    Path x = folder.resolve("x.npy");
    try (Matrix.Owned values = Matrix.of(VALUES);
        AtomicOutputs outputs = AtomicOutputs.open()) {
      outputs.folder(report.getParent());
      MatrixWriter.write(outputs, x, values);
      Files.writeString(outputs.file(report), "<p>");
      assertEquals(false, Files.exists(x));
      outputs.commit();
    }
    assertEquals("<p>", Files.readString(report));
    assertTrue(Files.exists(x));
  }

  @Test
  void anotherEndingIsWrongUsage() throws IOException {
    assertThrows(
        UsageException.class, () -> MatrixSink.create(folder.resolve("x.txt"), 1, 1).close());
    assertThrows(
        InputException.class, () -> MatrixSink.create(folder.resolve("no/x.npy"), 1, 1).close());
    assertEquals(List.of(), list());
  }

  private List<Path> list() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
