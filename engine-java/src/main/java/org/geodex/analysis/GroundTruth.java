package org.geodex.analysis;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.corpus.Frame;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.Lexicon;
import org.geodex.corpus.StructureProbes;
import org.geodex.corpus.TokenLabels;
import org.geodex.corpus.WordClass;
import org.geodex.model.Tokenizer;

/**
 * What is known of a text of the project's own {@linkplain org.geodex.corpus.Language language},
 * and how much of it a linear probe reads from each layer.
 *
 * @param labels of the token rows
 * @param probes accuracy over the layers
 */
public record GroundTruth(TokenLabels labels, StructureProbes probes) {

  static GroundTruth of(
      Backend backend,
      LayerStates states,
      TokenTable table,
      List<LabelledDocument> documents,
      Tokenizer tokenizer,
      long seed) {
    TokenLabels labels = TokenLabels.of(table, documents, tokenizer);
    return new GroundTruth(
        labels, StructureProbes.of(labels, states.states(), seed, backend.parallel()));
  }

  /** Name of the class of each token row at one scale: word class, sentence frame or topic. */
  String[] names(String scale) {
    return switch (scale) {
      case "local" -> names(labels.wordClass(), names(WordClass.values()));
      case "intermediate" -> names(labels.frame(), names(Frame.values()));
      default -> names(labels.topic(), Lexicon.get().topicNames());
    };
  }

  /** What {@link #names} are of. */
  static String labelOf(String scale) {
    return Map.of("local", "word class", "intermediate", "sentence frame")
        .getOrDefault(scale, "topic");
  }

  private static List<String> names(Enum<?>[] values) {
    return Stream.of(values).map(v -> v.name().toLowerCase(Locale.ROOT).replace('_', ' ')).toList();
  }

  private static String[] names(int[] labels, List<String> names) {
    return IntStream.of(labels)
        .mapToObj(l -> l < 0 ? "added token" : names.get(l))
        .toArray(String[]::new);
  }
}
