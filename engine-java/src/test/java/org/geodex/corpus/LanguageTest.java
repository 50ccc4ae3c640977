package org.geodex.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LanguageTest {
  private final Language language = new Language();
  private final Lexicon words = Lexicon.get();

  @Test
  void aDocumentDependsOnSeedAndIndexAlone() {
    String first = language.document(5, 17).text();
    language.document(5, 18);
    assertEquals(first, new Language().document(5, 17).text());
    assertNotEquals(first, language.document(6, 17).text());
    assertNotEquals(first, language.document(5, 16).text());
  }

  @Test
  void documentsFollowThePlan() {
    for (int i = 0; i < 2000; i++) {
      LabelledDocument document = language.document(1, i);
      int[] counts = new int[4];
      int last = 0;
      for (int s = 0; s < document.sentences(); s++) {
        int role = document.role(s).ordinal();
        assertTrue(role >= last, "roles come in order");
        last = role;
        counts[role]++;
      }
      assertEquals(3, counts[0]);
      assertTrue(counts[1] >= 2 && counts[1] <= 4);
      assertTrue(counts[2] >= 1 && counts[2] <= 2);
      assertTrue(counts[3] >= 1 && counts[3] <= 2);
    }
  }

  @Test
  void everyFrameClassTopicAndEntityOccurs() {
    Set<Frame> frames = EnumSet.noneOf(Frame.class);
    Set<WordClass> classes = EnumSet.noneOf(WordClass.class);
    Set<Entity> entities = EnumSet.noneOf(Entity.class);
    Set<Integer> topics = new HashSet<>();
    Set<Integer> forms = new HashSet<>();
    for (int i = 0; i < 5000; i++) {
      LabelledDocument document = language.document(2, i);
      topics.add(document.topic());
      for (int w = 0; w < document.size(); w++) {
        forms.add(document.form(w));
        classes.add(document.wordClass(w));
        entities.add(document.entity(w));
        frames.add(document.frame(document.sentence(w)));
      }
    }
    assertEquals(EnumSet.allOf(Frame.class), frames);
    assertEquals(EnumSet.allOf(WordClass.class), classes);
    assertEquals(EnumSet.allOf(Entity.class), entities);
    assertEquals(5, topics.size());
    assertEquals(20, WordClass.values().length);
    assertEquals(10, Frame.values().length);
    assertEquals(words.size(), forms.size(), "every word of the lexicon is used");
  }

  @Test
  void everySentenceIsATree() {
    for (int i = 0; i < 1000; i++) {
      LabelledDocument document = language.document(3, i);
      for (int s = 0; s < document.sentences(); s++) {
        int roots = 0;
        for (int w = document.start(s); w < document.start(s + 1); w++) {
          int head = document.head(w);
          if (head < 0) {
            roots++;
            assertEquals(0, document.depth(w));
          } else {
            assertTrue(head >= document.start(s) && head < document.start(s + 1));
            assertEquals(document.depth(head) + 1, document.depth(w));
          }
        }
        assertEquals(1, roots);
      }
    }
  }

  /** What the labels rest on: no participle is an adjective, no word of one topic's people two. */
  @Test
  void theLexiconKeepsApartWhatMustBeToldApart() {
    for (int form = 0; form < words.size(); form++) {
      boolean adjective = words.can(form, WordClass.ADJECTIVE);
      assertFalse(adjective && words.can(form, WordClass.PARTICIPLE), words.text(form));
      assertFalse(adjective && words.can(form, WordClass.ADVERB), words.text(form));
      boolean singular = words.can(form, WordClass.NOUN_SINGULAR);
      assertFalse(adjective && singular, words.text(form));
      assertFalse(singular && words.can(form, WordClass.NOUN_PLURAL), words.text(form));
    }
    for (Lexicon.Topic topic : words.topics) {
      Set<Integer> nouns = new HashSet<>();
      for (int[] list :
          new int[][] {topic.roles(), topic.groups(), topic.places(), topic.tools()}) {
        for (int form : list) {
          assertTrue(nouns.add(form), words.text(form));
        }
      }
      for (Lexicon.Thing thing : topic.things()) {
        assertTrue(nouns.add(thing.singular()) && nouns.add(thing.plural()));
      }
    }
  }

  /** p(first word = Anna) = ½ · (1/1.5) / Σ 1/(i + 1.5). */
  @Test
  void choicesHaveTheirStatedFrequency() {
    int n = 40_000;
    int anna = 0;
    for (int i = 0; i < n; i++) {
      anna += language.document(4, i).form(0) == words.form("Anna") ? 1 : 0;
    }
    double sum = 0;
    for (int i = 0; i < 10; i++) {
      sum += 1 / (i + 1.5);
    }
    double expected = 0.5 / 1.5 / sum;
    assertEquals(expected, anna / (double) n, 5 * Math.sqrt(expected / n));
  }
}
