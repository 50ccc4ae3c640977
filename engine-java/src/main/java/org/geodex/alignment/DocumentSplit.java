package org.geodex.alignment;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.geodex.error.InputException;

/**
 * Rows in three parts by document, so that no document has rows in two: 60 % of the documents
 * train, 20 % choose when to stop, 20 % are measured.
 *
 * @param training row numbers, ascending
 * @param validation row numbers, ascending
 * @param test row numbers, ascending
 */
public record DocumentSplit(int[] training, int[] validation, int[] test) {
  /** Under this a part has too few rows for a neighbour graph and a covariance. */
  static final int MIN_ROWS = 10;

  /**
   * Draws a split.
   *
   * @throws InputException when there are fewer than five documents, or a part has fewer than 10
   *     rows
   */
  public static DocumentSplit of(int[] documents, long seed) {
    int[] distinct = Arrays.stream(documents).distinct().toArray();
    int count = distinct.length;
    if (count < 5) {
      throw new InputException(
          "%d document(s): training, validation and test take different documents, so at least 5"
              + " are needed; a blank line ends a document",
          count);
    }
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = count - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int held = distinct[i];
      distinct[i] = distinct[j];
      distinct[j] = held;
    }
    int held = Math.max(1, Math.round(count * 0.2f));
    Map<Integer, Integer> part = new HashMap<>();
    for (int i = 0; i < count; i++) {
      part.put(distinct[i], i < held ? 2 : i < 2 * held ? 1 : 0);
    }
    DocumentSplit split =
        new DocumentSplit(
            rows(documents, part, 0), rows(documents, part, 1), rows(documents, part, 2));
    int fewest = Math.min(split.validation.length, split.test.length);
    if (fewest < MIN_ROWS) {
      throw new InputException(
          "a fifth of the %d documents has %d rows: expected at least %d; give more text or use"
              + " --pool sentence",
          count, fewest, MIN_ROWS);
    }
    return split;
  }

  private static int[] rows(int[] documents, Map<Integer, Integer> part, int wanted) {
    int[] rows = new int[documents.length];
    int count = 0;
    for (int i = 0; i < documents.length; i++) {
      if (part.get(documents[i]) == wanted) {
        rows[count++] = i;
      }
    }
    return Arrays.copyOf(rows, count);
  }
}
