package org.geodex.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.geodex.activation.ActivationRun;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.TokenBatch;
import org.geodex.model.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The models that come with Geodex do what their cards say, by our own forward pass. */
class ShippedModelsTest {
  /** Documents behind the 500 that the cards' validation loss was measured on. */
  private static final int FIRST = 500;

  private static final int DOCUMENTS = 40;

  static Stream<String> causal() {
    return ShippedModels.FAMILY.stream();
  }

  static Stream<String> all() {
    return Stream.concat(causal(), ShippedModels.ARCHITECTURES.stream()).distinct();
  }

  private static List<LabelledDocument> heldOut() {
    return new Corpus(ShippedModels.VALIDATION_SEED, FIRST + DOCUMENTS)
        .documents()
        .subList(FIRST, FIRST + DOCUMENTS);
  }

  private static JsonNode card(String name) throws IOException {
    Path file = ShippedModels.folder(name).resolve("training.json");
    return new ObjectMapper().readTree(Files.readString(file));
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyWordIsOneToken(String name) {
    try (Tokenizer tokenizer = Tokenizer.load(ShippedModels.folder(name))) {
      for (LabelledDocument document : heldOut()) {
        Tokenizer.Tokens tokens = tokenizer.encode(document.text(), false);
        assertEquals(document.size(), tokens.length());
        int at = 0;
        for (int word = 0; word < tokens.length(); word++) {
          int start = at + (document.spaceBefore(word) ? 1 : 0);
          int told = tokens.starts()[word];
          assertTrue(told == start || told == at, "a token begins at its word or its space");
          at = start + document.word(word).length();
        }
        assertEquals(document.text(), tokenizer.decode(tokens.ids()).strip());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("causal")
  void lossOnHeldOutTextIsTheCards(String name) throws IOException {
    double loss = loss(name);
    double stated = card(name).get("validation_loss").asDouble();
    double unigram = card(name).get("unigram_entropy").asDouble();
    assertEquals(stated, loss, 0.1 * stated);
    assertTrue(loss < 0.8 * unigram, () -> "loss %f, unigram %f".formatted(loss, unigram));
    assertTrue(loss > 1.3, "no model beats the language's entropy rate");
  }

  /**
   * A quarter of the words is to be named, of these 80 % masked and 10 % replaced, as in training.
   */
  @ParameterizedTest
  @ValueSource(strings = {"bert", "roberta"})
  void maskedLossOnHeldOutTextIsTheCards(String name) throws IOException {
    Path folder = ShippedModels.folder(name);
    SplittableRandom dice = new SplittableRandom(11);
    double nats = 0;
    int count = 0;
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, backend);
        Tokenizer tokenizer = Tokenizer.load(folder)) {
      int mask = tokenizer.id("[MASK]", "<mask>");
      for (LabelledDocument document : heldOut()) {
        int[] ids = tokenizer.encode(document.text(), true).ids();
        int[] shown = ids.clone();
        boolean[] asked = new boolean[ids.length];
        for (int i = 1; i < ids.length - 1; i++) {
          asked[i] = dice.nextDouble() < 0.25;
          double kind = dice.nextDouble();
          int other = ids[dice.nextInt(1, ids.length - 1)];
          shown[i] = !asked[i] || kind >= 0.9 ? ids[i] : kind < 0.8 ? mask : other;
        }
        Keep logits = Keep.layers(0).withHeads();
        try (Activations output = model.forward(TokenBatch.of(shown), logits, LayerHook.NONE)) {
          for (int i = 0; i < ids.length; i++) {
            nats += asked[i] ? crossEntropy(output.get("logits"), i, ids[i]) : 0;
            count += asked[i] ? 1 : 0;
          }
        }
      }
    }
    double loss = nats / count;
    double stated = card(name).get("validation_loss").asDouble();
    assertEquals(stated, loss, 0.1 * stated);
    double unigram = card(name).get("unigram_entropy").asDouble();
    assertTrue(loss < 0.8 * unigram, () -> "loss %f, unigram %f".formatted(loss, unigram));
  }

  @Test
  void lossFallsWithSize() throws IOException {
    double last = Double.POSITIVE_INFINITY;
    for (String name : ShippedModels.FAMILY) {
      double loss = loss(name);
      double smaller = last;
      assertTrue(loss < smaller, () -> "%s: %f after %f".formatted(name, loss, smaller));
      last = loss;
    }
  }

  /** Mean −ln p of every word and of the document's end, in nats. */
  private static double loss(String name) {
    Path folder = ShippedModels.folder(name);
    double nats = 0;
    int count = 0;
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, backend);
        Tokenizer tokenizer = Tokenizer.load(folder)) {
      for (LabelledDocument document : heldOut()) {
        int[] ids = tokenizer.encode(document.text(), true).ids();
        Keep logits = Keep.layers(0).withHeads();
        try (Activations output = model.forward(TokenBatch.of(ids), logits, LayerHook.NONE)) {
          Matrix rows = output.get("logits");
          for (int i = 0; i < ids.length; i++) {
            nats += crossEntropy(rows, i, i + 1 < ids.length ? ids[i + 1] : ids[0]);
            count++;
          }
        }
      }
    }
    return nats / count;
  }

  private static double crossEntropy(Matrix logits, int row, int token) {
    double[] values = new double[logits.columns()];
    logits.copyRow(row, values);
    double max = Arrays.stream(values).max().orElseThrow();
    return max + Math.log(Arrays.stream(values).map(v -> Math.exp(v - max)).sum()) - values[token];
  }

  /**
   * The scales by ground truth. Word class, which the word alone nearly gives, peaks no later than
   * topic, which needs the words before; and the network adds to both over its input.
   */
  @Test
  void wordClassPeaksBeforeTopic() {
    List<LabelledDocument> documents = new Corpus(77, 60).documents();
    Path folder = ShippedModels.folder("gpt2-64");
    List<Matrix.Owned> layers = new ArrayList<>();
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, backend);
        Tokenizer tokenizer = Tokenizer.load(folder)) {
      List<String> texts = documents.stream().map(LabelledDocument::text).toList();
      TokenTable table = TokenTable.of(texts, tokenizer, model.config().maxLength());
      for (int l = 0; l <= model.config().layers(); l++) {
        layers.add(Matrix.allocate(table.rows(), model.config().width()));
      }
      new ActivationRun(model, table, Keep.hiddenStates(), LayerHook.NONE, 16, backend)
          .forEach(
              batch -> {
                for (int w = 0; w < batch.windows().size(); w++) {
                  long first = batch.windows().get(w).first();
                  for (int l = 0; l < layers.size(); l++) {
                    Matrix rows = batch.rows("hidden_states." + l, w);
                    layers
                        .get(l)
                        .rows(first, first + rows.rows())
                        .segment()
                        .copyFrom(rows.segment());
                  }
                }
              });
      TokenLabels labels = TokenLabels.of(table, documents, tokenizer);
      StructureProbes probes = StructureProbes.of(labels, layers, 1, backend.parallel());
      assertTrue(probes.localBeforeGlobal(), probes::toString);
      var topic = probes.byLabel().get("topic");
      var wordClass = probes.byLabel().get("word_class");
      assertTrue(wordClass.get(probes.peak("word_class")).accuracy() > 0.9);
      double gain = topic.get(probes.peak("topic")).accuracy() - topic.getFirst().accuracy();
      assertTrue(gain > 0.2, () -> "topic gains " + gain);
    } finally {
      layers.forEach(Matrix.Owned::close);
    }
  }
}
