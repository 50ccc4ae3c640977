package org.geodex.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.geodex.error.InputException;
import org.geodex.memory.MappedFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArrowFileTest {
  private static final Field ID =
      new Field("id", FieldType.nullable(new ArrowType.Int(64, true)), null);
  private static final Field WORD =
      new Field("word", FieldType.nullable(new ArrowType.Utf8()), null);
  private static final Field X =
      new Field(
          "x",
          FieldType.nullable(new ArrowType.FixedSizeList(3)),
          List.of(
              new Field(
                  "item",
                  FieldType.nullable(new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)),
                  null)));

  @TempDir Path folder;

  @Test
  void theMatrixLiesInsideTheMapping() {
    Path path = folder.resolve("t.arrow");
    try (Matrix.Owned x = Matrix.of(new float[] {1, 2}, new float[] {3, 4});
        ArrowSink sink =
            ArrowSink.table(2)
                .ints("position", new int[] {5, 6})
                .text("token", List.of("naïve", ""))
                .matrix("layer_0", 2)
                .matrix("layer_1", 2)
                .create(path)) {
      sink.write("layer_1", x);
      sink.write("layer_0", x.rows(1, 2));
      sink.write("layer_0", x.rows(0, 1));
      sink.commit();
    }
    try (ArrowFile file = ArrowFile.open(path);
        Arena copies = Arena.ofConfined()) {
      assertEquals(List.of("position", "token", "layer_0", "layer_1"), file.columns());
      assertEquals(2, file.rows());
      assertArrayEquals(new long[] {5, 6}, file.longs("position"));
      assertEquals(List.of("naïve", ""), file.strings("token"));
      Matrix layer = file.matrix("layer_0", copies);
      assertArrayEquals(new float[][] {{3, 4}, {1, 2}}, layer.toArray());
      assertInside(file.mapping(), layer);
      assertInside(file.mapping(), file.matrix("layer_1", copies));
      assertEquals(0, layer.segment().address() % 64);
    }
  }

  private static void assertInside(MappedFile mapping, Matrix matrix) {
    long offset = matrix.segment().address() - mapping.segment().address();
    assertTrue(offset > 0 && offset + matrix.segment().byteSize() < mapping.size());
  }

  @Test
  void arrowsOwnReaderUnderstandsTheTable() throws IOException {
    Path path = folder.resolve("t.arrow");
    try (ArrowSink sink =
        ArrowSink.table(3)
            .text("token", List.of("a", "€", "ccc"))
            .ints("position", new int[] {-1, 0, 1})
            .create(path)) {
      sink.commit();
    }
    try (var allocator = new RootAllocator();
        var reader = new ArrowFileReader(FileChannel.open(path), allocator)) {
      assertTrue(reader.loadNextBatch());
      assertEquals("€", reader.getVectorSchemaRoot().getVector("token").getObject(1).toString());
      assertEquals(-1, reader.getVectorSchemaRoot().getVector("position").getObject(0));
    }
  }

  @Test
  void severalBatchesOfArrowsOwnWriterArePutTogether() throws IOException {
    Path path = folder.resolve("batches.arrow");
    write(path, 2, 0, 3);
    try (ArrowFile file = ArrowFile.open(path);
        Arena copies = Arena.ofConfined()) {
      assertEquals(5, file.rows());
      Matrix x = file.matrix("x", copies);
      for (int i = 0; i < 5; i++) {
        assertEquals(10 * i + 2, x.get(i, 2));
      }
      assertArrayEquals(new long[] {0, 1, 2, 3, 4}, file.longs("id"));
      assertEquals(List.of("w0", "w1", "w2", "w3", "w4"), file.strings("word"));
      assertThrows(InputException.class, () -> file.longs("word"));
      assertThrows(InputException.class, () -> file.strings("x"));
      assertThrows(InputException.class, () -> file.matrix("id", copies));
    }
  }

  @Test
  void oneBatchOfArrowsOwnWriterIsNotCopied() throws IOException {
    Path path = folder.resolve("one.arrow");
    write(path, 4);
    try (ArrowFile file = ArrowFile.open(path);
        Arena copies = Arena.ofConfined()) {
      assertInside(file.mapping(), file.matrix("x", copies));
    }
  }

  @Test
  void missingValuesAreNamedByRow() throws IOException {
    Path path = folder.resolve("nulls.arrow");
    try (var allocator = new RootAllocator();
        var root = VectorSchemaRoot.create(new Schema(List.of(ID, WORD, X)), allocator)) {
      fill(root, 0, 4);
      ((FixedSizeListVector) root.getVector("x")).setNull(2);
      ((BigIntVector) root.getVector("id")).setNull(1);
      writeBatch(path, root);
    }
    try (MatrixSource source = MatrixSource.open(path + "#x")) {
      throw new AssertionError(source.matrix());
    } catch (InputException e) {
      assertTrue(e.getMessage().contains("the first in row 2"), e.getMessage());
    }
    try (ArrowFile file = ArrowFile.open(path)) {
      assertThrows(InputException.class, () -> file.longs("id"));
    }
  }

  private static void write(Path path, int... batchRows) throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        var root = VectorSchemaRoot.create(new Schema(List.of(ID, WORD, X)), allocator);
        var channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var writer = new ArrowFileWriter(root, null, channel)) {
      int first = 0;
      for (int rows : batchRows) {
        fill(root, first, rows);
        writer.writeBatch();
        first += rows;
      }
      writer.end();
    }
  }

  private static void writeBatch(Path path, VectorSchemaRoot root) throws IOException {
    try (var channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var writer = new ArrowFileWriter(root, null, channel)) {
      writer.writeBatch();
      writer.end();
    }
  }

  /** Row i holds id i, word "wi" and the values 10·i, 10·i + 1, 10·i + 2. */
  private static void fill(VectorSchemaRoot root, int first, int rows) {
    root.getFieldVectors().forEach(FieldVector::allocateNew);
    var ids = (BigIntVector) root.getVector("id");
    var words = (VarCharVector) root.getVector("word");
    var x = (FixedSizeListVector) root.getVector("x");
    var values = (Float4Vector) x.getDataVector();
    for (int i = 0; i < rows; i++) {
      ids.setSafe(i, first + i);
      words.setSafe(i, ("w" + (first + i)).getBytes(java.nio.charset.StandardCharsets.UTF_8));
      x.setNotNull(i);
      for (int j = 0; j < 3; j++) {
        values.setSafe(3 * i + j, 10 * (first + i) + j);
      }
    }
    root.setRowCount(rows);
  }
}
