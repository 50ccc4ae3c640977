package org.geodex.activation;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.error.InputException;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.ArrowFile;
import org.geodex.matrix.Matrix;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Stack;

/**
 * The token rows of every hidden state of one stack of a model, where the backend computes or
 * mapped; closing it frees or unmaps them.
 */
public final class LayerStates implements AutoCloseable {
  private final List<? extends Matrix> states;
  private final int[] documents;
  private final int[] sentences;
  private final List<AttentionStatistics> attention;
  private final Runnable release;

  private LayerStates(
      List<? extends Matrix> states,
      int[] documents,
      int[] sentences,
      List<AttentionStatistics> attention,
      Runnable release) {
    this.states = states;
    this.documents = documents;
    this.sentences = sentences;
    this.attention = attention;
    this.release = release;
  }

  /** Over matrices of the caller, who closes them. */
  public static LayerStates view(
      List<? extends Matrix> states,
      int[] documents,
      int[] sentences,
      List<AttentionStatistics> attention) {
    return new LayerStates(states, documents, sentences, attention, () -> {});
  }

  /**
   * Runs a model over a text; of T5 the encoder.
   *
   * @param done gets the number of tokens after each batch
   * @throws MemoryBudgetException when the hidden states would not fit the backend's budget
   */
  public static LayerStates run(
      Model model, TokenTable table, int batchSize, Backend backend, IntConsumer done) {
    return run(model, table, batchSize, backend, model.config().reader(), done);
  }

  /**
   * Runs a model over a text and keeps one of its stacks; T5's decoder is given the text too.
   *
   * @param done gets the number of tokens after each batch
   * @throws MemoryBudgetException when the hidden states would not fit the backend's budget
   * @throws InputException when the checkpoint has no such stack
   */
  public static LayerStates run(
      Model model,
      TokenTable table,
      int batchSize,
      Backend backend,
      Stack stack,
      IntConsumer done) {
    ModelConfig config = model.config();
    int layers = stack == Stack.DECODER ? config.decoderLayers() : config.layers();
    int count = layers + 1;
    checkFits(backend, (long) count * table.rows() * config.width() * Float.BYTES);
    List<Matrix.Owned> states = new ArrayList<>();
    Runnable release = () -> states.forEach(Matrix.Owned::close);
    try {
      for (int i = 0; i < count; i++) {
        states.add(backend.allocate(table.rows(), config.width()));
      }
      List<AttentionStatistics> attention = new ArrayList<>();
      for (int i = 0; i < layers; i++) {
        attention.add(new AttentionStatistics(config.heads()));
      }
      Keep keep = Keep.hiddenStates().withStatistics();
      new ActivationRun(model, table, keep, LayerHook.NONE, batchSize, backend, stack)
          .forEach(
              batch -> {
                copy(batch, stack, states);
                List<AttentionStatistics> added = batch.activations().statistics(stack);
                for (int i = 0; i < added.size(); i++) {
                  attention.get(i).add(added.get(i));
                }
                done.accept((int) batch.tokens());
              });
      return new LayerStates(
          states,
          table.documents(),
          globalSentences(table.documents(), table.sentences()),
          attention,
          release);
    } catch (Throwable e) {
      release.run();
      throw e;
    }
  }

  private static void copy(ActivationRun.Batch batch, Stack stack, List<Matrix.Owned> states) {
    for (int w = 0; w < batch.windows().size(); w++) {
      TokenTable.Window window = batch.windows().get(w);
      for (int i = 0; i < states.size(); i++) {
        states
            .get(i)
            .rows(window.first(), window.first() + window.length())
            .copyFrom(batch.rows(stack.hiddenName(i), w));
      }
    }
  }

  private static void checkFits(Backend backend, long bytes) {
    if (bytes > backend.memoryBudget()) {
      throw new MemoryBudgetException(
          "the hidden states of all layers need %,d bytes, --memory-budget allows %,d; use less"
              + " text or raise it",
          bytes, backend.memoryBudget());
    }
  }

  /**
   * Maps a file that {@code geodex activations} wrote: columns {@code document}, {@code sentence}
   * and {@code layer_0 … layer_L}.
   *
   * @throws InputException when a column is missing
   */
  public static LayerStates map(Path path) {
    ArrowFile file = ArrowFile.open(path);
    Arena copies = Arena.ofShared();
    Runnable release =
        () -> {
          copies.close();
          file.close();
        };
    try {
      List<Matrix> states = new ArrayList<>();
      while (file.columns().contains(ActivationWriter.LAYER + states.size())) {
        states.add(file.matrix(ActivationWriter.LAYER + states.size(), copies));
      }
      long layers =
          file.columns().stream().filter(name -> name.startsWith(ActivationWriter.LAYER)).count();
      boolean whole = !states.isEmpty() && states.size() == layers;
      if (!whole || !file.columns().containsAll(List.of("document", "sentence"))) {
        throw new InputException(
            "%s: has the columns %s, expected document, sentence, layer_0, layer_1 ... as geodex"
                + " activations writes them for all layers",
            path, String.join(", ", file.columns()));
      }
      int[] documents = ints(file.longs("document"));
      return new LayerStates(
          states,
          documents,
          globalSentences(documents, ints(file.longs("sentence"))),
          List.of(),
          release);
    } catch (Throwable e) {
      release.run();
      throw e;
    }
  }

  private static int[] ints(long[] values) {
    return IntStream.range(0, values.length).map(i -> Math.toIntExact(values[i])).toArray();
  }

  /** Sentences counted over the whole text instead of within each document. */
  private static int[] globalSentences(int[] documents, int[] sentences) {
    int[] global = new int[sentences.length];
    for (int i = 1; i < global.length; i++) {
      boolean same = documents[i] == documents[i - 1] && sentences[i] == sentences[i - 1];
      global[i] = global[i - 1] + (same ? 0 : 1);
    }
    return global;
  }

  /** [tokens, d] for each hidden state 0 … L; row i is the same token in all. */
  public List<? extends Matrix> states() {
    return states;
  }

  /** The document of each token. */
  public int[] documents() {
    return documents;
  }

  /** The sentence of each token, counted over the whole text. */
  public int[] sentences() {
    return sentences;
  }

  /** Span and entropy of the heads of layers 1 … L; empty when not known. */
  public List<AttentionStatistics> attention() {
    return attention;
  }

  /** Index of the last hidden state, L. */
  public int layers() {
    return states.size() - 1;
  }

  public int rows() {
    return documents.length;
  }

  /** Tokens of each document, in the order of the rows. */
  public long[] documentLengths() {
    List<Long> lengths = new ArrayList<>();
    for (int i = 0; i < documents.length; i++) {
      if (i == 0 || documents[i] != documents[i - 1]) {
        lengths.add(0L);
      }
      lengths.set(lengths.size() - 1, lengths.getLast() + 1);
    }
    return lengths.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public void close() {
    release.run();
  }
}
