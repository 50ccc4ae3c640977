package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.geodex.activation.TokenTable;
import org.geodex.corpus.Corpus;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.ShippedModels;
import org.geodex.corpus.WordClass;
import org.geodex.model.ModelConfig;
import org.geodex.model.Tokenizer;
import org.junit.jupiter.api.Test;

class ContextTest {
  private static final LabelledDocument DOCUMENT = new Corpus(77, 1).documents().getFirst();

  private static Context context(String model, int length, Target target) {
    var folder = ShippedModels.folder(model);
    List<String> text = List.of(DOCUMENT.text());
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      TokenTable table = TokenTable.of(text, tokenizer, 192);
      ModelConfig config = ModelConfig.read(folder);
      return new Context.Cutter(config, tokenizer, length, target).cut(table).getFirst();
    }
  }

  /** A causal model is asked for the token after the target. */
  @Test
  void causalContextsEndBeforeTheAnswer() {
    Context whole = context("gpt2-64", 192, Target.parse("last", 0));
    Context context = context("gpt2-64", 192, count -> 20);
    assertEquals(20 + context.first(), context.target());
    assertEquals(whole.ids()[context.target() + 1], context.answer());
    assertArrayEquals(context.ids(), context.asked(context.ids()), "nothing is masked");
  }

  /** BERT is asked for the target behind its mask; [CLS] and [SEP] stay around every change. */
  @Test
  void maskedContextsHideTheTarget() {
    Context context = context("bert", 192, count -> 20);
    assertEquals(1, context.first());
    assertEquals(1, context.tail().length);
    assertEquals(context.ids()[context.target()], context.answer());
    int[] kept = Variant.keep("random", context, new int[] {4, 2}).ids();
    int[] ids = context.ids();
    assertArrayEquals(new int[] {ids[0], ids[2], ids[4], ids[21]}, kept);
    int[] asked = context.asked(kept);
    assertArrayEquals(
        new int[] {ids[0], ids[2], ids[4], context.question(), context.tail()[0]}, asked);
    assertFalse(context.question() == ids[21]);
    int[] dropped = Variant.drop("drop", "random", context, new int[] {1, 20}).ids();
    assertEquals(ids.length - 2, dropped.length);
    assertEquals(ids[2], dropped[1]);
    SplittableRandom random = new SplittableRandom(3);
    int[] pool = {7};
    int[] replaced = Variant.replace("random", context, new int[] {5}, pool, random).ids();
    assertEquals(7, replaced[5]);
    int[] sorted = Variant.shuffle("random", context, new int[] {2, 3, 4}, random).ids();
    assertArrayEquals(
        java.util.Arrays.stream(ids).sorted().toArray(),
        java.util.Arrays.stream(sorted).sorted().toArray());
  }

  @Test
  void lengthIsLimitedWithWhatTheTokenizerAdds() {
    Context context = context("bert", 12, Target.parse("last", 0));
    assertEquals(12, context.ids().length + context.tail().length);
  }

  /** Content words of the demo's language by class, of other text by the list of stop words. */
  @Test
  void contentWordsFollowTheirSource() {
    Context context = context("gpt2-64", 192, Target.parse("last", 0));
    int content = context.places(true).length;
    int[] wordAt = DOCUMENT.wordAtCharacter();
    int nouns = 0;
    for (int word = 0; word < DOCUMENT.size(); word++) {
      nouns += DOCUMENT.wordClass(word) == WordClass.NOUN_SINGULAR ? 1 : 0;
    }
    assertTrue(content > nouns && content < context.candidates(), content + " of candidates");
    assertEquals(DOCUMENT.text().length(), wordAt.length);

    String text = "The Cat isn’t on 2 mats, and she'll sleep.";
    StringBuilder found = new StringBuilder();
    boolean[] characters = ContentWords.characters(text, new org.geodex.corpus.DocumentParser());
    for (int i = 0; i < characters.length; i++) {
      found.append(characters[i] ? text.charAt(i) : '.');
    }
    assertEquals("....Cat..........2.mats.............sleep.", found.toString());
  }
}
