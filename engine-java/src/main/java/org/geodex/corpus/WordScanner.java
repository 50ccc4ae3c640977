package org.geodex.corpus;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Splits text into known word forms, at the speed of a table look-up per word. */
final class WordScanner {
  private static final int SLOTS = 1 << 13;

  private final byte[][] keys = new byte[SLOTS][];
  private final int[] values = new int[SLOTS];

  /** What the last {@link #scan} found: forms, and the byte where each begins. */
  int[] forms = new int[256];

  int[] starts = new int[256];
  boolean[] capital = new boolean[256];
  int count;

  WordScanner(Lexicon lexicon) {
    for (int form = 0; form < lexicon.size(); form++) {
      String text = lexicon.text(form);
      put(text, 2 * form);
      String upper = Character.toUpperCase(text.charAt(0)) + text.substring(1);
      if (!upper.equals(text)) {
        put(upper, 2 * form + 1);
      }
    }
  }

  private void put(String word, int value) {
    byte[] key = word.getBytes(StandardCharsets.UTF_8);
    int slot = slot(hash(key, 0, key.length));
    while (keys[slot] != null) {
      slot = (slot + 1) & (SLOTS - 1);
    }
    keys[slot] = key;
    values[slot] = value;
  }

  /**
   * Reads words from {@code text[from, to)}; white space separates and is not kept. A word that the
   * language does not have gets form −1.
   */
  void scan(byte[] text, int from, int to) {
    count = 0;
    int at = from;
    while (at < to) {
      if (text[at] <= ' ' && text[at] >= 0) {
        at++;
        continue;
      }
      int end = at + 1;
      int hash = mix(0, text[at]);
      if (isLetter(text[at])) {
        while (end < to && isLetter(text[end])) {
          hash = mix(hash, text[end++]);
        }
      }
      add(find(text, at, end, hash), at);
      at = end;
    }
  }

  private void add(int value, int start) {
    if (count == forms.length) {
      forms = Arrays.copyOf(forms, 2 * count);
      starts = Arrays.copyOf(starts, 2 * count);
      capital = Arrays.copyOf(capital, 2 * count);
    }
    forms[count] = value < 0 ? -1 : value >> 1;
    capital[count] = value >= 0 && (value & 1) == 1;
    starts[count++] = start;
  }

  private int find(byte[] text, int from, int to, int hash) {
    for (int slot = slot(hash); keys[slot] != null; slot = (slot + 1) & (SLOTS - 1)) {
      byte[] key = keys[slot];
      if (key.length == to - from && Arrays.equals(key, 0, key.length, text, from, to)) {
        return values[slot];
      }
    }
    return -1;
  }

  private static boolean isLetter(byte b) {
    int lower = b | 0x20;
    return lower >= 'a' && lower <= 'z';
  }

  private static int hash(byte[] word, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = mix(hash, word[i]);
    }
    return hash;
  }

  private static int mix(int hash, byte next) {
    return (hash ^ next) * 0x01000193;
  }

  private static int slot(int hash) {
    return (hash ^ (hash >>> 15)) & (SLOTS - 1);
  }
}
