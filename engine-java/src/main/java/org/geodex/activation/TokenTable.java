package org.geodex.activation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.model.TokenBatch;
import org.geodex.model.Tokenizer;

/**
 * The tokens that a model is to read, one row each, cut into windows that are run as one sequence.
 * Row i of every activation matrix belongs to row i here.
 *
 * @param documents number of each row's document
 * @param sentences number of each row's sentence within its document; a token that the tokenizer
 *     added counts with the text beside it
 * @param positions place of each row within its document, over all its windows
 * @param tokens token ids
 * @param starts index of each token's first character in its document's text; −1 for a token that
 *     the tokenizer added, and everywhere where there is no text
 * @param windows consecutive rows that are run together
 * @param texts the documents by number; empty where there is no text
 */
public record TokenTable(
    int[] documents,
    int[] sentences,
    int[] positions,
    int[] tokens,
    int[] starts,
    List<Window> windows,
    List<String> texts) {

  /** Rows {@code first … first + length − 1}. */
  public record Window(int first, int length) {}

  public int rows() {
    return tokens.length;
  }

  /** How many documents there are. */
  public int documentCount() {
    return rows() == 0 ? 0 : documents[rows() - 1] + 1;
  }

  /** How many sentences have a token. */
  public int sentenceCount() {
    int count = 0;
    for (int i = 0; i < rows(); i++) {
      boolean continues =
          i > 0 && documents[i] == documents[i - 1] && sentences[i] == sentences[i - 1];
      count += continues ? 0 : 1;
    }
    return count;
  }

  /** Documents that did not fit one window and continue, without context, in another. */
  public int cutDocuments() {
    return (int)
        windows.stream()
            .filter(w -> w.first() > 0 && documents[w.first() - 1] == documents[w.first()])
            .mapToInt(w -> documents[w.first()])
            .distinct()
            .count();
  }

  /**
   * Tokenizes documents; those without a token are left out. What the tokenizer adds around a text
   * stands around every window.
   *
   * @param window longest window in tokens
   */
  public static TokenTable of(List<String> documents, Tokenizer tokenizer, int window) {
    Tokenizer.Tokens frame = tokenizer.encode("a", true);
    int before = 0;
    while (before < frame.length() && frame.starts()[before] < 0) {
      before++;
    }
    int after = 0;
    while (after < frame.length() - before && frame.starts()[frame.length() - 1 - after] < 0) {
      after++;
    }
    int[] head = Arrays.copyOf(frame.ids(), before);
    int[] tail = Arrays.copyOfRange(frame.ids(), frame.length() - after, frame.length());
    if (window <= before + after) {
      throw new UsageException(
          "--max-length %d: expected more than the %d tokens that the tokenizer adds",
          window, before + after);
    }
    Builder builder = new Builder();
    for (String document : documents) {
      builder.add(document, tokenizer.encode(document, false), head, tail, window);
    }
    if (builder.tokens.isEmpty()) {
      throw new InputException("the text has no token");
    }
    return builder.build();
  }

  /** The rows of a batch that are not padding; every sequence is a document of one sentence. */
  public static TokenTable of(TokenBatch batch) {
    Builder builder = new Builder();
    for (int b = 0; b < batch.size(); b++) {
      int first = builder.tokens.size();
      for (int i = 0; i < batch.length(); i++) {
        if (batch.attentionMask() == null || batch.attentionMask()[b][i] == 1) {
          builder.row(b, 0, i, batch.inputIds()[b][i], -1);
        }
      }
      builder.windows.add(new Window(first, builder.tokens.size() - first));
    }
    return builder.build();
  }

  private static final class Builder {
    private final List<Integer> documents = new ArrayList<>();
    private final List<Integer> sentences = new ArrayList<>();
    private final List<Integer> positions = new ArrayList<>();
    private final List<Integer> tokens = new ArrayList<>();
    private final List<Integer> starts = new ArrayList<>();
    private final List<Window> windows = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();

    void add(String text, Tokenizer.Tokens encoded, int[] head, int[] tail, int window) {
      if (encoded.length() == 0) {
        return;
      }
      int document = texts.size();
      texts.add(text);
      int[] sentenceStarts = TextDocuments.sentenceStarts(text);
      int step = window - head.length - tail.length;
      int position = 0;
      for (int from = 0; from < encoded.length(); from += step) {
        int to = Math.min(from + step, encoded.length());
        int first = tokens.size();
        int sentence = sentence(text, sentenceStarts, encoded.starts()[from]);
        for (int id : head) {
          row(document, sentence, position++, id, -1);
        }
        for (int i = from; i < to; i++) {
          sentence = sentence(text, sentenceStarts, encoded.starts()[i]);
          row(document, sentence, position++, encoded.ids()[i], encoded.starts()[i]);
        }
        for (int id : tail) {
          row(document, sentence, position++, id, -1);
        }
        windows.add(new Window(first, tokens.size() - first));
      }
    }

    /** A token may begin with the space before its word, which ends the sentence before. */
    private static int sentence(String text, int[] starts, int tokenStart) {
      int at = Math.max(0, tokenStart);
      while (at < text.length() - 1 && Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      return TextDocuments.sentenceAt(starts, at);
    }

    void row(int inDocument, int inSentence, int position, int token, int start) {
      documents.add(inDocument);
      sentences.add(inSentence);
      positions.add(position);
      tokens.add(token);
      starts.add(start);
    }

    TokenTable build() {
      return new TokenTable(
          array(documents),
          array(sentences),
          array(positions),
          array(tokens),
          array(starts),
          windows,
          texts);
    }

    private static int[] array(List<Integer> values) {
      return values.stream().mapToInt(Integer::intValue).toArray();
    }
  }
}
