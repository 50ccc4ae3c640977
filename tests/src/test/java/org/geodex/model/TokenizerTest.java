package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.error.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three small tokenizers made by hand; the expected ids are worked out by hand from their files.
 */
class TokenizerTest {
  static Path folder(String name) {
    try {
      return Path.of(TokenizerTest.class.getResource("/tokenizers/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** vocab.json + merges.txt: words split before their space, bytes outside ASCII by two. */
  @Test
  void byteLevelPairs() {
    try (Tokenizer tokenizer = Tokenizer.load(folder("byte-pairs"))) {
      Tokenizer.Tokens tokens = tokenizer.encode("The cat sat on a dog.", true);
      assertArrayEquals(new int[] {41, 44, 47, 49, 39, 52, 26}, tokens.ids());
      assertArrayEquals(new int[] {0, 3, 7, 11, 14, 16, 20}, tokens.starts());
      assertEquals("The cat sat on a dog.", tokenizer.decode(tokens.ids()));
      assertArrayEquals(new int[] {42, 5, 53}, tokenizer.encode("caf\u00e9", true).ids());
      assertArrayEquals(new int[] {54}, tokenizer.encode("<|endoftext|>", true).ids());
    }
  }

  /** vocab.txt: lower case by default, longest piece first, [UNK] for a word that has no pieces. */
  @Test
  void wordPieces() {
    try (Tokenizer tokenizer = Tokenizer.load(folder("word-pieces"))) {
      Tokenizer.Tokens tokens = tokenizer.encode("The unhappy dogs, zebra.", true);
      assertArrayEquals(new int[] {2, 5, 8, 9, 10, 11, 12, 14, 1, 13, 3}, tokens.ids());
      assertArrayEquals(new int[] {-1, 0, 4, 6, 10, 12, 15, 16, 18, 23, -1}, tokens.starts());
      assertArrayEquals(new int[] {5}, tokenizer.encode("the", false).ids());
    }
  }

  /** The line is the id, also behind a token that stands twice, whose last line counts. */
  @Test
  void aPieceThatStandsTwice(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\nthe\ncat\nthe\nsat\n");
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      assertArrayEquals(new int[] {5, 4, 6}, tokenizer.encode("the cat sat", false).ids());
    }
  }

  /** Tokens beside the vocabulary, as older and as newer tokenizers save them. */
  @Test
  void addedTokens(@TempDir Path folder) throws IOException {
    for (String file : new String[] {"vocab.json", "merges.txt"}) {
      Files.copy(folder("byte-pairs").resolve(file), folder.resolve(file));
    }
    String text = "The cat<|user|> sat";
    int[] plain = ids(folder, text);
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<|user|>\": 56, \"<|pad|>\": 55}");
    assertArrayEquals(new int[] {41, 44, 56, 47}, ids(folder, text));
    Files.delete(folder.resolve("added_tokens.json"));
    assertArrayEquals(plain, ids(folder, text));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"added_tokens_decoder": {
          "54": {"content": "<|endoftext|>", "lstrip": false, "normalized": true, "rstrip": false,
                 "single_word": false, "special": true},
          "55": {"content": "<|user|>", "lstrip": false, "normalized": false, "rstrip": true,
                 "single_word": false, "special": false}}}
        """);
    assertArrayEquals(new int[] {41, 44, 55, 54}, ids(folder, "The cat<|user|> <|endoftext|>"));
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<|user|>\": -1}");
    InputException e = assertThrows(InputException.class, () -> Tokenizer.load(folder));
    assertTrue(e.getMessage().contains("added_tokens.json: -1 is not the id"), e.getMessage());
  }

  private static int[] ids(Path folder, String text) {
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      return tokenizer.encode(text, true).ids();
    }
  }

  /** tokenizer.json: the most likely cut; its truncation and padding are not applied. */
  @Test
  void unigram() {
    try (Tokenizer tokenizer = Tokenizer.load(folder("unigram"))) {
      assertArrayEquals(new int[] {3, 7, 1}, tokenizer.encode("abc", true).ids());
      int[] ids = tokenizer.encode("the cat sat the cat sat.", true).ids();
      assertArrayEquals(new int[] {8, 9, 16, 8, 9, 16, 12, 1}, ids);
      assertEquals("the cat", tokenizer.decode(8, 9, 1));
    }
  }

  /** Characters outside the basic plane are two Java characters; places stay right after them. */
  @Test
  void placesCountJavaCharacters() {
    try (Tokenizer tokenizer = Tokenizer.load(folder("word-pieces"))) {
      Tokenizer.Tokens tokens = tokenizer.encode("\ud83d\ude00 the cat", false);
      assertArrayEquals(new int[] {1, 5, 6}, tokens.ids());
      assertArrayEquals(new int[] {0, 3, 7}, tokens.starts());
    }
  }

  @Test
  void aSentencePieceModelAloneSaysWhatToDo(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("spiece.model"), "x");
    InputException e = assertThrows(InputException.class, () -> Tokenizer.load(folder));
    assertTrue(e.getMessage().contains("save_pretrained"), e.getMessage());
  }

  @Test
  void damagedAndMissingFilesAreNamed(@TempDir Path folder) throws IOException {
    InputException none = assertThrows(InputException.class, () -> Tokenizer.load(folder));
    assertTrue(none.getMessage().contains("no tokenizer"), none.getMessage());
    Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": {\"type\": \"Nonsense\"}}");
    InputException bad = assertThrows(InputException.class, () -> Tokenizer.load(folder));
    assertTrue(bad.getMessage().contains("cannot be read"), bad.getMessage());
  }
}
