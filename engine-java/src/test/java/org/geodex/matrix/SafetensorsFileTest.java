package org.geodex.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.geodex.error.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {
  @TempDir Path folder;

  @Test
  void allTypesAndShapesAreDescribed() throws IOException {
    Path path =
        write(
            """
            {"__metadata__": {"format": "pt"},
             "ids": {"dtype": "I64", "shape": [1, 2], "data_offsets": [0, 16]},
             "bias": {"dtype": "U8", "shape": [3], "data_offsets": [16, 19]},
             "flag": {"dtype": "BOOL", "shape": [], "data_offsets": [19, 20]},
             "none": {"dtype": "F32", "shape": [0, 7], "data_offsets": [20, 20]},
             "w": {"dtype": "F32", "shape": [2, 1, 2], "data_offsets": [20, 36]},
             "f4": {"dtype": "F4", "shape": [4], "data_offsets": [36, 38]}}""",
            38);
    try (SafetensorsFile file = SafetensorsFile.open(path);
        Arena copies = Arena.ofConfined()) {
      assertEquals(Set.of("ids", "bias", "flag", "none", "w", "f4"), file.names());
      assertEquals(Map.of("format", "pt"), file.metadata());
      assertEquals(1, file.tensor("flag").elements());
      assertEquals(List.of(), file.tensor("flag").shape());
      assertEquals(0, file.tensor("none").elements());
      Tensor w = file.tensor("w");
      assertEquals(2, w.matrix(copies).rows());
      assertEquals(2, w.matrix(copies).columns());
      for (String name : List.of("ids", "flag", "none", "f4")) {
        assertThrows(InputException.class, () -> file.tensor(name).matrix(copies), name);
      }
      var e = assertThrows(InputException.class, () -> file.tensor("v"));
      assertTrue(e.getMessage().contains("no tensor 'v'"), e.getMessage());
    }
  }

  @Test
  void misalignedFloatsAreCopiedOnce() throws IOException {
    String json =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"x\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[1,9]}}";
    byte[] file = bytes(json, 9);
    MemorySegment data = MemorySegment.ofArray(file);
    data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, file.length - 8, 2.5f);
    data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, file.length - 4, -1f);
    Path path = Files.write(folder.resolve("x.safetensors"), file);
    try (MatrixSource source = MatrixSource.open(path + "#x")) {
      assertArrayEquals(new float[][] {{2.5f, -1}}, source.matrix().toArray());
      assertEquals(0, source.matrix().segment().address() % 64);
    }
  }

  @Test
  void aTensorBeyondTwoGigabytesIsRead() throws IOException {
    long hole = 1L << 31;
    String json =
        """
        {"big": {"dtype": "U8", "shape": [%d], "data_offsets": [0, %d]},
         "x": {"dtype": "F32", "shape": [1, 1], "data_offsets": [%d, %d]}}"""
            .formatted(hole, hole, hole, hole + 4);
    Path path = write(json, 0);
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      long end = Files.size(path) + hole;
      sparse.seek(end);
      sparse.writeInt(Integer.reverseBytes(Float.floatToIntBits(7)));
    }
    try (MatrixSource source = MatrixSource.open(path + "#x")) {
      assertEquals(7, source.matrix().get(0, 0));
    }
  }

  @Test
  void shardsAreOneFolderOfTensors() throws IOException {
    writeShard("model-00001-of-00002.safetensors", "a", 1);
    writeShard("model-00002-of-00002.safetensors", "b", 2);
    writeIndex(
        "{\"a\": \"model-00001-of-00002.safetensors\", \"b\": \"model-00002-of-00002.safetensors\"}");
    try (SafetensorsFolder model = SafetensorsFolder.open(folder)) {
      assertEquals(Set.of("a", "b"), model.names());
      assertEquals(2, first(model.tensor("b")));
      assertThrows(InputException.class, () -> model.tensor("c"));
    }
  }

  @Test
  void indexAndShardsMustAgree() throws IOException {
    writeShard("one.safetensors", "a", 1);
    writeShard("two.safetensors", "a", 2);
    String one = "\"one.safetensors\"";
    for (String map :
        List.of(
            "{\"a\": \"one.safetensors\", \"b\": \"one.safetensors\"}",
            "{\"a\": \"three.safetensors\"}",
            "{\"a\": \"../one.safetensors\"}",
            "{\"a\": 1}",
            "[]",
            "{\"a\": " + one + ", \"a\": " + one + "}",
            "{\"a\": " + one)) {
      writeIndex(map);
      assertThrows(InputException.class, () -> SafetensorsFolder.open(folder).close(), map);
    }
    writeIndex("{}");
    Files.delete(folder.resolve("model.safetensors.index.json"));
    assertThrows(InputException.class, () -> SafetensorsFolder.open(folder).close());
  }

  @Test
  void theSinkFillsTensorsInTurns() throws IOException {
    Path path = folder.resolve("model.safetensors");
    try (Matrix.Owned x = Matrix.of(new float[] {1, 2}, new float[] {3, 4});
        SafetensorsSink sink =
            SafetensorsSink.builder()
                .tensor("hidden_states.0", ElementType.F32, 1, 2, 2)
                .tensor("hidden_states.1", ElementType.F32, 2, 2)
                .metadata(Map.of("made by", "a \"test\""))
                .create(path)) {
      sink.write("hidden_states.1", x.rows(1, 2));
      sink.write("hidden_states.0", x);
      assertThrows(IllegalStateException.class, () -> sink.write("hidden_states.0", x));
      assertThrows(IllegalStateException.class, sink::commit);
      sink.write("hidden_states.1", x.rows(0, 1));
      sink.commit();
    }
    try (SafetensorsFolder file = SafetensorsFolder.open(folder);
        Arena copies = Arena.ofConfined()) {
      assertEquals(List.of(1L, 2L, 2L), file.tensor("hidden_states.0").shape());
      assertArrayEquals(
          new float[][] {{3, 4}, {1, 2}}, file.tensor("hidden_states.1").matrix(copies).toArray());
    }
  }

  private static float first(Tensor tensor) {
    return tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
  }

  private void writeShard(String name, String tensor, float value) {
    try (Matrix.Owned x = Matrix.of(new float[] {value});
        SafetensorsSink sink =
            SafetensorsSink.builder()
                .tensor(tensor, ElementType.F32, 1)
                .create(folder.resolve(name))) {
      sink.write(tensor, x);
      sink.commit();
    }
  }

  private void writeIndex(String weightMap) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"), "{\"weight_map\": " + weightMap + "}");
  }

  private Path write(String json, int dataBytes) throws IOException {
    return Files.write(folder.resolve("x.safetensors"), bytes(json, dataBytes));
  }

  private static byte[] bytes(String json, int dataBytes) {
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + header.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }
}
