package org.geodex.corpus;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A document of the {@linkplain Language language}: its words and their labels at three scales.
 * Words are counted from 0 through the document, punctuation included.
 */
public final class LabelledDocument {
  private final Lexicon lexicon = Lexicon.get();
  private int size;
  private int sentences;
  private int topic = -1;
  private double[] nats = new double[256];
  private int[] forms = new int[256];
  private byte[] classes = new byte[256];
  private byte[] entities = new byte[256];
  private short[] heads = new short[256];
  private byte[] depths = new byte[256];
  private byte[] sentenceOf = new byte[256];
  private final byte[] frames = new byte[128];
  private final byte[] roles = new byte[128];
  private final int[] starts = new int[129];

  LabelledDocument() {}

  /** Number of words, punctuation included. */
  public int size() {
    return size;
  }

  public int sentences() {
    return sentences;
  }

  /** Index into {@link Lexicon#topicNames()}; −1 when a parsed text names none. */
  public int topic() {
    return topic;
  }

  /** First word of sentence {@code s}; {@code start(sentences())} is {@link #size()}. */
  public int start(int s) {
    return s == sentences ? size : starts[s];
  }

  public Frame frame(int s) {
    return FRAMES[frames[s]];
  }

  public DiscourseRole role(int s) {
    return ROLES[roles[s]];
  }

  public int form(int word) {
    return forms[word];
  }

  public int sentence(int word) {
    return sentenceOf[word];
  }

  public WordClass wordClass(int word) {
    return CLASSES[classes[word]];
  }

  public Entity entity(int word) {
    return ENTITIES[entities[word]];
  }

  /** The word this one depends on; −1 for the root of a sentence. */
  public int head(int word) {
    return heads[word];
  }

  /** Number of heads above a word; 0 for the root of a sentence. */
  public int depth(int word) {
    return depths[word];
  }

  /** The largest depth in sentence {@code s}. */
  public int treeDepth(int s) {
    int deepest = 0;
    for (int word = start(s); word < start(s + 1); word++) {
      deepest = Math.max(deepest, depths[word]);
    }
    return deepest;
  }

  /**
   * The part of the document's −ln p that was decided when this word was written, in nats; NaN in a
   * parsed document. A later word can be decided by an earlier choice, so a single value is no
   * surprisal; the sum over the document is exact.
   */
  public double nats(int word) {
    return nats[word];
  }

  /** −ln p of the document under the language, in nats, its end included. */
  public double nats() {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += nats[i];
    }
    return sum;
  }

  /** The word as it stands in the text: with a capital where a sentence begins. */
  public String word(int word) {
    return new String(bytes(word), StandardCharsets.US_ASCII);
  }

  /** The bytes of {@link #word}; not to be changed. */
  byte[] bytes(int word) {
    return lexicon.bytes(forms[word], word == starts[sentenceOf[word]]);
  }

  /** Whether a space stands before the word in the text. */
  public boolean spaceBefore(int word) {
    return word > 0 && wordClass(word) != WordClass.PUNCTUATION;
  }

  /** The document as text: one paragraph, no line break at the end. */
  public String text() {
    StringBuilder text = new StringBuilder(6 * size);
    for (int i = 0; i < size; i++) {
      text.append(spaceBefore(i) ? " " : "").append(word(i));
    }
    return text.toString();
  }

  /** The word of each character of {@link #text}; a space belongs to the word behind it. */
  public int[] wordAtCharacter() {
    int[] wordAt = new int[text().length()];
    int from = 0;
    for (int word = 0; word < size; word++) {
      int to = from + (spaceBefore(word) ? 1 : 0) + bytes(word).length;
      Arrays.fill(wordAt, from, to, word);
      from = to;
    }
    return wordAt;
  }

  /** Whether words and all labels are equal; the probability is not compared. */
  public boolean sameAs(LabelledDocument other) {
    return size == other.size
        && sentences == other.sentences
        && topic == other.topic
        && Arrays.equals(forms, 0, size, other.forms, 0, size)
        && Arrays.equals(classes, 0, size, other.classes, 0, size)
        && Arrays.equals(entities, 0, size, other.entities, 0, size)
        && Arrays.equals(heads, 0, size, other.heads, 0, size)
        && Arrays.equals(depths, 0, size, other.depths, 0, size)
        && Arrays.equals(frames, 0, sentences, other.frames, 0, sentences)
        && Arrays.equals(roles, 0, sentences, other.roles, 0, sentences)
        && Arrays.equals(starts, 0, sentences, other.starts, 0, sentences);
  }

  // ---- What the generator and the parser write.

  void clear() {
    size = 0;
    sentences = 0;
    topic = -1;
  }

  void topic(int value) {
    topic = value;
  }

  void beginSentence() {
    starts[sentences] = size;
  }

  /** Appends a word; its head is set later by {@link #attach}. */
  int add(int form, WordClass wordClass, Entity entity, double information) {
    if (size == forms.length) {
      grow();
    }
    forms[size] = form;
    classes[size] = (byte) wordClass.ordinal();
    entities[size] = (byte) entity.ordinal();
    heads[size] = -1;
    nats[size] = information;
    sentenceOf[size] = (byte) sentences;
    return size++;
  }

  void addNats(int word, double information) {
    nats[word] += information;
  }

  void entity(int word, Entity entity) {
    entities[word] = (byte) entity.ordinal();
  }

  void attach(int word, int head) {
    heads[word] = (short) head;
  }

  /** Ends a sentence: whatever has no head yet depends on the root. */
  void endSentence(Frame frame, DiscourseRole role, int root) {
    int start = starts[sentences];
    for (int i = start; i < size; i++) {
      if (heads[i] < 0 && i != root) {
        heads[i] = (short) root;
      }
    }
    for (int i = start; i < size; i++) {
      int depth = 0;
      for (int at = i; at != root; at = heads[at]) {
        depth++;
      }
      depths[i] = (byte) depth;
    }
    frames[sentences] = (byte) frame.ordinal();
    roles[sentences] = (byte) role.ordinal();
    sentences++;
  }

  private void grow() {
    int length = 2 * forms.length;
    forms = Arrays.copyOf(forms, length);
    classes = Arrays.copyOf(classes, length);
    entities = Arrays.copyOf(entities, length);
    heads = Arrays.copyOf(heads, length);
    depths = Arrays.copyOf(depths, length);
    nats = Arrays.copyOf(nats, length);
    sentenceOf = Arrays.copyOf(sentenceOf, length);
  }

  private static final Frame[] FRAMES = Frame.values();
  private static final DiscourseRole[] ROLES = DiscourseRole.values();
  private static final WordClass[] CLASSES = WordClass.values();
  private static final Entity[] ENTITIES = Entity.values();
}
