package org.geodex.activation;

import java.nio.file.Path;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.geodex.error.InputException;
import org.geodex.file.TextFile;

/** Documents and sentences of a text file. A blank line ends a document. */
public final class TextDocuments {
  private static final Pattern LINE_BREAK = Pattern.compile("\r\n?");
  private static final String BLANK_LINES = "\\R[\\h\\v]*\\R";

  private TextDocuments() {}

  /**
   * The documents of a UTF-8 file.
   *
   * @throws InputException when it cannot be read, is not UTF-8, or holds no text
   */
  public static List<String> read(Path path) {
    List<String> documents = split(TextFile.read(path));
    if (documents.isEmpty()) {
      throw new InputException("%s: holds no text", path);
    }
    return documents;
  }

  /**
   * The lines of a UTF-8 file that hold something, for prompts.
   *
   * @throws InputException as {@link #read}
   */
  public static List<String> lines(Path path) {
    return read(path).stream().flatMap(String::lines).filter(line -> !line.isBlank()).toList();
  }

  /**
   * Cuts at blank lines; the lines of a document stay joined by line breaks. Those of Windows and
   * of old Macs become {@code \n}, as they do for whoever reads a file as text.
   */
  public static List<String> split(String text) {
    String plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
    List<String> documents = new ArrayList<>();
    for (String document : LINE_BREAK.matcher(plain).replaceAll("\n").split(BLANK_LINES, -1)) {
      if (!document.isBlank()) {
        documents.add(document.strip());
      }
    }
    return documents;
  }

  /** Index of the first character of each sentence, by the rules of the JDK's break iterator. */
  public static int[] sentenceStarts(String document) {
    BreakIterator sentences = BreakIterator.getSentenceInstance(Locale.ENGLISH);
    sentences.setText(document);
    List<Integer> starts = new ArrayList<>();
    for (int at = sentences.first(), end = sentences.next(); end != BreakIterator.DONE; ) {
      if (!document.substring(at, end).isBlank()) {
        starts.add(at);
      }
      at = end;
      end = sentences.next();
    }
    return starts.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The sentence that a character belongs to: the last one that starts at or before it. */
  public static int sentenceAt(int[] starts, int index) {
    int found = Arrays.binarySearch(starts, index);
    return Math.max(0, found >= 0 ? found : -found - 2);
  }
}
