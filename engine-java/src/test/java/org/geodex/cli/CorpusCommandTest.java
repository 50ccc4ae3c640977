package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.Language;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusCommandTest {
  @TempDir Path folder;

  @Test
  void sameSeedSameBytesWithAnyNumberOfThreads() throws Exception {
    JsonNode one = run(700, 9, "a", "--threads", "1");
    run(700, 9, "b", "--threads", "2");
    run(700, 8, "c");
    byte[] text = Files.readAllBytes(folder.resolve("a/text.txt"));
    assertArrayEquals(text, Files.readAllBytes(folder.resolve("b/text.txt")));
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("a/labels.arrow")),
        Files.readAllBytes(folder.resolve("b/labels.arrow")));
    assertFalse(java.util.Arrays.equals(text, Files.readAllBytes(folder.resolve("c/text.txt"))));
    assertEquals(text.length, one.get("bytes").asLong());
    // Measured over a million documents: 1.3373 nats a word.
    assertEquals(1.337, one.get("entropy_rate").asDouble(), 0.02);
    assertTrue(one.get("entropy_rate_standard_error").asDouble() < 0.01);
  }

  @Test
  void labelsAreTheTruthAndPointIntoTheText() throws Exception {
    run(300, 3, "out");
    byte[] text = Files.readAllBytes(folder.resolve("out/text.txt"));
    Language language = new Language();
    double nats = 0;
    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(folder.resolve("out/labels.arrow"));
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      LabelledDocument truth = null;
      while (reader.loadNextBatch()) {
        for (int row = 0; row < root.getRowCount(); row++) {
          int position = number(root, "position", row);
          int index = number(root, "document", row);
          truth = position == 0 ? language.document(3, index) : truth;
          int sentence = truth.sentence(position);
          int start = number(root, "start", row);
          String word = truth.word(position);
          assertEquals(word, new String(text, start, word.length(), "US-ASCII"));
          assertEquals(word.toLowerCase(), name(reader, root, "word", row).toLowerCase());
          assertEquals(lower(truth.wordClass(position)), name(reader, root, "word_class", row));
          assertEquals(lower(truth.frame(sentence)), name(reader, root, "frame", row));
          assertEquals(lower(truth.role(sentence)), name(reader, root, "discourse", row));
          assertEquals(lower(truth.entity(position)), name(reader, root, "entity", row));
          assertEquals(sentence, number(root, "sentence", row));
          assertEquals(truth.head(position), number(root, "head", row));
          assertEquals(truth.depth(position), number(root, "depth", row));
          nats += ((Number) root.getVector("nats").getObject(row)).doubleValue();
        }
      }
    }
    double expected = 0;
    for (int i = 0; i < 300; i++) {
      expected += language.document(3, i).nats();
    }
    assertEquals(expected, nats, 1e-6 * expected);
  }

  @Test
  void aFailureLeavesNothing() throws Exception {
    Files.writeString(folder.resolve("file"), "kept");
    assertEquals(
        3, CommandRun.of("corpus", "--documents", 10, "--out", folder.resolve("file")).exit());
    assertEquals("kept", Files.readString(folder.resolve("file")));
    assertEquals(2, CommandRun.of("corpus", "--documents", 0, "--out", folder.resolve("x")).exit());
    assertFalse(Files.exists(folder.resolve("x")));
  }

  private JsonNode run(int documents, int seed, String out, String... more) {
    Object[] args = {
      "corpus", "--documents", documents, "--seed", seed, "--out", folder.resolve(out), "--json"
    };
    Object[] all = java.util.Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return CommandRun.of(all).json();
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(java.util.Locale.ROOT);
  }

  private static int number(VectorSchemaRoot root, String column, int row) {
    return ((Number) root.getVector(column).getObject(row)).intValue();
  }

  private static String name(ArrowFileReader reader, VectorSchemaRoot root, String column, int row)
      throws Exception {
    long id = root.getSchema().findField(column).getDictionary().getId();
    Dictionary dictionary = reader.getDictionaryVectors().get(id);
    return dictionary.getVector().getObject(number(root, column, row)).toString();
  }
}
