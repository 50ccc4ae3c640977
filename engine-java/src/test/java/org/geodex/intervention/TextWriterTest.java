package org.geodex.intervention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.corpus.Corpus;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.ShippedModels;
import org.geodex.model.Activations;
import org.geodex.model.Generation;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Sampling;
import org.geodex.model.TokenBatch;
import org.geodex.model.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts of the four families under plans: together and alone, by seed, at strength zero. */
class TextWriterTest {
  private static final int TOKENS = 10;

  static List<String> families() {
    return ShippedModels.ARCHITECTURES;
  }

  /** A model with prompts of different length: documents, which all but GPT-2 fill. */
  private record Subject(Backend backend, Model model, Tokenizer tokenizer, List<Prompt> prompts)
      implements AutoCloseable {
    static Subject of(String name) {
      Backend backend = Backends.open(BackendOptions.defaults());
      Model model = Model.load(ShippedModels.folder(name), backend);
      Tokenizer tokenizer = Tokenizer.load(ShippedModels.folder(name));
      List<Prompt> prompts =
          new Corpus(17, 5)
              .documents().stream()
                  .map(LabelledDocument::text)
                  .map(text -> Prompt.ofDocument(text, tokenizer, model.config()))
                  .toList();
      return new Subject(backend, model, tokenizer, prompts);
    }

    int[][] write(TextWriter writer, long seed, Plan plan) {
      return writer.write(model, tokenizer, prompts, seed, plan).toArray(int[][]::new);
    }

    @Override
    public void close() {
      tokenizer.close();
      model.close();
      backend.close();
    }
  }

  private static TextWriter writer(boolean gibbs, int batch) {
    return new TextWriter(TOKENS, new Sampling(1, 0, 1), gibbs, gibbs ? 1 : 4, batch);
  }

  private static Plan plan(Subject subject, Kind kind, double strength) {
    SortedSet<Integer> states = new TreeSet<>(List.of(2, 3));
    float[] u = new float[subject.model().config().width()];
    u[1] = 1;
    return new Plan(
        List.of(
            new Intervention(
                kind,
                kind.alpha(strength),
                states,
                false,
                kind == Kind.TRANSLATE ? new Direction("test", Map.of(2, u, 3, u)) : null,
                kind == Kind.REMOVE_HEADS ? List.of(1) : List.of(),
                kind == Kind.ATTENTION_SPAN ? 2 : 0)));
  }

  @ParameterizedTest
  @MethodSource("families")
  void togetherAsAlone(String family) {
    try (Subject subject = Subject.of(family)) {
      for (Kind kind : List.of(Kind.NOISE, Kind.ATTENTION_UNIFORM)) {
        Plan plan = plan(subject, kind, 0.5);
        int[][] together = subject.write(writer(false, 5), 3, plan);
        assertArrayEquals(subject.write(writer(false, 1), 3, plan), together);
        assertArrayEquals(together, subject.write(writer(false, 5), 3, plan), "repeats by seed");
        assertFalse(Arrays.deepEquals(together, subject.write(writer(false, 5), 4, plan)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "roberta"})
  void gibbsTogetherAsAlone(String family) {
    try (Subject subject = Subject.of(family)) {
      Plan plan = plan(subject, Kind.NOISE, 0.5);
      int[][] together = subject.write(writer(true, 5), 3, plan);
      assertArrayEquals(subject.write(writer(true, 1), 3, plan), together);
      for (int i = 0; i < together.length; i++) {
        assertEquals(subject.prompts().get(i).holes().size(), together[i].length);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void strengthZeroChangesNoBit(String family) {
    try (Subject subject = Subject.of(family)) {
      int[][] plain = subject.write(writer(false, 5), 3, Plan.NONE);
      int[] ids = subject.prompts().getFirst().ids();
      TokenBatch batch = TokenBatch.of(ids);
      for (Kind kind : Kind.values()) {
        Plan zero = plan(subject, kind, 0);
        assertArrayEquals(plain, subject.write(writer(false, 5), 3, zero), kind.toString());
        try (Activations a = subject.model().forward(batch, Keep.everything(), LayerHook.NONE);
            Activations b = subject.model().forward(batch, Keep.everything(), zero.hook(3))) {
          for (Activations.Tensor t : a.tensors()) {
            long at = t.values().segment().mismatch(b.get(t.name()).segment());
            assertEquals(-1, at, kind + ", " + t.name());
          }
        }
      }
    }
  }

  /** What is asked of a stronger plan is not what the unmodified model writes. */
  @ParameterizedTest
  @MethodSource("families")
  void plansChangeTexts(String family) {
    try (Subject subject = Subject.of(family)) {
      int[][] plain = subject.write(writer(false, 5), 3, Plan.NONE);
      for (Kind kind : Kind.values()) {
        int[][] changed = subject.write(writer(false, 5), 3, plan(subject, kind, 1));
        assertFalse(Arrays.deepEquals(plain, changed), kind.toString());
      }
    }
  }

  @Test
  void cachedAnswersEqualUncachedOnes() {
    try (Subject subject = Subject.of("t5")) {
      int[][] ids = subject.prompts().stream().map(Prompt::ids).toArray(int[][]::new);
      LayerHook hook = plan(subject, Kind.NOISE, 0.5).hook(3);
      Generation cached = new Generation(TOKENS, new Sampling(1, 0, 1), 3, Set.of(), true);
      List<int[]> with = cached.run(subject.model(), ids, 0, hook);
      List<int[]> without = cached.withCache(false).run(subject.model(), ids, 0, hook);
      assertArrayEquals(with.toArray(), without.toArray());
    }
  }

  /** Logits of some rows are those rows of all logits, to rounding. */
  @ParameterizedTest
  @MethodSource("families")
  void logitsOfSomeRows(String family) {
    try (Subject subject = Subject.of(family)) {
      int[] ids = subject.prompts().getFirst().ids();
      TokenBatch batch = TokenBatch.of(ids, ids);
      if (subject.model().config().decoderLayers() > 0) {
        batch = batch.withDecoder(new int[][] {ids, ids}, null);
      }
      int[] asked = {ids.length + 3, 2, 2 * ids.length - 1};
      Keep keep = Keep.nothing();
      try (Activations all = subject.model().forward(batch, keep.withHeads(), LayerHook.NONE);
          Activations some =
              subject.model().forward(batch, keep.withLogits(asked), LayerHook.NONE)) {
        assertEquals(asked.length, some.get("logits").rows());
        for (int i = 0; i < asked.length; i++) {
          for (int v = 0; v < some.get("logits").columns(); v++) {
            assertEquals(all.get("logits").get(asked[i], v), some.get("logits").get(i, v), 1e-4);
          }
        }
        assertTrue(all.get("logits").rows() > asked.length);
      }
    }
  }
}
