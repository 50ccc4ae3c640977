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
  /** Bill ate blueberry muffins: ate 0, Bill and muffins 1, blueberry 2. */
  @Test
  void depthsOfATree() {
    SemanticGraph tree =
        SemanticGraph.valueOf(
            "[ate-2/VBD nsubj>Bill-1/NNP obj>[muffins-4/NNS compound>blueberry-3/NN]]");
    SentenceParser.Parse parse = CoreNlpParser.of(tree);
    assertArrayEquals(new int[] {1, 0, 2, 1}, parse.depths());
    assertEquals(List.of("bill", "blueberry", "muffins"), parse.entities());
  }

  @Test
  void isFoundAsAService() {
    SentenceParser english = SentenceParser.ofEnglish();
    assertInstanceOf(CoreNlpParser.class, english);
    assertFalse(english.judges());
  }
}
