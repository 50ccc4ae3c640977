package org.geodex.corenlp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import edu.stanford.nlp.semgraph.SemanticGraph;
import java.util.List;
import org.geodex.intervention.SentenceParser;
import org.junit.jupiter.api.Test;

/** Depths of a tree written by hand; needs no models. */
class CoreNlpParserTest {
  /**
   * ate 0, Bill and muffins 1, blueberry 2, in the order of the notation; the full stop is none.
   */
  @Test
  void depthsOfATree() {
    SemanticGraph tree =
        SemanticGraph.valueOf(
            "[ate/VBD nsubj>Bill/NNP obj>[muffins/NNS compound>blueberry/NN] punct>./.]");
    SentenceParser.Parse parse = CoreNlpParser.of(tree);
    assertArrayEquals(new int[] {0, 1, 1, 2}, parse.depths());
    assertEquals(List.of("bill", "muffins", "blueberry"), parse.entities());
  }

  @Test
  void isFoundAsAService() {
    SentenceParser english = SentenceParser.ofEnglish();
    assertInstanceOf(CoreNlpParser.class, english);
    assertFalse(english.judges());
  }
}
