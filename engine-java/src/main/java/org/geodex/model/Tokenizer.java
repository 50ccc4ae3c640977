package org.geodex.model;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.geodex.blas.NativeLibraries;
import org.geodex.error.InputException;

/**
 * Text to token ids and back, by a checkpoint's {@code tokenizer.json}, or by the older {@code
 * vocab.json} with {@code merges.txt} (GPT-2, RoBERTa) or {@code vocab.txt} (BERT). Nothing is cut
 * and nothing padded, whatever the file says. Works offline.
 */
public final class Tokenizer implements AutoCloseable {
  /** What the tokenizers library needs to know before its classes load. */
  private static final Map<String, String> SETTINGS =
      Map.of(
          "RUST_FLAVOR",
          "cpu",
          "DJL_CACHE_DIR",
          NativeLibraries.cache().resolve("tokenizers").toString(),
          "OPT_OUT_TRACKING",
          "true",
          "ai.djl.offline",
          "true");

  private final HuggingFaceTokenizer tokenizer;

  /**
   * Tokens of a text.
   *
   * @param ids token ids
   * @param starts index of the first character of each token in the text; −1 for a token that was
   *     added
   */
  public record Tokens(int[] ids, int[] starts) {
    public int length() {
      return ids.length;
    }
  }

  private Tokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Loads the tokenizer of a checkpoint folder; the caller closes it.
   *
   * @throws InputException when the folder has none, or one that cannot be read
   */
  public static Tokenizer load(Path folder) {
    String json = TokenizerFiles.json(folder);
    SETTINGS.forEach(
        (key, value) -> {
          if (System.getProperty(key) == null) {
            System.setProperty(key, value);
          }
        });
    var bytes = new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8));
    Map<String, String> options = Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");
    try {
      return new Tokenizer(HuggingFaceTokenizer.newInstance(bytes, options));
    } catch (IOException | RuntimeException e) {
      throw new InputException(e, "%s: the tokenizer cannot be read (%s)", folder, e.getMessage());
    }
  }

  /**
   * Tokens of a text.
   *
   * @param special add what the model expects around a text, such as [CLS] and [SEP]
   */
  public Tokens encode(String text, boolean special) {
    Encoding encoding = tokenizer.encode(text, special, false);
    int[] ids = Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
    int[] starts = new int[ids.length];
    CharSpan[] spans = encoding.getCharTokenSpans();
    long[] added = encoding.getSpecialTokenMask();
    Characters characters = new Characters(text);
    for (int i = 0; i < ids.length; i++) {
      boolean isAdded = spans[i] == null || (special && added[i] == 1 && isEmpty(spans[i]));
      starts[i] = isAdded ? -1 : characters.index(spans[i].getStart());
    }
    return new Tokens(ids, starts);
  }

  private static boolean isEmpty(CharSpan span) {
    return span.getStart() == span.getEnd();
  }

  /** Id of the first of these tokens that the vocabulary has as one token; null when none. */
  public Integer id(String... tokens) {
    for (String token : tokens) {
      int[] ids = encode(token, false).ids();
      if (ids.length == 1 && tokenizer.decode(new long[] {ids[0]}, false).strip().equals(token)) {
        return ids[0];
      }
    }
    return null;
  }

  /** Text of token ids, without the special ones. */
  public String decode(int... ids) {
    return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), true);
  }

  /** Index of a code point as Java counts characters; asked mostly in ascending order. */
  private static final class Characters {
    private final String text;
    private int codePoint;
    private int index;

    Characters(String text) {
      this.text = text;
    }

    int index(int wanted) {
      index = text.offsetByCodePoints(index, wanted - codePoint);
      codePoint = wanted;
      return index;
    }
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
