package org.geodex.activation;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.geodex.backend.Backend;
import org.geodex.error.MemoryBudgetException;
import org.geodex.file.AtomicOutputs;
import org.geodex.matrix.ArrowSink;
import org.geodex.matrix.ElementType;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.SafetensorsSink;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Stack;
import org.geodex.model.TokenBatch;

/**
 * Writes a model's activations to a file as they are computed. {@code .safetensors} holds tensors
 * named as the reference implementation's outputs; {@code .arrow} one row a token with the columns
 * {@code document, sentence, position, token, layer_0 … layer_L}. Nothing stands under the name
 * before {@link #commit}.
 */
public final class ActivationWriter implements AutoCloseable {
  /** Name of the column of hidden state 0, without the number. */
  public static final String LAYER = "layer_";

  private final Model model;
  private final Path out;
  private final AtomicOutputs outputs = AtomicOutputs.open();
  private final List<Sink> sinks = new ArrayList<>();
  private final Map<String, Long> written = new LinkedHashMap<>();

  /** What the two formats have in common. */
  private interface Sink extends AutoCloseable {
    void write(String tensor, long firstRow, Matrix rows);

    void commit();

    @Override
    void close();
  }

  public ActivationWriter(Model model, Path out) {
    this.model = model;
    this.out = out;
  }

  /** Whether a tensor of this name was written. */
  public boolean wrote(String tensor) {
    return written.containsKey(tensor);
  }

  /**
   * Runs token ids as they are and writes every tensor, [batch, …] in {@code .safetensors}, without
   * the padding in {@code .arrow}.
   *
   * @param hook reads or edits the passes
   * @param batchSize sequences that run together, fewer where the budget asks for it
   * @param budget bytes for the tensors of the sequences that run together
   * @param step told how many sequences are done
   * @return seconds that the model ran
   * @throws MemoryBudgetException when not even one sequence fits
   */
  public double writeBatch(
      TokenBatch inputs, Keep keep, LayerHook hook, int batchSize, long budget, LongConsumer step) {
    long nanos = 0;
    int together = fitting(inputs, keep, batchSize, budget);
    for (int from = 0; from < inputs.size(); from += together) {
      int to = Math.min(from + together, inputs.size());
      LayerHook ours = hook.batch(LongStream.range(from, to).toArray(), new int[to - from]);
      long start = System.nanoTime();
      try (Activations activations = model.forward(inputs.slice(from, to), keep, ours)) {
        nanos += System.nanoTime() - start;
        if (isArrow()) {
          arrowRows(inputs, from, to, activations);
        } else {
          tensors(inputs.size(), from, to - from, activations);
        }
      }
      step.accept(to - from);
    }
    return nanos * 1e-9;
  }

  private int fitting(TokenBatch inputs, Keep keep, int batchSize, long budget) {
    ModelConfig config = model.config();
    int length = inputs.length();
    long each = length * ActivationRun.bytesPerToken(config, keep, config.layers(), length);
    if (inputs.decoderInputIds() != null) {
      int keys = inputs.decoderLength() + length;
      each +=
          inputs.decoderLength()
              * ActivationRun.bytesPerToken(config, keep, config.decoderLayers(), keys);
    }
    if (each > budget) {
      throw new MemoryBudgetException(
          "a sequence of %d tokens needs %,d bytes, --memory-budget allows %,d; keep fewer layers"
              + " or raise it",
          length, each, budget);
    }
    return (int) Math.min(batchSize, budget / each);
  }

  private void tensors(int total, int from, int count, Activations activations) {
    if (sinks.isEmpty()) {
      SafetensorsSink.Builder builder = SafetensorsSink.builder();
      for (Activations.Tensor tensor : activations.tensors()) {
        long[] shape = tensor.shape().clone();
        shape[0] = total;
        builder.tensor(tensor.name(), ElementType.F32, shape);
      }
      sinks.add(sink(builder.create(outputs, out)));
    }
    for (Activations.Tensor tensor : activations.tensors()) {
      long rowsEach = tensor.values().rows() / count;
      write(sinks.getFirst(), tensor.name(), from * rowsEach, tensor.values());
    }
  }

