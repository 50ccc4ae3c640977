package org.geodex.token;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.geodex.activation.TokenTable;
import org.geodex.corpus.DocumentParser;
import org.geodex.corpus.LabelledDocument;
import org.geodex.error.InputException;
import org.geodex.error.UnavailableException;

/**
 * The tokens that a reader would call meaningful: those of content words. In documents of the
 * {@linkplain org.geodex.corpus.Language demo's language} nouns, names, adjectives, adverbs and
 * full verbs; in any other text the words that are not in Snowball's list of 174 English stop words
 * (<a href="https://snowballstem.org/algorithms/english/stop.txt">snowballstem.org</a>). Numbers
 * count as content, punctuation does not.
 */
public final class ContentWords {
  private static final String RESOURCE = "/org/geodex/token/english_stop.txt";
  private static final Pattern WORD =
      Pattern.compile("[\\p{L}\\p{M}\\p{N}]+(?:['’][\\p{L}\\p{M}\\p{N}]+)*");

  private static final class Holder {
    private static final Set<String> STOP_WORDS = read();
  }

  private ContentWords() {}

  private static Set<String> read() {
    try (InputStream in = ContentWords.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new UnavailableException("the list of stop words is not on the class path");
      }
      var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      return reader.lines().filter(line -> !line.startsWith("|")).collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Whether each row of a table belongs to a content word: the word that its first character but
   * spaces stands in. False for tokens that the tokenizer added.
   *
   * @param table made of texts
   */
  public static boolean[] of(TokenTable table) {
    DocumentParser parser = new DocumentParser();
    boolean[] content = new boolean[table.rows()];
    int read = -1;
    String text = "";
    boolean[] characters = {};
    for (int i = 0; i < content.length; i++) {
      if (table.documents()[i] != read) {
        read = table.documents()[i];
        text = table.texts().get(read);
        characters = characters(text, parser);
      }
      int at = table.starts()[i];
      while (at >= 0 && at < text.length() && Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      content[i] = at >= 0 && at < text.length() && characters[at];
    }
    return content;
  }

  /** Whether each character of a document belongs to a content word. */
  static boolean[] characters(String text, DocumentParser parser) {
    try {
      LabelledDocument parsed = parser.parseDocument(text);
      if (parsed.text().equals(text)) {
        return byClass(parsed);
      }
    } catch (InputException e) {
      // Not the demo's language.
    }
    return byStopWords(text);
  }

  private static boolean[] byClass(LabelledDocument document) {
    int[] wordAt = document.wordAtCharacter();
    boolean[] content = new boolean[wordAt.length];
    for (int at = 0; at < content.length; at++) {
      content[at] = document.wordClass(wordAt[at]).isContent();
    }
    return content;
  }

  private static boolean[] byStopWords(String text) {
    boolean[] content = new boolean[text.length()];
    Matcher word = WORD.matcher(text);
    while (word.find()) {
      String form = word.group().replace('’', '\'').toLowerCase(Locale.ROOT);
      Arrays.fill(content, word.start(), word.end(), !Holder.STOP_WORDS.contains(form));
    }
    return content;
  }
}
