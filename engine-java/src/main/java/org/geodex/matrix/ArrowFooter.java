package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Schema;
import org.geodex.error.InputException;
import org.geodex.memory.MappedFile;

/**
 * The end of an Arrow IPC file: the schema and where the record batches lie.
 *
 * @param fields the columns
 * @param batches in order, their bounds checked
 */
record ArrowFooter(List<Field> fields, List<ArrowBatch> batches) {
  private static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Magic and padding at the start, footer length and magic at the end. */
  private static final int HEAD = 8;

  private static final int TAIL = 4 + 6;
  private static final int DEEPEST = 64;
  private static final int MOST_FIELDS = 1_000_000;

  static ArrowFooter read(MappedFile file) {
    MemorySegment bytes = file.segment();
    checkMagic(file, bytes);
    long end = bytes.byteSize() - TAIL;
    int length = bytes.get(I32, end);
    if (length <= 0 || length > end - HEAD) {
      throw new InputException(
          "%s: claims a footer of %,d bytes, but the whole file has %,d",
          file.path(), length, file.size());
    }
    Footer footer = Footer.getRootAsFooter(buffer(bytes.asSlice(end - length, length)));
    Schema schema = footer.schema();
    if (schema.endianness() != Endianness.Little) {
      throw new InputException("%s: is big-endian, expected little-endian data", file.path());
    }
    return new ArrowFooter(fields(file, schema), batches(file, footer));
  }

  private static void checkMagic(MappedFile file, MemorySegment bytes) {
    MemorySegment magic = MemorySegment.ofArray(MAGIC);
    long size = bytes.byteSize();
    if (size < MAGIC.length || bytes.asSlice(0, MAGIC.length).mismatch(magic) >= 0) {
      throw new InputException(
          "%s: does not start with ARROW1, expected an Arrow IPC file (not the stream format)",
          file.path());
    }
    if (size < HEAD + TAIL || bytes.asSlice(size - MAGIC.length).mismatch(magic) >= 0) {
      throw new InputException(
          "%s: does not end with ARROW1: the file is cut off (%,d bytes)", file.path(), size);
    }
  }

  private static List<Field> fields(MappedFile file, Schema schema) {
    List<Field> fields = new ArrayList<>();
    int[] budget = {MOST_FIELDS};
    for (int i = 0; i < schema.fieldsLength(); i++) {
      Field field = schema.fields(i);
      checkTree(file, field, 0, budget);
      fields.add(field);
    }
    return fields;
  }

  /** Offsets of a damaged schema may form a cycle or blow up; both end here. */
  private static void checkTree(MappedFile file, Field field, int depth, int[] budget) {
    if (depth > DEEPEST || --budget[0] < 0) {
      throw new InputException(
          "%s: the Arrow schema is nested deeper than %d levels or has more than %,d fields",
          file.path(), DEEPEST, MOST_FIELDS);
    }
    for (int i = 0; i < field.childrenLength(); i++) {
      checkTree(file, field.children(i), depth + 1, budget);
    }
  }

  /** Blocks lie inside the file and are together no larger than it, so none is named twice. */
  private static List<ArrowBatch> batches(MappedFile file, Footer footer) {
    List<ArrowBatch> batches = new ArrayList<>();
    long left = file.size();
    for (int i = 0; i < footer.recordBatchesLength(); i++) {
      Block block = footer.recordBatches(i);
      long offset = block.offset();
      long metadata = block.metaDataLength();
      long body = block.bodyLength();
      boolean inside =
          offset >= HEAD
              && metadata > 8
              && body >= 0
              && offset <= file.size()
              && body <= file.size()
              && metadata + body <= file.size() - offset;
      left -= inside ? metadata + body : 0;
      if (!inside || left < 0) {
        throw new InputException(
            "%s: record batch %d claims bytes %,d + %,d + %,d, outside of the file's %,d",
            file.path(), i, offset, metadata, body, file.size());
      }
      MemorySegment bytes = file.segment();
      batches.add(
          ArrowBatch.read(
              file.path() + ", record batch " + i,
              bytes.asSlice(offset, metadata),
              bytes.asSlice(offset + metadata, body)));
    }
    return batches;
  }

  static ByteBuffer buffer(MemorySegment segment) {
    return segment.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }
}
