package org.geodex.scale;

import com.fasterxml.jackson.annotation.JsonValue;
import org.geodex.error.UsageException;

/**
 * A run of hidden states, both ends included; 0 is what enters the first layer, i what leaves layer
 * i.
 */
public record LayerRange(int first, int last) {
  public LayerRange {
    if (first < 0 || last < first) {
      throw new UsageException(
          "layers %d-%d: expected a first layer of at least 0 and a last one not before it",
          first, last);
    }
  }

  /** Reads {@code a-b} or {@code a}. */
  public static LayerRange parse(String text) {
    String[] ends = text.strip().split("-", -1);
    try {
      int first = Integer.parseInt(ends[0].strip());
      if (ends.length <= 2) {
        return new LayerRange(first, ends.length == 1 ? first : Integer.parseInt(ends[1].strip()));
      }
    } catch (NumberFormatException e) {
      throw new UsageException(e, "layers \"%s\": expected a range such as 0-4", text);
    }
    throw new UsageException("layers \"%s\": expected a range such as 0-4", text);
  }

  public int size() {
    return last - first + 1;
  }

  public boolean contains(int layer) {
    return first <= layer && layer <= last;
  }

  @JsonValue
  @Override
  public String toString() {
    return first + "-" + last;
  }
}
