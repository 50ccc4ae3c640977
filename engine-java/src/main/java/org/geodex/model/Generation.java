package org.geodex.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/**
 * Continues prompts token by token (GPT-2), or answers them (T5). Prompts of different length run
 * together; each is continued as if it ran alone, and draws from a random sequence of its own.
 *
 * @param newTokens most tokens to add to each prompt
 * @param sampling how a token is chosen
 * @param seed of the drawing
 * @param stopTokens tokens that end a sequence; the token itself is part of the result
 * @param cache keep keys and values of the tokens read; without it every step reads all tokens
 *     again
 */
public record Generation(
    int newTokens, Sampling sampling, long seed, Set<Integer> stopTokens, boolean cache) {

  /** The likeliest token each time, until one of the configuration's end tokens. */
  public static Generation greedy(int newTokens, ModelConfig config) {
    return new Generation(newTokens, Sampling.GREEDY, 0, Set.copyOf(config.endTokens()), true);
  }

  public Generation withCache(boolean on) {
    return new Generation(newTokens, sampling, seed, stopTokens, on);
  }

  /**
   * As {@link #run(Model, int[][], long[], LayerHook)}, the prompts being numbered from a first.
   */
  public List<int[]> run(Model model, int[][] prompts, long firstPrompt, LayerHook hook) {
    return run(model, prompts, numbers(firstPrompt, prompts.length), hook);
  }

  /**
   * The tokens added to each prompt.
   *
   * @param numbers of the prompts, which select their random sequences
   * @throws InputException for an empty prompt, an id out of range, or a sequence that would grow
   *     longer than the model
   */
  public List<int[]> run(Model model, int[][] prompts, long[] numbers, LayerHook hook) {
    check(model.config(), prompts);
    List<List<Integer>> added = new ArrayList<>();
    SplittableRandom[] randoms = new SplittableRandom[prompts.length];
    for (int b = 0; b < prompts.length; b++) {
      added.add(new ArrayList<>());
      randoms[b] = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + numbers[b]);
    }
    boolean[] done = new boolean[prompts.length];
    LayerHook ours = hook.batch(numbers, padding(model, prompts));
    try (Decoding decoding = model.decode(prompts, newTokens, cache, ours)) {
      for (int step = 0; step < newTokens && !all(done); step++) {
        int[] next = choose(decoding.logits(), randoms, done, model.config().padToken());
        for (int b = 0; b < next.length; b++) {
          if (!done[b]) {
            added.get(b).add(next[b]);
            done[b] = stopTokens.contains(next[b]);
          }
        }
        if (step < newTokens - 1 && !all(done)) {
          decoding.append(next);
        }
      }
    }
    return added.stream().map(l -> l.stream().mapToInt(Integer::intValue).toArray()).toList();
  }

  static long[] numbers(long first, int count) {
    long[] numbers = new long[count];
    Arrays.setAll(numbers, b -> first + b);
    return numbers;
  }

  /** GPT-2's prompts are padded in front, T5's behind. */
  private static int[] padding(Model model, int[][] prompts) {
    int longest = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).max().orElse(0);
    int[] padding = new int[prompts.length];
    if (model.config().causal()) {
      Arrays.setAll(padding, b -> longest - prompts[b].length);
    }
    return padding;
  }

  private int[] choose(Matrix logits, SplittableRandom[] randoms, boolean[] done, int pad) {
    int[] next = new int[randoms.length];
    double[] row = new double[logits.columns()];
    for (int b = 0; b < next.length; b++) {
      next[b] = pad;
      if (!done[b]) {
        logits.copyRow(b, row);
        next[b] = sampling.choose(row, randoms[b]);
      }
    }
    return next;
  }

  private void check(ModelConfig config, int[][] prompts) {
    for (int b = 0; b < prompts.length; b++) {
      if (prompts[b].length == 0) {
        throw new InputException("prompt %d is empty, expected at least one token", b);
      }
      long length = prompts[b].length + (config.causal() ? (long) newTokens : 0);
      if (config.limitedLength() && length > config.maxLength()) {
        throw new InputException(
            "prompt %d has %d tokens; with %d more it is longer than the %d that the model takes",
            b, prompts[b].length, newTokens, config.maxLength());
      }
    }
    TokenBatch.checkRange("prompts", prompts, config.vocabulary(), "vocab_size");
  }

  private static boolean all(boolean[] flags) {
    for (boolean flag : flags) {
      if (!flag) {
        return false;
      }
    }
    return true;
  }

  /** Rows padded to one length, in front or behind, with 1 for a token and 0 for padding. */
  record Padded(int[][] ids, int[][] mask) {
    static Padded of(int[][] rows, int pad, boolean inFront) {
      int length = Arrays.stream(rows).mapToInt(row -> row.length).max().orElse(0);
      int[][] ids = new int[rows.length][length];
      int[][] mask = new int[rows.length][length];
      for (int b = 0; b < rows.length; b++) {
        int at = inFront ? length - rows[b].length : 0;
        Arrays.fill(ids[b], pad);
        System.arraycopy(rows[b], 0, ids[b], at, rows[b].length);
        Arrays.fill(mask[b], at, at + rows[b].length, 1);
      }
      return new Padded(ids, mask);
    }
  }
}
