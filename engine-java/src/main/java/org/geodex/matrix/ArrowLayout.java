package org.geodex.matrix;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Lays out an Arrow IPC file of one record batch whose size is known before its content: all
 * columns have the same number of rows and no nulls. So the metadata is written first and the
 * columns are filled in any order, each in one piece at a 64-byte aligned place of the file.
 */
final class ArrowLayout {
  private static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);

  private final long rows;
  private final List<Field> fields = new ArrayList<>();
  private final List<Long> nodeLengths = new ArrayList<>();
  private final List<Long> bufferSizes = new ArrayList<>();

  ArrowLayout(long rows) {
    this.rows = rows;
  }

  /** The format of a file with one matrix in it. */
  static RowFormat matrix(String name, ElementType type, long rows, int columns) {
    ArrowLayout layout = new ArrowLayout(rows);
    layout.addMatrix(name, type, columns);
    return new RowFormat(layout.head(), layout.tail());
  }

  /** Adds a {@code FixedSizeList<type>[columns]} and returns the buffer of its values. */
  int addMatrix(String name, ElementType type, int columns) {
    Field values = new Field("item", FieldType.notNullable(arrowType(type)), null);
    FieldType list = FieldType.notNullable(new ArrowType.FixedSizeList(columns));
    fields.add(new Field(name, list, List.of(values)));
    long elements = Math.multiplyExact(rows, (long) columns);
    nodeLengths.addAll(List.of(rows, elements));
    return addBuffers(0, 0, Math.multiplyExact(elements, (long) type.bytes()));
  }

  /** Adds a column of 32-bit integers and returns the buffer of its values. */
  int addInts(String name) {
    fields.add(new Field(name, FieldType.notNullable(arrowType(ElementType.I32)), null));
    nodeLengths.add(rows);
    return addBuffers(0, rows * Integer.BYTES);
  }

  /** Adds a column of 64-bit floats and returns its buffer. */
  int addDoubles(String name) {
    ArrowType type = new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
    fields.add(new Field(name, FieldType.notNullable(type), null));
    nodeLengths.add(rows);
    return addBuffers(0, rows * Double.BYTES);
  }

  /** Adds a column of text and returns the buffer of its bytes; the offsets lie one before. */
  int addText(String name, long textBytes) {
    fields.add(new Field(name, FieldType.notNullable(new ArrowType.Utf8()), null));
    nodeLengths.add(rows);
    return addBuffers(0, (rows + 1) * Integer.BYTES, textBytes);
  }

  private int addBuffers(long... sizes) {
    for (long size : sizes) {
      bufferSizes.add(size);
    }
    return bufferSizes.size() - 1;
  }

  private static ArrowType arrowType(ElementType type) {
    return switch (type) {
      case F32 -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
      case I32 -> new ArrowType.Int(32, true);
      case I64 -> new ArrowType.Int(64, true);
      default -> throw new IllegalArgumentException(type + " is not written");
    };
  }

  /** Everything before the columns' bytes; its length is a multiple of 64. */
  byte[] head() {
    var out = new ByteArrayOutputStream();
    out.writeBytes(MAGIC);
    out.writeBytes(new byte[2]);
    out.writeBytes(encapsulated(schemaMessage(), out.size(), Long.BYTES));
    out.writeBytes(encapsulated(batchMessage(), out.size(), RowFormat.ALIGNMENT));
    return out.toByteArray();
  }

  /** Place in the file of a buffer that an {@code add} method returned. */
  long position(int buffer) {
    return head().length + bodyOffset(buffer);
  }

  /** Where the {@link #tail} goes: right behind the last buffer. */
  long tailPosition() {
    return position(bufferSizes.size() - 1) + bufferSizes.getLast();
  }

  /** Everything behind the columns' bytes: padding, end mark, footer. */
  byte[] tail() {
    var out = new ByteArrayOutputStream();
    out.writeBytes(
        new byte
            [(int) (bodyBytes() - (bodyOffset(bufferSizes.size() - 1) + bufferSizes.getLast()))]);
    out.writeBytes(ints(-1, 0));
    byte[] footer = footer();
    out.writeBytes(footer);
    out.writeBytes(ints(footer.length));
    out.writeBytes(MAGIC);
    return out.toByteArray();
  }

  private long bodyOffset(int buffer) {
    return bufferSizes.subList(0, buffer).stream().mapToLong(RowFormat::aligned).sum();
  }

  private long bodyBytes() {
    return bodyOffset(bufferSizes.size());
  }

  private byte[] schemaMessage() {
    var builder = new FlatBufferBuilder();
    int schema = new Schema(fields).getSchema(builder);
    return message(builder, MessageHeader.Schema, schema, 0);
  }

  private byte[] batchMessage() {
    var builder = new FlatBufferBuilder();
    RecordBatch.startNodesVector(builder, nodeLengths.size());
    for (long length : nodeLengths.reversed()) {
      FieldNode.createFieldNode(builder, length, 0);
    }
    int nodes = builder.endVector();
    RecordBatch.startBuffersVector(builder, bufferSizes.size());
    for (int i = bufferSizes.size() - 1; i >= 0; i--) {
      Buffer.createBuffer(builder, bodyOffset(i), bufferSizes.get(i));
    }
    int buffers = builder.endVector();
    int batch = RecordBatch.createRecordBatch(builder, rows, nodes, buffers, 0, 0);
    return message(builder, MessageHeader.RecordBatch, batch, bodyBytes());
  }

  private static byte[] message(FlatBufferBuilder builder, byte type, int header, long body) {
    builder.finish(Message.createMessage(builder, MetadataVersion.V5, type, header, body, 0));
    return builder.sizedByteArray();
  }

  private byte[] footer() {
    byte[] head = head();
    int batchMetadata = encapsulated(batchMessage(), batchAt(), RowFormat.ALIGNMENT).length;
    var builder = new FlatBufferBuilder();
    int schema = new Schema(fields).getSchema(builder);
    Footer.startRecordBatchesVector(builder, 1);
    Block.createBlock(builder, head.length - batchMetadata, batchMetadata, bodyBytes());
    int blocks = builder.endVector();
    builder.finish(Footer.createFooter(builder, MetadataVersion.V5, schema, 0, blocks, 0));
    return builder.sizedByteArray();
  }

  private int batchAt() {
    return MAGIC.length + 2 + encapsulated(schemaMessage(), MAGIC.length + 2, Long.BYTES).length;
  }

  /** Continuation mark, length, message, and padding so that what follows lies aligned. */
  private static byte[] encapsulated(byte[] message, int at, int alignment) {
    int end = Math.ceilDiv(at + 8 + message.length, alignment) * alignment;
    var out = new ByteArrayOutputStream();
    out.writeBytes(ints(-1, end - at - 8));
    out.writeBytes(message);
    out.writeBytes(new byte[end - at - 8 - message.length]);
    return out.toByteArray();
  }

  private static byte[] ints(int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Integer.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }
}
