package org.geodex.input;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.apache.arrow.vector.compression.NoCompressionCodec;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Files of the three formats, byte by byte, sound and unsound. */
final class Crafted {
  private Crafted() {}

  /** A version 1 file with this header and zeros as data. */
  static byte[] npy(String header, int dataBytes) {
    return npy(header, new byte[dataBytes]);
  }

  static byte[] npy(String header, byte[] data) {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    return ByteBuffer.allocate(10 + text.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
        .putShort((short) text.length)
        .put(text)
        .put(data)
        .array();
  }

  /** A header with this type and shape, in C order. */
  static String npyHeader(String descr, String shape) {
    return "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n".formatted(descr, shape);
  }

  /** A file with this header and zeros as data. */
  static byte[] safetensors(String json, int dataBytes) {
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    return safetensors(header.length, header, new byte[dataBytes]);
  }

  static byte[] safetensors(long claimed, byte[] header, byte[] data) {
    return ByteBuffer.allocate(8 + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(claimed)
        .put(header)
        .put(data)
        .array();
  }

  /** A header of one tensor {@code t}. */
  static String tensor(String dtype, String shape, String offsets) {
    return "{\"t\": {\"dtype\": \"%s\", \"shape\": %s, \"data_offsets\": %s}}"
        .formatted(dtype, shape, offsets);
  }

  /** The columns {@code id} (int) and {@code x} (two floats a row), as Arrow itself writes them. */
  static byte[] arrow(int rows, Consumer<VectorSchemaRoot> edit) {
    return arrow(List.of("id", "x"), rows, edit, NoCompressionCodec.Factory.INSTANCE);
  }

  /** The same with a batch that says it is compressed. */
  static byte[] arrowCompressed() {
    return arrow(List.of("id", "x"), 3, root -> {}, new PretendedCompression());
  }

  static byte[] arrow(
      List<String> names,
      int rows,
      Consumer<VectorSchemaRoot> edit,
      CompressionCodec.Factory codec) {
    var out = new ByteArrayOutputStream();
    Field id = new Field(names.get(0), FieldType.nullable(new ArrowType.Int(32, true)), null);
    Field value =
        new Field(
            "item",
            FieldType.nullable(new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)),
            null);
    Field x =
        new Field(names.get(1), FieldType.nullable(new ArrowType.FixedSizeList(2)), List.of(value));
    try (BufferAllocator allocator = new RootAllocator();
        var root = VectorSchemaRoot.create(new Schema(List.of(id, x)), allocator);
        var writer =
            new ArrowFileWriter(
                root,
                null,
                Channels.newChannel(out),
                Map.of(),
                IpcOption.DEFAULT,
                codec,
                codec instanceof PretendedCompression
                    ? CompressionUtil.CodecType.ZSTD
                    : CompressionUtil.CodecType.NO_COMPRESSION)) {
      fill(root, rows);
      edit.accept(root);
      writer.writeBatch();
      writer.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void fill(VectorSchemaRoot root, int rows) {
    root.getFieldVectors().forEach(FieldVector::allocateNew);
    var ids = (IntVector) root.getVector(0);
    var x = (FixedSizeListVector) root.getVector(1);
    for (int i = 0; i < rows; i++) {
      ids.setSafe(i, i);
      x.setNotNull(i);
      ((Float4Vector) x.getDataVector()).setSafe(2 * i, i);
      ((Float4Vector) x.getDataVector()).setSafe(2 * i + 1, -i);
    }
    root.setRowCount(rows);
  }

  /** A copy with {@code bytes} written at {@code at}; counted from the end if negative. */
  static byte[] patched(byte[] file, int at, int... bytes) {
    byte[] copy = file.clone();
    for (int i = 0; i < bytes.length; i++) {
      copy[(at < 0 ? file.length + at : at) + i] = (byte) bytes[i];
    }
    return copy;
  }

  /** Where a little-endian 64-bit number first stands at or after {@code from}. */
  static int find(byte[] file, long number, int from) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = from; at + 8 <= file.length; at++) {
      if (bytes.getLong(at) == number) {
        return at;
      }
    }
    throw new AssertionError(number + " does not stand in the file");
  }

  private static final class PretendedCompression
      implements CompressionCodec.Factory, CompressionCodec {
    @Override
    public CompressionCodec createCodec(CompressionUtil.CodecType type) {
      return this;
    }

    @Override
    public CompressionCodec createCodec(CompressionUtil.CodecType type, int level) {
      return this;
    }

    @Override
    public ArrowBuf compress(BufferAllocator allocator, ArrowBuf buffer) {
      return buffer;
    }

    @Override
    public ArrowBuf decompress(BufferAllocator allocator, ArrowBuf buffer) {
      return buffer;
    }

    @Override
    public CompressionUtil.CodecType getCodecType() {
      return CompressionUtil.CodecType.ZSTD;
    }
  }
}