  private void arrowRows(TokenBatch inputs, int from, int to, Activations activations) {
    TokenTable table = TokenTable.of(inputs);
    TokenTable decoder =
        inputs.decoderInputIds() == null
            ? null
            : TokenTable.of(TokenBatch.of(inputs.decoderInputIds(), inputs.decoderAttentionMask()));
    Stack stack = model.config().reader();
    if (sinks.isEmpty()) {
      sinks.add(arrow(out, table, stack, activations));
      if (decoder != null) {
        String name = out.getFileName().toString().replaceFirst("\\.arrow$", ".decoder.arrow");
        sinks.add(arrow(out.resolveSibling(name), decoder, Stack.DECODER, activations));
      }
    }
    arrowRows(sinks.getFirst(), table, inputs.attentionMask(), stack, from, to, activations);
    if (decoder != null) {
      int[][] mask = inputs.decoderAttentionMask();
      arrowRows(sinks.get(1), decoder, mask, Stack.DECODER, from, to, activations);
    }
  }

  private void arrowRows(
      Sink sink,
      TokenTable table,
      int[][] mask,
      Stack stack,
      int from,
      int to,
      Activations activations) {
    for (int layer : layers(stack, activations)) {
      Matrix states = activations.get(stack.hiddenName(layer));
      long length = states.rows() / (to - from);
      for (int b = from; b < to; b++) {
        long row = table.windows().get(b).first();
        for (int i = 0; i < length; i++) {
          if (mask == null || mask[b][i] == 1) {
            long at = (b - from) * length + i;
            write(sink, LAYER + layer, row++, states.rows(at, at + 1));
          }
        }
      }
    }
  }

  /**
   * Runs a token table and writes hidden states (and logits, if kept), one row a token, and if kept
   * attention weights, [windows, heads, T, T] with the windows in order, T the longest, and zeros
   * beyond each one's length. Of T5 the encoder runs.
   *
   * @param step told how many tokens are done
   * @return seconds that the model ran; on a device, which writing runs beside, of both
   */
  public double writeTable(
      TokenTable table, Keep keep, LayerHook hook, int batch, Backend backend, LongConsumer step) {
    long start = System.nanoTime();
    long[] writing = {0};
    WindowPlaces places = new WindowPlaces(table);
    ActivationRun.toHost(model, table, keep, hook, batch, backend)
        .forEach(
            result -> {
              long before = System.nanoTime();
              writeRows(table, places, result);
              writing[0] += System.nanoTime() - before;
              step.accept(result.tokens());
            });
    long all = System.nanoTime() - start;
    return (backend.hasDevice() ? all : all - writing[0]) * 1e-9;
  }

  private void writeRows(TokenTable table, WindowPlaces places, ActivationRun.Batch batch) {
    Stack stack = model.config().reader();
    Activations activations = batch.activations();
    if (sinks.isEmpty()) {
      sinks.add(
          isArrow()
              ? arrow(out, table, stack, activations)
              : safetensors(table, places, activations));
    }
    for (int w = 0; w < batch.windows().size(); w++) {
      long first = batch.windows().get(w).first();
      for (Activations.Tensor tensor : activations.tensors()) {
        boolean tokenRows = tensor.shape().length == 3;
        if (tokenRows && (!isArrow() || !tensor.name().equals("logits"))) {
          Matrix rows = batch.rows(tensor.name(), w);
          write(sinks.getFirst(), columnName(tensor.name()), first, rows);
        } else if (isAttention(tensor)) {
          writeAttention(places, tensor, batch, w);
        }
      }
    }
  }

  private static boolean isAttention(Activations.Tensor tensor) {
    return tensor.shape().length == 4;
  }

