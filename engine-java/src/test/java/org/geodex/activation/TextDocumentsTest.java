package org.geodex.activation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextDocumentsTest {
  /** A document goes on over one line break and ends at a blank line, on every system. */
  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void aBlankLineEndsADocument(String end) {
    String text = "one\nmore\n\nnext\nline\n \t\n\n\nlast\n".replace("\n", end);
    assertEquals(List.of("one\nmore", "next\nline", "last"), TextDocuments.split("\uFEFF" + text));
  }

  @Test
  void emptyDocumentsAreNone() {
    assertEquals(List.of(), TextDocuments.split("\n\n \r\n\n"));
    assertEquals(List.of("a"), TextDocuments.split("\n\n\na"));
  }
}
