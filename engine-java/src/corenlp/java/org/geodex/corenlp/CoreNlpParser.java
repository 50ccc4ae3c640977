package org.geodex.corenlp;

import edu.stanford.nlp.ling.IndexedWord;
import edu.stanford.nlp.pipeline.CoreDocument;
import edu.stanford.nlp.pipeline.StanfordCoreNLP;
import edu.stanford.nlp.semgraph.SemanticGraph;
import edu.stanford.nlp.util.PropertiesUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.geodex.error.UnavailableException;
import org.geodex.intervention.SentenceParser;

/**
 * Dependencies of English sentences by Stanford CoreNLP's neural parser (basic dependencies, a
 * tree). It gives every sentence some parse.
 */
public final class CoreNlpParser implements SentenceParser {
  /** Loaded at the first sentence, once: it holds the models and serves all threads. */
  private static final class Pipeline {
    private static final StanfordCoreNLP INSTANCE = open();

    private static StanfordCoreNLP open() {
      try {
        return new StanfordCoreNLP(
            PropertiesUtils.asProperties(
                "annotators", "tokenize,pos,depparse", "ssplit.isOneSentence", "true"));
      } catch (RuntimeException e) {
        throw new UnavailableException(
            e,
            "CoreNLP's English models are not on the class path: put"
                + " stanford-corenlp-VERSION-models.jar beside the other jars (%s)",
            e.getMessage());
      }
    }
  }

  @Override
  public boolean judges() {
    return false;
  }

  @Override
  public Optional<Parse> parse(String sentence) {
    CoreDocument document = new CoreDocument(sentence);
    pipeline().annotate(document);
    return document.sentences().isEmpty()
        ? Optional.empty()
        : Optional.of(of(document.sentences().getFirst().dependencyParse()));
  }

  private static StanfordCoreNLP pipeline() {
    try {
      return Pipeline.INSTANCE;
    } catch (ExceptionInInitializerError e) {
      throw (UnavailableException) e.getCause();
    }
  }

  /** Depths of the words and the nouns of a tree, in the order of the sentence. */
  static Parse of(SemanticGraph tree) {
    List<Integer> depths = new ArrayList<>();
    List<String> entities = new ArrayList<>();
    for (IndexedWord word : tree.vertexListSorted()) {
      if (word.word().chars().noneMatch(Character::isLetterOrDigit)) {
        continue;
      }
      int depth = 0;
      for (IndexedWord at = tree.getParent(word); at != null; at = tree.getParent(at)) {
        depth++;
      }
      depths.add(depth);
      if (word.tag() != null && word.tag().startsWith("NN")) {
        entities.add(word.word().toLowerCase(Locale.ROOT));
      }
    }
    return new Parse(depths.stream().mapToInt(Integer::intValue).toArray(), entities);
  }
}
