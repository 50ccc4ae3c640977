package org.geodex.matrix;

import java.nio.file.Path;
import java.util.Collection;
import org.geodex.error.InputException;

/** Says which names exist where one was not found. */
final class NameHint {
  private static final int SHOWN = 8;

  private NameHint() {}

  /** The only name there is. */
  static String only(String kind, Path file, Collection<String> names) {
    if (names.isEmpty()) {
      throw new InputException("%s: holds no %s", file, kind);
    }
    if (names.size() != 1) {
      throw new InputException(
          "%s: holds %d %ss, name one: %s#%s",
          file, names.size(), kind, file, names.iterator().next());
    }
    return names.iterator().next();
  }

  static String missing(String kind, String name, Collection<String> names) {
    if (names.isEmpty()) {
      return "has no %s '%s', and no other either".formatted(kind, name);
    }
    String list = String.join(", ", names.stream().limit(SHOWN).toList());
    String more = names.size() > SHOWN ? ", … (%d in all)".formatted(names.size()) : "";
    return "has no %s '%s', expected one of: %s%s".formatted(kind, name, list, more);
  }
}
