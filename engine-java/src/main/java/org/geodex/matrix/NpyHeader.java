package org.geodex.matrix;

import java.util.ArrayList;
import java.util.List;
import org.geodex.error.InputException;

/**
 * Parses the header of a {@code .npy} file, a Python dictionary such as {@code {'descr': '<f4',
 * 'fortran_order': False, 'shape': (3, 4), }}. Exactly these three keys, each once.
 */
final class NpyHeader {
  record Fields(String descr, boolean fortranOrder, List<Long> shape) {}

  private static final int MOST_DIGITS = 18;

  private final String file;
  private final String text;
  private int at;

  NpyHeader(String file, String text) {
    this.file = file;
    this.text = text;
  }

  Fields parse() {
    String descr = null;
    Boolean fortranOrder = null;
    List<Long> shape = null;
    expect('{');
    while (!accept('}')) {
      String key = string();
      expect(':');
      switch (key) {
        case "descr" -> descr = once(key, descr, descr());
        case "fortran_order" -> fortranOrder = once(key, fortranOrder, truth());
        case "shape" -> shape = once(key, shape, tuple());
        default -> throw bad("has the unknown key '" + key + "'");
      }
      if (!accept(',') && peek() != '}') {
        throw bad("lacks a comma at character " + at);
      }
    }
    if (peek() != 0) {
      throw bad("goes on after its closing brace");
    }
    if (descr == null || fortranOrder == null || shape == null) {
      throw bad("lacks one of the keys 'descr', 'fortran_order', 'shape'");
    }
    return new Fields(descr, fortranOrder, shape);
  }

  private <T> T once(String key, T before, T value) {
    if (before != null) {
      throw bad("names '" + key + "' twice");
    }
    return value;
  }

  private String descr() {
    if (peek() == '[') {
      throw new InputException("%s: has a structured dtype, expected '<f4', '<f8' or '<f2'", file);
    }
    return string();
  }

  private String string() {
    char quote = peek();
    int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
    if (end < 0) {
      throw bad("lacks a quoted string at character " + at);
    }
    String value = text.substring(at + 1, end);
    at = end + 1;
    return value;
  }

  private boolean truth() {
    peek();
    for (String word : List.of("True", "False")) {
      if (text.startsWith(word, at)) {
        at += word.length();
        return word.equals("True");
      }
    }
    throw bad("lacks True or False at character " + at);
  }

  private List<Long> tuple() {
    List<Long> sizes = new ArrayList<>();
    expect('(');
    while (!accept(')')) {
      sizes.add(size());
      if (!accept(',') && peek() != ')') {
        throw bad("lacks a comma at character " + at);
      }
    }
    return List.copyOf(sizes);
  }

  private long size() {
    peek();
    int start = at;
    while (at < text.length() && Character.isDigit(text.charAt(at)) && at - start < MOST_DIGITS) {
      at++;
    }
    if (at == start) {
      throw bad("lacks a size of 0 or more at character " + at);
    }
    return Long.parseLong(text, start, at, 10);
  }

  /** The next character that is no white space; 0 at the end. */
  private char peek() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean accept(char wanted) {
    if (peek() != wanted) {
      return false;
    }
    at++;
    return true;
  }

  private void expect(char wanted) {
    if (!accept(wanted)) {
      throw bad("lacks '" + wanted + "' at character " + at);
    }
  }

  private InputException bad(String what) {
    return new InputException("%s: the .npy header %s", file, what);
  }
}
