package org.geodex.corenlp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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

  /** Where the models are on the class path, which no build puts there. */
  @Test
  void parsesEnglish() {
    String models = "edu/stanford/nlp/models/parser/nndep/english_UD.gz";
    assumeTrue(ClassLoader.getSystemResource(models) != null, "CoreNLP's models are not at hand");
    SentenceParser.Parse parse =
        new CoreNlpParser().parse("The old baker sells fresh bread to the children.").orElseThrow();
    assertArrayEquals(new int[] {2, 2, 1, 0, 2, 1, 2, 2, 1}, parse.depths());
    assertEquals(List.of("baker", "bread", "children"), parse.entities());
  }
}
