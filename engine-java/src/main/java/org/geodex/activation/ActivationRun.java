package org.geodex.activation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Stack;
import org.geodex.model.TokenBatch;

/**
 * Runs a model over the windows of a {@link TokenTable}: windows of like length together, so that
 * little is padded, in an order that the table alone decides. Each result is handed over and then
 * freed, so that memory holds one batch at a time, two where a device is a batch ahead.
 */
public final class ActivationRun {
  private final Model model;
  private final TokenTable table;
  private final Keep keep;
  private final LayerHook hook;
  private final boolean decodes;
  private final int ahead;
  private final List<List<TokenTable.Window>> batches;

  /** Takes the result of one batch; it is closed after the call. */
  @FunctionalInterface
  public interface Consumer {
    void accept(Batch batch);
  }

  /** The windows of one batch and what the model made of them. */
  public record Batch(List<TokenTable.Window> windows, int length, Activations activations) {

    /** Rows of window {@code w} in a tensor of token rows; they belong to {@code first} and on. */
    public Matrix rows(String tensor, int w) {
      long from = (long) w * length;
      return activations.get(tensor).rows(from, from + windows.get(w).length());
    }

    /** Tokens without padding. */
    public long tokens() {
      return windows.stream().mapToLong(TokenTable.Window::length).sum();
    }
  }

  /**
   * Plans a run.
   *
   * @param batchSize most windows in one batch; fewer where a batch would not fit the backend's
   *     memory budget
   */
  public ActivationRun(
      Model model, TokenTable table, Keep keep, LayerHook hook, int batchSize, Backend backend) {
    this(model, table, keep, hook, batchSize, backend, Stack.ONLY, 0);
  }

  /**
   * Plans a run whose consumer reads everything on the host: where there is a device, what is kept
   * of a batch is brought over, and consumed, while the next batch runs.
   */
  static ActivationRun toHost(
      Model model, TokenTable table, Keep keep, LayerHook hook, int batchSize, Backend backend) {
    int ahead = backend.hasDevice() ? 1 : 0;
    return new ActivationRun(model, table, keep, hook, batchSize, backend, Stack.ONLY, ahead);
  }

  /**
   * Plans a run that reaches a stack.
   *
   * @param stack {@link Stack#DECODER} gives the decoder the window too, one token later, as if it
   *     had to repeat it: row i is what it knows before token i
   */
  public ActivationRun(
      Model model,
      TokenTable table,
      Keep keep,
      LayerHook hook,
      int batchSize,
      Backend backend,
      Stack stack) {
    this(model, table, keep, hook, batchSize, backend, stack, 0);
  }

  private ActivationRun(
      Model model,
      TokenTable table,
      Keep keep,
      LayerHook hook,
      int batchSize,
      Backend backend,
      Stack stack,
      int ahead) {
    this.ahead = ahead;
    this.decodes = stack == Stack.DECODER;
    this.model = model;
    this.table = table;
    this.keep = keep;
    this.hook = hook;
    this.batches = batches(batchSize, backend.memoryBudget());
  }

  /** Runs every batch. */
  public void forEach(Consumer consumer) {
    Deque<Batch> running = new ArrayDeque<>();
    try {
      for (List<TokenTable.Window> windows : batches) {
        running.add(forward(windows));
        while (running.size() > ahead) {
          finish(running, consumer);
        }
      }
      while (!running.isEmpty()) {
        finish(running, consumer);
      }
    } finally {
      running.forEach(batch -> batch.activations().close());
    }
  }

  private Batch forward(List<TokenTable.Window> windows) {
    int length = windows.getFirst().length();
    long[] numbers = windows.stream().mapToLong(TokenTable.Window::first).toArray();
    LayerHook ours = hook.batch(numbers, new int[numbers.length]);
    Activations activations = model.forward(batch(windows, length), keep, ours);
    try {
      if (ahead > 0) {
        activations.tensors().forEach(tensor -> tensor.values().prefetch());
      }
      return new Batch(windows, length, activations);
    } catch (Throwable e) {
      activations.close();
      throw e;
    }
  }

  private static void finish(Deque<Batch> running, Consumer consumer) {
    Batch batch = running.remove();
    Activations activations = batch.activations();
    try (activations) {
      consumer.accept(batch);
    }
  }

  private List<List<TokenTable.Window>> batches(int size, long budget) {
    List<TokenTable.Window> windows = new ArrayList<>(table.windows());
    windows.removeIf(window -> window.length() == 0);
    windows.sort(Comparator.comparingInt(TokenTable.Window::length).reversed());
    List<List<TokenTable.Window>> result = new ArrayList<>();
    int from = 0;
    while (from < windows.size()) {
      long each = bytes(windows.get(from).length());
      if (each > budget) {
        throw new MemoryBudgetException(
            "a window of %d tokens needs %,d bytes, --memory-budget allows %,d; lower --max-length"
                + " or keep fewer layers",
            windows.get(from).length(), each, budget);
      }
      int count = (int) Math.max(1, Math.min(size, budget / each));
      int to = Math.min(from + count, windows.size());
      result.add(List.copyOf(windows.subList(from, to)));
      from = to;
    }
    return result;
  }

  private long bytes(int length) {
    ModelConfig config = model.config();
    int stacks = decodes ? 2 : 1;
    return (1L + ahead) * length * stacks * bytesPerToken(config, keep, config.layers(), length);
  }

  /** Bytes that a token of one stack takes: kept tensors and the temporaries of one layer. */
  static long bytesPerToken(ModelConfig config, Keep keep, int layers, int keys) {
    long kept = keep.layers() == null ? layers + 1L : keep.layers().length;
    long values = (kept + 14) * config.width();
    values += keep.attentions() ? kept * config.heads() * keys : 0;
    values += keep.heads() ? config.vocabulary() : 0;
    return 4 * values;
  }

  private TokenBatch batch(List<TokenTable.Window> windows, int length) {
    int[][] ids = new int[windows.size()][length];
    int[][] mask = new int[windows.size()][length];
    for (int w = 0; w < ids.length; w++) {
      TokenTable.Window window = windows.get(w);
      Arrays.fill(ids[w], model.config().padToken());
      System.arraycopy(table.tokens(), window.first(), ids[w], 0, window.length());
      Arrays.fill(mask[w], 0, window.length(), 1);
    }
    TokenBatch batch = TokenBatch.of(ids, mask);
    return decodes ? batch.withDecoder(later(ids), mask) : batch;
  }

  /** Each row after the start token, its last one cut off. */
  private int[][] later(int[][] ids) {
    int[][] later = new int[ids.length][ids[0].length];
    for (int w = 0; w < ids.length; w++) {
      later[w][0] = model.config().startToken();
      System.arraycopy(ids[w], 0, later[w], 1, ids[w].length - 1);
    }
    return later;
  }
}
