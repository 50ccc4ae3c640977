package org.geodex.cli;

import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.geodex.error.UsageException;

/** The value of {@code --layers}: {@code all}, or numbers and ranges such as {@code 0,3,6-8}. */
final class LayerList {
  private static final Pattern PART = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");

  private LayerList() {}

  /**
   * The layers in ascending order; null for all.
   *
   * @param last the highest number there is
   */
  static int[] parse(String text, int last) {
    if (text.equals("all")) {
      return null;
    }
    TreeSet<Integer> layers = new TreeSet<>();
    for (String part : text.split(",", -1)) {
      Matcher match = PART.matcher(part.strip());
      if (!match.matches()) {
        throw new UsageException("--layers %s: expected all, or numbers such as 0,3,6-8", text);
      }
      int from = Integer.parseInt(match.group(1));
      int to = match.group(2) == null ? from : Integer.parseInt(match.group(2));
      if (from > to || to > last) {
        throw new UsageException(
            "--layers %s: %s is out of range, the model has hidden states 0 to %d",
            text, part.strip(), last);
      }
      for (int layer = from; layer <= to; layer++) {
        layers.add(layer);
      }
    }
    return layers.stream().mapToInt(Integer::intValue).toArray();
  }
}
