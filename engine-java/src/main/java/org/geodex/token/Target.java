package org.geodex.token;

import java.util.SplittableRandom;
import org.geodex.error.UsageException;

/** Which token of a context is to be explained. */
@FunctionalInterface
public interface Target {
  /**
   * A token among the text's own ones that something can be asked about.
   *
   * @param count how many there are; 0 is the first
   * @return less than 1, which has no token before it, or {@code count} and more for none
   */
  int place(int count);

  /**
   * Reads {@code last}, {@code random} (evenly in the second half) or a number.
   *
   * @param seed of the random places
   * @throws UsageException for anything else
   */
  static Target parse(String text, long seed) {
    switch (text) {
      case "last" -> {
        return count -> count - 1;
      }
      case "random" -> {
        SplittableRandom random = new SplittableRandom(seed);
        return count -> count < 2 ? 0 : random.nextInt(count / 2, count);
      }
      default -> {
        if (!text.matches("[1-9][0-9]{0,8}")) {
          throw new UsageException(
              "--target %s: expected last, random or the number of a token with one before it",
              text);
        }
        int place = Integer.parseInt(text);
        return count -> place;
      }
    }
  }
}
