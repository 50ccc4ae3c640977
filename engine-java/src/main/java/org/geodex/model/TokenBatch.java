package org.geodex.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.geodex.error.InputException;
import org.geodex.file.TextFile;

/**
 * Token ids of a batch of sequences of one length, with what else a model may be told of them. All
 * arrays are [batch][length]; those of the decoder have a length of their own. Null: not given.
 *
 * @param inputIds token ids
 * @param attentionMask 1 for a token, 0 for padding, which no token looks at
 * @param tokenTypeIds BERT's segments
 * @param positionIds places other than 0 … length − 1
 * @param decoderInputIds tokens of T5's decoder
 * @param decoderAttentionMask as {@code attentionMask}, for the decoder
 */
public record TokenBatch(
    int[][] inputIds,
    int[][] attentionMask,
    int[][] tokenTypeIds,
    int[][] positionIds,
    int[][] decoderInputIds,
    int[][] decoderAttentionMask) {

  /** Checks that every array has the shape it must have. */
  public TokenBatch {
    checkIds("input_ids", inputIds);
    checkShape("attention_mask", attentionMask, "input_ids", inputIds);
    checkMask("attention_mask", attentionMask);
    checkShape("token_type_ids", tokenTypeIds, "input_ids", inputIds);
    checkShape("position_ids", positionIds, "input_ids", inputIds);
    if (decoderInputIds != null) {
      checkIds("decoder_input_ids", decoderInputIds);
      if (decoderInputIds.length != inputIds.length) {
        throw new InputException(
            "decoder_input_ids has %d rows, expected %d as input_ids",
            decoderInputIds.length, inputIds.length);
      }
    } else if (decoderAttentionMask != null) {
      throw new InputException("decoder_attention_mask is given without decoder_input_ids");
    }
    checkShape(
        "decoder_attention_mask", decoderAttentionMask, "decoder_input_ids", decoderInputIds);
    checkMask("decoder_attention_mask", decoderAttentionMask);
  }

  /** Token ids alone, nothing padded. */
  public static TokenBatch of(int[]... inputIds) {
    return new TokenBatch(inputIds, null, null, null, null, null);
  }

  /** Token ids with a padding mask. */
  public static TokenBatch of(int[][] inputIds, int[][] attentionMask) {
    return new TokenBatch(inputIds, attentionMask, null, null, null, null);
  }

  public TokenBatch withDecoder(int[][] ids, int[][] mask) {
    return new TokenBatch(inputIds, attentionMask, tokenTypeIds, positionIds, ids, mask);
  }

  /** Sequences. */
  public int size() {
    return inputIds.length;
  }

  /** Tokens of each sequence, padding included. */
  public int length() {
    return inputIds[0].length;
  }

  public int decoderLength() {
    return decoderInputIds == null ? 0 : decoderInputIds[0].length;
  }

  /** Sequences {@code from … to − 1}. */
  public TokenBatch slice(int from, int to) {
    return new TokenBatch(
        slice(inputIds, from, to),
        slice(attentionMask, from, to),
        slice(tokenTypeIds, from, to),
        slice(positionIds, from, to),
        slice(decoderInputIds, from, to),
        slice(decoderAttentionMask, from, to));
  }

  /** The first {@code most} tokens of every sequence; a decoder's tokens stay. */
  public TokenBatch cut(int most) {
    return new TokenBatch(
        cut(inputIds, most),
        cut(attentionMask, most),
        cut(tokenTypeIds, most),
        cut(positionIds, most),
        decoderInputIds,
        decoderAttentionMask);
  }

  private static int[][] cut(int[][] rows, int most) {
    return rows == null
        ? null
        : Arrays.stream(rows)
            .map(row -> Arrays.copyOf(row, Math.min(most, row.length)))
            .toArray(int[][]::new);
  }

  private static int[][] slice(int[][] rows, int from, int to) {
    return rows == null ? null : Arrays.copyOfRange(rows, from, to);
  }

  /** Tokens that are not padding. */
  public long tokens() {
    return count(inputIds, attentionMask);
  }

  /** Decoder tokens that are not padding. */
  public long decoderTokens() {
    return decoderInputIds == null ? 0 : count(decoderInputIds, decoderAttentionMask);
  }

  private static long count(int[][] ids, int[][] mask) {
    if (mask == null) {
      return (long) ids.length * ids[0].length;
    }
    long count = 0;
    for (int[] row : mask) {
      for (int flag : row) {
        count += flag;
      }
    }
    return count;
  }

  /**
   * Reads a JSON object with {@code input_ids} and, where wanted, the other five under their usual
   * names, or a plain list of lists of ids.
   */
  public static TokenBatch read(Path path) {
    JsonNode root = TextFile.json(path);
    JsonNode object = root;
    if (root.isArray()) {
      object = new ObjectMapper().createObjectNode().set("input_ids", root);
    }
    if (!object.isObject() || !object.hasNonNull("input_ids")) {
      throw new InputException("%s: expected a JSON object with the key input_ids", path);
    }
    try {
      return new TokenBatch(
          rows(object, "input_ids"),
          rows(object, "attention_mask"),
          rows(object, "token_type_ids"),
          rows(object, "position_ids"),
          rows(object, "decoder_input_ids"),
          rows(object, "decoder_attention_mask"));
    } catch (InputException e) {
      throw new InputException(e, "%s: %s", path, e.getMessage());
    }
  }

  /** Token ids row by row, of any lengths; places that attention_mask says are padding left out. */
  public static int[][] readLists(Path path) {
    JsonNode root = TextFile.json(path);
    try {
      JsonNode object =
          root.isArray() ? new ObjectMapper().createObjectNode().set("input_ids", root) : root;
      int[][] ids = rows(object, "input_ids");
      if (ids == null || ids.length == 0) {
        throw new InputException("expected a list of lists of token ids, or the key input_ids");
      }
      int[][] mask = rows(object, "attention_mask");
      checkShape("attention_mask", mask, "input_ids", ids);
      checkMask("attention_mask", mask);
      for (int b = 0; mask != null && b < ids.length; b++) {
        int[] flags = mask[b];
        int[] row = ids[b];
        ids[b] =
            IntStream.range(0, row.length).filter(i -> flags[i] == 1).map(i -> row[i]).toArray();
      }
      return ids;
    } catch (InputException e) {
      throw new InputException(e, "%s: %s", path, e.getMessage());
    }
  }

  private static int[][] rows(JsonNode root, String key) {
    JsonNode value = root.get(key);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isArray()) {
      throw new InputException("%s: expected a list of lists of whole numbers", key);
    }
    int[][] rows = new int[value.size()][];
    for (int i = 0; i < rows.length; i++) {
      JsonNode row = value.get(i);
      if (!row.isArray()) {
        throw new InputException("%s, row %d: expected a list of whole numbers", key, i);
      }
      rows[i] = new int[row.size()];
      for (int j = 0; j < rows[i].length; j++) {
        JsonNode number = row.get(j);
        if (!number.isIntegralNumber() || !number.canConvertToInt()) {
          throw new InputException(
              "%s, row %d, place %d: %s is not a whole number", key, i, j, number);
        }
        rows[i][j] = number.intValue();
      }
    }
    return rows;
  }

  private static void checkIds(String name, int[][] ids) {
    if (ids.length == 0 || ids[0].length == 0) {
      throw new InputException("%s is empty, expected at least one token", name);
    }
    for (int i = 1; i < ids.length; i++) {
      if (ids[i].length != ids[0].length) {
        throw new InputException(
            "%s, row %d has %d tokens, expected %d as row 0 (pad the rows to one length and give"
                + " attention_mask)",
            name, i, ids[i].length, ids[0].length);
      }
    }
  }

  private static void checkShape(String name, int[][] values, String likeName, int[][] like) {
    if (values == null) {
      return;
    }
    if (values.length != like.length) {
      throw new InputException(
          "%s has %d rows, expected %d as %s", name, values.length, like.length, likeName);
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i].length != like[i].length) {
        throw new InputException(
            "%s, row %d has %d values, expected %d as %s",
            name, i, values[i].length, like[i].length, likeName);
      }
    }
  }

  private static void checkMask(String name, int[][] mask) {
    if (mask == null) {
      return;
    }
    for (int i = 0; i < mask.length; i++) {
      for (int j = 0; j < mask[i].length; j++) {
        if (mask[i][j] != 0 && mask[i][j] != 1) {
          throw new InputException(
              "%s, row %d, place %d is %d, expected 0 or 1", name, i, j, mask[i][j]);
        }
      }
    }
  }

  /** Refuses an id outside 0 … limit − 1. */
  static void checkRange(String name, int[][] ids, int limit, String what) {
    for (int i = 0; i < ids.length; i++) {
      for (int j = 0; j < ids[i].length; j++) {
        if (ids[i][j] < 0 || ids[i][j] >= limit) {
          throw new InputException(
              "%s, row %d, place %d is %d, expected 0 … %d (%s)",
              name, i, j, ids[i][j], limit - 1, what);
        }
      }
    }
  }
}