  private void writeAttention(
      WindowPlaces places, Activations.Tensor tensor, ActivationRun.Batch batch, int w) {
    TokenTable.Window window = batch.windows().get(w);
    int heads = (int) tensor.shape()[1];
    int longest = places.longest();
    long place = places.of(window);
    try (Matrix.Owned whole = Matrix.allocate((long) heads * longest, longest)) {
      whole.segment().fill((byte) 0);
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < window.length(); i++) {
          long from = ((long) w * heads + h) * batch.length() + i;
          MemorySegment row = tensor.values().rows(from, from + 1).segment();
          long bytes = 4L * window.length();
          MemorySegment.copy(row, 0, whole.segment(), whole.offset((long) h * longest + i), bytes);
        }
      }
      write(sinks.getFirst(), tensor.name(), place * whole.rows(), whole);
    }
  }

  /** The windows that hold tokens, in their order in a text. */
  private record WindowPlaces(int[] first, int[] length, int longest) {
    WindowPlaces(TokenTable table) {
      this(
          table.windows().stream().filter(w -> w.length() > 0).mapToInt(w -> w.first()).toArray(),
          table.windows().stream().mapToInt(w -> w.length()).filter(n -> n > 0).toArray(),
          table.windows().stream().mapToInt(w -> w.length()).max().orElse(0));
    }

    int of(TokenTable.Window window) {
      return Arrays.binarySearch(first, window.first());
    }
  }

  private String columnName(String tensor) {
    return isArrow() ? LAYER + tensor.substring(tensor.lastIndexOf('.') + 1) : tensor;
  }

  private boolean isArrow() {
    return out.toString().endsWith(".arrow");
  }

  private List<Integer> layers(Stack stack, Activations activations) {
    ModelConfig config = model.config();
    int count = stack == Stack.DECODER ? config.decoderLayers() : config.layers();
    List<Integer> layers = new ArrayList<>();
    for (int i = 0; i <= count; i++) {
      if (activations.has(stack.hiddenName(i))) {
        layers.add(i);
      }
    }
    return layers;
  }

  private Sink arrow(Path path, TokenTable table, Stack stack, Activations activations) {
    ArrowSink.Builder builder =
        ArrowSink.table(table.rows())
            .ints("document", table.documents())
            .ints("sentence", table.sentences())
            .ints("position", table.positions())
            .ints("token", table.tokens());
    for (int layer : layers(stack, activations)) {
      builder.matrix(LAYER + layer, model.config().width());
    }
    ArrowSink sink = builder.create(outputs, path);
    return new Sink() {
      @Override
      public void write(String tensor, long firstRow, Matrix rows) {
        sink.write(tensor, firstRow, rows);
      }

      @Override
      public void commit() {
        sink.commit();
      }

      @Override
      public void close() {
        sink.close();
      }
    };
  }

  private Sink safetensors(TokenTable table, WindowPlaces places, Activations activations) {
    SafetensorsSink.Builder builder = SafetensorsSink.builder();
    for (Activations.Tensor tensor : activations.tensors()) {
      if (tensor.shape().length == 3) {
        builder.tensor(tensor.name(), ElementType.F32, table.rows(), tensor.values().columns());
      } else if (isAttention(tensor)) {
        long longest = places.longest();
        long[] shape = {places.first().length, tensor.shape()[1], longest, longest};
        builder.tensor(tensor.name(), ElementType.F32, shape);
      }
    }
    Map<String, int[]> ids = new LinkedHashMap<>();
    ids.put("document", table.documents());
    ids.put("sentence", table.sentences());
    ids.put("position", table.positions());
    ids.put("token", table.tokens());
    if (activations.tensors().stream().anyMatch(ActivationWriter::isAttention)) {
      ids.put("window_first", places.first());
      ids.put("window_length", places.length());
    }
    ids.forEach((name, values) -> builder.tensor(name, ElementType.I32, values.length));
    SafetensorsSink sink = builder.create(outputs, out);
    ids.forEach((name, values) -> sink.write(name, bytes(values)));
    return sink(sink);
  }

  private static MemorySegment bytes(int[] values) {
    byte[] bytes = new byte[Integer.BYTES * values.length];
    MemorySegment.ofArray(bytes).copyFrom(MemorySegment.ofArray(values));
    return MemorySegment.ofArray(bytes);
  }

  private static Sink sink(SafetensorsSink sink) {
    return new Sink() {
      @Override
      public void write(String tensor, long firstRow, Matrix rows) {
        sink.write(tensor, firstRow, rows);
      }

      @Override
      public void commit() {
        sink.commit();
      }

      @Override
      public void close() {
        sink.close();
      }
    };
  }

  private void write(Sink sink, String tensor, long firstRow, Matrix rows) {
    sink.write(tensor, firstRow, rows);
    written.merge(tensor, rows.rows(), Long::sum);
  }

  /** Renames the files into place. */
  public void commit() {
    sinks.forEach(Sink::commit);
    outputs.commit();
  }

  /** Discards what was not committed. */
  @Override
  public void close() {
    try {
      sinks.forEach(Sink::close);
    } finally {
      outputs.close();
    }
  }
}
