package org.geodex.intervention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.geodex.activation.TextDocuments;
import org.geodex.model.BertConfig;
import org.geodex.model.Infilling;
import org.geodex.model.ModelConfig;
import org.geodex.model.T5Config;
import org.geodex.model.Tokenizer;

/**
 * What a model is given to write from.
 *
 * @param text as a reader sees it
 * @param ids its tokens, with those that the tokenizer adds
 * @param spans of T5: the sentinel tokens in {@code ids}, in order; the answer fills them, and the
 *     whole filled text is the result. Empty otherwise
 * @param holes of BERT and RoBERTa: places of mask tokens in {@code ids}, which are filled likewise
 */
record Prompt(String text, int[] ids, List<Integer> spans, List<Integer> holes) {
  /** Sentences of a document that make a prompt. */
  private static final int SENTENCES = 3;

  /** Where a document is filled: of so many tokens … */
  private static final int PERIOD = 7;

  /** … the last so many are taken out. */
  private static final int SPAN = 3;

  private static final int MOST_SPANS = 32;

  /** A text to continue, or to answer. */
  static Prompt of(String text, Tokenizer tokenizer) {
    int[] ids = tokenizer.encode(text, true).ids();
    List<Integer> sentinels = sentinels(tokenizer);
    List<Integer> spans = new ArrayList<>();
    for (int id : ids) {
      if (sentinels.contains(id)) {
        spans.add(id);
      }
    }
    Integer mask = tokenizer.id("[MASK]", "<mask>");
    List<Integer> holes =
        IntStream.range(0, ids.length).filter(i -> mask != null && ids[i] == mask).boxed().toList();
    return new Prompt(text, ids, spans, holes);
  }

  /**
   * A prompt from a document: its first sentences, three or half of them. T5, BERT and RoBERTa,
   * which were trained to fill, get the whole document with three of every seven tokens taken out.
   */
  static Prompt ofDocument(String document, Tokenizer tokenizer, ModelConfig config) {
    if (config instanceof BertConfig) {
      return masked(document, tokenizer, config);
    }
    List<Integer> sentinels = config instanceof T5Config ? sentinels(tokenizer) : List.of();
    if (sentinels.isEmpty()) {
      return of(opening(document), tokenizer);
    }
    return spanned(document, tokenizer, sentinels);
  }

  private static Prompt masked(String document, Tokenizer tokenizer, ModelConfig config) {
    int[] ids = tokenizer.encode(document, true).ids();
    int mask = TextWriter.maskToken(config, tokenizer);
    List<Integer> holes = new ArrayList<>();
    // The first and the last token are those that the tokenizer adds.
    for (int i = 1; i < ids.length - 1; i++) {
      if (isTaken(i - 1)) {
        ids[i] = mask;
        holes.add(i);
      }
    }
    return new Prompt(document, ids, List.of(), holes);
  }

  /** Whether a token of a document is one that is taken out. */
  static boolean isTaken(int i) {
    return i % PERIOD >= PERIOD - SPAN;
  }

  private static Prompt spanned(String document, Tokenizer tokenizer, List<Integer> sentinels) {
    int[] all = tokenizer.encode(document, false).ids();
    List<Integer> ids = new ArrayList<>();
    List<Integer> spans = new ArrayList<>();
    for (int i = 0; i < all.length; i++) {
      boolean taken = isTaken(i) && i / PERIOD < sentinels.size();
      if (!taken) {
        ids.add(all[i]);
      } else if (i % PERIOD == PERIOD - SPAN) {
        spans.add(sentinels.get(i / PERIOD));
        ids.add(spans.getLast());
      }
    }
    int[] framed = tokenizer.encode(document, true).ids();
    for (int i = all.length; i < framed.length; i++) {
      ids.add(framed[i]);
    }
    int[] array = ids.stream().mapToInt(Integer::intValue).toArray();
    return new Prompt(document, array, spans, List.of());
  }

  private static String opening(String document) {
    int[] starts = TextDocuments.sentenceStarts(document);
    int count = Math.max(1, Math.min(SENTENCES, starts.length / 2));
    return count < starts.length ? document.substring(0, starts[count]).strip() : document;
  }

