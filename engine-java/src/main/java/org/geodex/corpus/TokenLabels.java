package org.geodex.corpus;

import java.util.Arrays;
import java.util.List;
import org.geodex.activation.TokenTable;
import org.geodex.error.InputException;
import org.geodex.model.Tokenizer;

/**
 * The known labels of the rows of a {@link TokenTable}, which are the rows of every activation
 * matrix: each token has the labels of the word that it begins in. A token that the tokenizer added
 * has −1 everywhere.
 *
 * @param documents document of each row, as in the table
 * @param word index of the word within its document
 * @param sentence sentence within its document
 * @param wordClass ordinal of {@link WordClass}
 * @param frame ordinal of {@link Frame}
 * @param topic index into {@link Lexicon#topicNames()}
 * @param discourse ordinal of {@link DiscourseRole}
 * @param entity ordinal of {@link Entity}
 * @param depth depth in the dependency tree
 */
public record TokenLabels(
    int[] documents,
    int[] word,
    int[] sentence,
    int[] wordClass,
    int[] frame,
    int[] topic,
    int[] discourse,
    int[] entity,
    int[] depth) {

  /**
   * Labels the rows of a table made of these documents' texts by this tokenizer.
   *
   * @throws InputException when a document was cut into several windows, or the table is of others
   */
  public static TokenLabels of(
      TokenTable table, List<LabelledDocument> documents, Tokenizer tokenizer) {
    if (table.windows().size() != documents.size()) {
      throw new InputException(
          "%d windows of %d documents: labels need every document in one window",
          table.windows().size(), documents.size());
    }
    int[] word = new int[table.rows()];
    Arrays.fill(word, -1);
    for (int d = 0; d < documents.size(); d++) {
      TokenTable.Window window = table.windows().get(d);
      LabelledDocument document = documents.get(d);
      Tokenizer.Tokens tokens = tokenizer.encode(document.text(), true);
      if (tokens.length() != window.length()) {
        throw new InputException(
            "document %d has %d tokens, its window %d", d, tokens.length(), window.length());
      }
      int[] wordAt = document.wordAtCharacter();
      for (int i = 0; i < tokens.length(); i++) {
        if (tokens.starts()[i] >= 0) {
          word[window.first() + i] = wordAt[tokens.starts()[i]];
        }
      }
    }
    return of(table, documents, word);
  }

  private static TokenLabels of(TokenTable table, List<LabelledDocument> documents, int[] word) {
    int n = table.rows();
    int[][] columns = new int[7][n];
    for (int i = 0; i < n; i++) {
      LabelledDocument document = documents.get(table.documents()[i]);
      int at = word[i];
      int sentence = at < 0 ? -1 : document.sentence(at);
      columns[0][i] = sentence;
      columns[1][i] = at < 0 ? -1 : document.wordClass(at).ordinal();
      columns[2][i] = at < 0 ? -1 : document.frame(sentence).ordinal();
      columns[3][i] = at < 0 ? -1 : document.topic();
      columns[4][i] = at < 0 ? -1 : document.role(sentence).ordinal();
      columns[5][i] = at < 0 ? -1 : document.entity(at).ordinal();
      columns[6][i] = at < 0 ? -1 : document.depth(at);
    }
    return new TokenLabels(
        table.documents(),
        word,
        columns[0],
        columns[1],
        columns[2],
        columns[3],
        columns[4],
        columns[5],
        columns[6]);
  }
}
