package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.CompressionType;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Type;
import org.apache.arrow.flatbuf.Union;
import org.apache.arrow.flatbuf.UnionMode;
import org.geodex.error.InputException;

/** One record batch of an Arrow IPC file: which bytes of its body belong to which column. */
final class ArrowBatch {
  private static final int CONTINUATION = -1;
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String place;
  private final RecordBatch batch;
  private final MemorySegment body;

  private ArrowBatch(String place, RecordBatch batch, MemorySegment body) {
    this.place = place;
    this.batch = batch;
    this.body = body;
  }

  /** A field's rows, how many of them are null, and its buffers, in the order of the format. */
  record Node(long rows, long nulls, List<MemorySegment> buffers) {}

  /** A column of one batch: its own node and its children's. */
  record Data(Node node, List<Node> children) {
    long rows() {
      return node.rows;
    }
  }

  static ArrowBatch read(String place, MemorySegment metadata, MemorySegment body) {
    int prefix = metadata.get(I32, 0) == CONTINUATION ? 8 : 4;
    ByteBuffer bytes = ArrowFooter.buffer(metadata.asSlice(prefix));
    Message message = Message.getRootAsMessage(bytes);
    if (message.headerType() != MessageHeader.RecordBatch) {
      throw new InputException("%s: is no record batch message", place);
    }
    RecordBatch batch = (RecordBatch) message.header(new RecordBatch());
    if (batch.compression() != null) {
      throw new InputException(
          "%s: is compressed (%s), expected an uncompressed Arrow file",
          place, compressionName(batch.compression().codec()));
    }
    if (batch.length() < 0) {
      throw new InputException("%s: claims %d rows", place, batch.length());
    }
    return new ArrowBatch(place, batch, body);
  }

  private static String compressionName(byte codec) {
    return codec >= 0 && codec < CompressionType.names.length
        ? CompressionType.name(codec)
        : "codec " + codec;
  }

  long rows() {
    return batch.length();
  }

  /** The nodes of column {@code index}; the columns before it are walked to find its place. */
  Data column(String name, List<Field> fields, int index) {
    Cursor cursor = new Cursor();
    for (int i = 0; i < index; i++) {
      cursor.skip(fields.get(i));
    }
    Field field = fields.get(index);
    Node node = cursor.next(field);
    if (node.rows != rows()) {
      throw new InputException(
          "%s: column %s has %,d rows, expected the batch's %,d", place, name, node.rows, rows());
    }
    List<Node> children = new ArrayList<>();
    if (field.dictionary() == null) {
      for (int i = 0; i < field.childrenLength(); i++) {
        children.add(cursor.next(field.children(i)));
        cursor.skipChildren(field.children(i));
      }
    }
    return new Data(node, children);
  }

  /** Walks nodes and buffers depth first, as the format lays them out. */
  private final class Cursor {
    private int node;
    private int buffer;
    private int variadic;

    void skip(Field field) {
      node++;
      buffer += buffersOf(field);
      skipChildren(field);
    }

    /** A dictionary column holds indices alone. */
    void skipChildren(Field field) {
      if (field.dictionary() == null) {
        for (int i = 0; i < field.childrenLength(); i++) {
          skip(field.children(i));
        }
      }
    }

    Node next(Field field) {
      if (node >= batch.nodesLength()) {
        throw new InputException("%s: has too few field nodes for its schema", place);
      }
      FieldNode claimed = batch.nodes(node++);
      if (claimed.length() < 0 || claimed.nullCount() < 0) {
        throw new InputException("%s: field node %d has a negative length", place, node - 1);
      }
      List<MemorySegment> buffers = new ArrayList<>();
      for (int count = buffersOf(field); count > 0; count--) {
        buffers.add(bytes(buffer++));
      }
      return new Node(claimed.length(), claimed.nullCount(), buffers);
    }

    private MemorySegment bytes(int index) {
      if (index >= batch.buffersLength()) {
        throw new InputException("%s: has too few buffers for its schema", place);
      }
      Buffer claimed = batch.buffers(index);
      if (claimed.offset() < 0
          || claimed.length() < 0
          || claimed.offset() > body.byteSize()
          || claimed.length() > body.byteSize() - claimed.offset()) {
        throw new InputException(
            "%s: buffer %d claims bytes %,d + %,d, outside of the body's %,d",
            place, index, claimed.offset(), claimed.length(), body.byteSize());
      }
      return body.asSlice(claimed.offset(), claimed.length());
    }

    /** Buffers of a field itself, without its children; columnar format, "Buffer Listing". */
    private int buffersOf(Field field) {
      if (field.dictionary() != null) {
        return 2;
      }
      return switch (field.typeType()) {
        case Type.Null, Type.RunEndEncoded -> 0;
        case Type.Struct_, Type.FixedSizeList -> 1;
        case Type.Union -> ((Union) field.type(new Union())).mode() == UnionMode.Dense ? 2 : 1;
        case Type.Utf8, Type.Binary, Type.LargeUtf8, Type.LargeBinary -> 3;
        case Type.ListView, Type.LargeListView -> 3;
        case Type.Utf8View, Type.BinaryView ->
            2 + Math.toIntExact(batch.variadicBufferCounts(variadic++));
        default -> 2;
      };
    }
  }
}
