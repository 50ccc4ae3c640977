package org.geodex.corpus;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedWidthVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.util.Text;

/**
 * Writes {@code labels.arrow}: one row per word, a record batch per {@link #append}. Words,
 * classes, frames, topics, discourse roles and entities are dictionary columns, so that readers see
 * names.
 */
final class LabelTable implements AutoCloseable {
  private final BufferAllocator allocator = new RootAllocator();
  private final MapDictionaryProvider dictionaries = new MapDictionaryProvider();
  private final List<Field> fields = new ArrayList<>();
  private final VectorSchemaRoot root;
  private final FileChannel channel;
  private final ArrowFileWriter writer;
  private int rows;

  LabelTable(Path file) throws IOException {
    Lexicon words = Lexicon.get();
    field("document", 32);
    field("sentence", 16);
    field("position", 16);
    field("start", 64);
    dictionary("word", 16, words.texts());
    dictionary("word_class", 8, names(WordClass.values()));
    dictionary("frame", 8, names(Frame.values()));
    dictionary("topic", 8, words.topicNames());
    dictionary("discourse", 8, names(DiscourseRole.values()));
    dictionary("entity", 8, names(Entity.values()));
    field("head", 16);
    field("depth", 8);
    fields.add(
        new Field(
            "nats",
            FieldType.notNullable(new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)),
            null));
    List<FieldVector> vectors = new ArrayList<>();
    fields.forEach(field -> vectors.add(field.createVector(allocator)));
    root = new VectorSchemaRoot(fields, vectors);
    channel = FileChannel.open(file, StandardOpenOption.WRITE);
    writer = new ArrowFileWriter(root, dictionaries, channel);
    writer.start();
  }

  private static List<String> names(Enum<?>[] values) {
    return Arrays.stream(values).map(v -> v.name().toLowerCase(Locale.ROOT)).toList();
  }

  private void field(String name, int bits) {
    fields.add(new Field(name, FieldType.notNullable(new ArrowType.Int(bits, true)), null));
  }

  private void dictionary(String name, int bits, List<String> values) {
    ArrowType.Int index = new ArrowType.Int(bits, true);
    DictionaryEncoding encoding =
        new DictionaryEncoding(dictionaries.getDictionaryIds().size() + 1L, false, index);
    VarCharVector texts = new VarCharVector(name, allocator);
    texts.allocateNew();
    for (int i = 0; i < values.size(); i++) {
      texts.setSafe(i, new Text(values.get(i)));
    }
    texts.setValueCount(values.size());
    dictionaries.put(new Dictionary(texts, encoding));
    fields.add(new Field(name, new FieldType(false, index, encoding), null));
  }

  /** Begins a batch of at most {@code capacity} rows. */
  void begin(int capacity) {
    rows = 0;
    for (FieldVector vector : root.getFieldVectors()) {
      ((FixedWidthVector) vector).allocateNew(capacity);
    }
  }

  /**
   * Adds a document to the batch.
   *
   * @param starts byte in the text file where each word begins
   */
  void add(long index, LabelledDocument document, long[] starts) {
    for (int word = 0; word < document.size(); word++, rows++) {
      int sentence = document.sentence(word);
      ((IntVector) column(0)).set(rows, (int) index);
      ((SmallIntVector) column(1)).set(rows, sentence);
      ((SmallIntVector) column(2)).set(rows, word);
      ((BigIntVector) column(3)).set(rows, starts[word]);
      ((SmallIntVector) column(4)).set(rows, document.form(word));
      ((TinyIntVector) column(5)).set(rows, document.wordClass(word).ordinal());
      ((TinyIntVector) column(6)).set(rows, document.frame(sentence).ordinal());
      ((TinyIntVector) column(7)).set(rows, document.topic());
      ((TinyIntVector) column(8)).set(rows, document.role(sentence).ordinal());
      ((TinyIntVector) column(9)).set(rows, document.entity(word).ordinal());
      ((SmallIntVector) column(10)).set(rows, document.head(word));
      ((TinyIntVector) column(11)).set(rows, document.depth(word));
      ((Float4Vector) column(12)).set(rows, (float) document.nats(word));
    }
  }

  private FieldVector column(int index) {
    return root.getVector(index);
  }

  /** Writes the batch. */
  void append() throws IOException {
    root.setRowCount(rows);
    writer.writeBatch();
  }

  /** Ends the file; without it, what was written is no Arrow file. */
  void finish() throws IOException {
    writer.end();
  }

  @Override
  public void close() throws IOException {
    try (allocator;
        channel;
        root) {
      for (long id : dictionaries.getDictionaryIds()) {
        dictionaries.lookup(id).getVector().close();
      }
    }
  }
}