  /**
   * A document to be predicted: the second half of its sentences behind the first, or for BERT and
   * RoBERTa all of it.
   */
  static Passage passage(String document, Tokenizer tokenizer, ModelConfig config) {
    int[] starts = TextDocuments.sentenceStarts(document);
    int middle = starts.length < 2 ? document.length() / 2 : starts[starts.length / 2];
    if (config instanceof T5Config) {
      Prompt prompt = ofDocument(document, tokenizer, config);
      if (!prompt.spans().isEmpty()) {
        return new Passage(prompt.ids(), prompt.answer(document, tokenizer), new int[0]);
      }
    }
    int[] whole = tokenizer.encode(document, true).ids();
    Tokenizer.Tokens plain = tokenizer.encode(document, false);
    int head = 0;
    while (head < whole.length && !startsWith(whole, head, plain.ids())) {
      head++;
    }
    int first = 0;
    while (first < plain.length() - 1 && plain.starts()[first] < middle) {
      first++;
    }
    int to = head + plain.length();
    int from = config instanceof BertConfig ? head : Math.min(to, head + Math.max(1, first));
    return new Passage(
        Arrays.copyOf(whole, from),
        Arrays.copyOfRange(whole, from, to),
        Arrays.copyOfRange(whole, to, whole.length));
  }

  private static boolean startsWith(int[] whole, int from, int[] part) {
    return Arrays.mismatch(
            whole, from, Math.min(whole.length, from + part.length), part, 0, part.length)
        < 0;
  }

  /** What a perfect T5 answers: each sentinel with the tokens that it stands for. */
  private int[] answer(String document, Tokenizer tokenizer) {
    int[] all = tokenizer.encode(document, false).ids();
    List<Integer> answer = new ArrayList<>();
    for (int i = 0; i < all.length; i++) {
      if (isTaken(i) && i / PERIOD < spans.size()) {
        if (i % PERIOD == PERIOD - SPAN) {
          answer.add(spans.get(i / PERIOD));
        }
        answer.add(all[i]);
      }
    }
    return answer.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The prompt with its holes filled. */
  private int[] filled(int[] written) {
    int[] filled = ids.clone();
    for (int i = 0; i < written.length; i++) {
      filled[holes.get(i)] = written[i];
    }
    return filled;
  }

  /** Tokens that a text adds to the prompt's own length. */
  int added(int newTokens, ModelConfig config) {
    return config.decoderLayers() > 0 || !holes.isEmpty() ? 0 : newTokens;
  }

  /**
   * What is to be predicted where a written text is judged: the new tokens from the prompt, or all
   * of a text whose holes were filled.
   */
  Passage passage(int[] written, ModelConfig config) {
    int at = config instanceof BertConfig ? Infilling.place(ids, config) : ids.length;
    if (!holes.isEmpty()) {
      int[] filled = filled(written);
      return new Passage(
          Arrays.copyOf(filled, 1),
          Arrays.copyOfRange(filled, 1, at),
          Arrays.copyOfRange(filled, at, filled.length));
    }
    return new Passage(Arrays.copyOf(ids, at), written, Arrays.copyOfRange(ids, at, ids.length));
  }

  /** The text that the model's tokens make: they alone, or put in the place of the spans. */
  String written(int[] generated, Tokenizer tokenizer) {
    if (!holes.isEmpty()) {
      return tokenizer.decode(filled(generated)).strip();
    }
    if (spans.isEmpty()) {
      return tokenizer.decode(generated).strip();
    }
    Map<Integer, List<Integer>> filled = new LinkedHashMap<>();
    List<Integer> current = new ArrayList<>();
    for (int id : generated) {
      if (spans.contains(id)) {
        current = filled.computeIfAbsent(id, span -> new ArrayList<>());
      } else {
        current.add(id);
      }
    }
    List<Integer> text = new ArrayList<>();
    for (int id : ids) {
      if (spans.contains(id)) {
        text.addAll(filled.getOrDefault(id, List.of()));
      } else {
        text.add(id);
      }
    }
    return tokenizer.decode(text.stream().mapToInt(Integer::intValue).toArray()).strip();
  }

  /** The tokenizer's {@code <extra_id_0>, <extra_id_1> …}; none where it has no such tokens. */
  private static List<Integer> sentinels(Tokenizer tokenizer) {
    List<Integer> sentinels = new ArrayList<>();
    for (int i = 0; i < MOST_SPANS; i++) {
      Integer id = tokenizer.id("<extra_id_" + i + ">");
      if (id == null) {
        break;
      }
      sentinels.add(id);
    }
    return sentinels;
  }
}
