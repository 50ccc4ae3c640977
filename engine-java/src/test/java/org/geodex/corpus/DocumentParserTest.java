package org.geodex.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.geodex.error.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentParserTest {
  private final DocumentParser parser = new DocumentParser();

  @Test
  void parseOfGenerateIsTruth() {
    Language language = new Language();
    for (int i = 0; i < 20_000; i++) {
      LabelledDocument truth = language.document(11, i);
      LabelledDocument parsed = parser.parseDocument(truth.text());
      assertTrue(truth.sameAs(parsed), truth::text);
    }
  }

  /** Frames and depths by hand. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Anna stirs the soup.                                      | DECLARATIVE  | 2
          However, Anna often stirs the hot soup.                   | DECLARATIVE  | 2
          She stirs the soup in the kitchen behind the tavern.      | DECLARATIVE  | 3
          Do the guests stir it?                                    | QUESTION     | 2
          Is the soup very hot?                                     | QUESTION     | 2
          The soup is stirred by her.                               | PASSIVE      | 2
          The baker who stirs the soup thanks Ben.                  | RELATIVE     | 4
          The soup that Anna stirs is hot.                          | RELATIVE     | 3
          If Anna stirs the soup, Ben slices the cake.              | CONDITIONAL  | 3
          Ben is angry.                                             | COPULA       | 1
          There are several cakes near the pantry.                  | EXISTENTIAL  | 3
          Anna stirs the soup, but Ben is tired.                    | COORDINATION | 2
          The guests say that the soup is hot.                      | REPORT       | 3
          He gives her the soup.                                    | DATIVE       | 2
          He gives her soup to Ben.                                 | DATIVE       | 2
          The gardener waters the plants.                           | DECLARATIVE  | 2
          The pilots plant every plant.                             | DECLARATIVE  | 2
          """)
  void framesAndDepthsOfSentences(String text, Frame frame, int depth) {
    LabelledDocument parsed = parser.parseSentence(text).orElseThrow();
    assertEquals(frame, parsed.frame(0));
    assertEquals(depth, parsed.treeDepth(0));
  }

  @Test
  void theSameFormHasTheClassOfItsPlace() {
    LabelledDocument parsed = parser.parseSentence("The pilots plant her plant.").orElseThrow();
    assertEquals(WordClass.VERB_BASE, parsed.wordClass(2));
    assertEquals(WordClass.POSSESSIVE, parsed.wordClass(3));
    assertEquals(WordClass.NOUN_SINGULAR, parsed.wordClass(4));
    parsed = parser.parseSentence("Ben helps her.").orElseThrow();
    assertEquals(WordClass.PRONOUN_OBJECT, parsed.wordClass(2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Anna stir the soup.",
        "The guests stirs the soup.",
        "anna stirs the soup.",
        "Anna stirs The soup.",
        "Anna stirs soup.",
        "Anna stirs a onion.",
        "Anna stirs the soup?",
        "Anna stirs the soup",
        "Anna computes the soup.",
        "Every soups is hot.",
        "Are the soup hot?",
        ""
      })
  void whatBreaksTheGrammarIsRefused(String text) {
    assertFalse(parser.parseSentence(text).isPresent());
  }

  @Test
  void anErrorNamesItsPlace() {
    String text = new Language().document(1, 0).text();
    InputException e =
        assertThrows(
            InputException.class, () -> parser.parseDocument(text.replaceFirst(" is ", " are ")));
    assertEquals(
        "no text of the language: sentence 1, byte %d: expected 'is'"
            .formatted(text.indexOf(" is ") + 1),
        e.getMessage());
    assertThrows(InputException.class, () -> parser.parseDocument(""));
    assertThrows(InputException.class, () -> parser.parseDocument("Ääh \u0000 ❤"));
  }
}
