package org.geodex.model;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.BiConsumer;
import org.geodex.backend.Backend;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.backend.transformer.Transformer;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/** What the four families share: weights by name, embeddings, masks, checks. */
abstract sealed class TransformerModel implements Model permits Gpt2Model, BertModel, T5Model {
  final Checkpoint weights;
  final Transformer ops;
  final Workspace workspace;
  final Backend backend;

  TransformerModel(Checkpoint weights, Backend backend) {
    this.weights = weights;
    this.backend = backend;
    this.ops = backend.transformer();
    this.workspace = new Workspace(backend);
  }

  /** A vector of {@code n} values [1,n] where the backend computes. */
  Matrix vector(String name, int n) {
    return weights.vector(name, n, backend);
  }

  @Override
  public Path folder() {
    return weights.folder();
  }

  /** A linear layer [out,in] with its bias. */
  Projection linear(String name, int inputs, int outputs) {
    return new Projection(
        weights.matrix(name + ".weight", outputs, inputs), true, vector(name + ".bias", outputs));
  }

  /** A layer norm; old checkpoints say gamma and beta. */
  Norm layerNorm(String name, int width, double epsilon) {
    String gain = weights.firstOf(name + ".weight", name + ".gamma");
    String bias = weights.firstOf(name + ".bias", name + ".beta");
    return new Norm(vector(gain, width), vector(bias, width), epsilon, false);
  }

  /**
   * The head over tokens: {@code lm_head} or the embedding. Null where the file holds none, which
   * is an error for whoever asks for logits alone.
   *
   * @param own the head is not the embedding
   */
  final Projection head(boolean own, StoredMatrix embedding, int width) {
    String name = "lm_head.weight";
    if (own && !weights.has(name)) {
      return null;
    }
    return new Projection(
        own ? weights.matrix(name, config().vocabulary(), width) : embedding, true, null);
  }

  final void requireHead(Projection head) {
    if (head == null) {
      throw new InputException(
          "%s: has no head that predicts tokens (no tensor lm_head.weight)", folder());
    }
  }

  /** The rows one after the other. */
  static int[] flat(int[][] rows) {
    return Arrays.stream(rows).flatMapToInt(Arrays::stream).toArray();
  }

  /** 0 for a token and −∞ for padding; null when nothing is padded. */
  static float[] keyMask(int[][] mask) {
    if (mask == null) {
      return null;
    }
    int[] flags = flat(mask);
    float[] added = new float[flags.length];
    boolean padded = false;
    for (int i = 0; i < flags.length; i++) {
      padded |= flags[i] == 0;
      added[i] = flags[i] == 0 ? Float.NEGATIVE_INFINITY : 0;
    }
    return padded ? added : null;
  }

  /** The same places 0 … length − 1 in every sequence. */
  static int[][] places(int batch, int length) {
    int[] row = new int[length];
    Arrays.setAll(row, i -> i);
    int[][] rows = new int[batch][];
    Arrays.fill(rows, row);
    return rows;
  }

  /**
   * Adds the logits that are asked for.
   *
   * @param last rows that the head reads
   * @param head from rows to their logits
   */
  final void addLogits(
      Matrix last, Pass pass, Keep keep, Activations result, BiConsumer<Matrix, Matrix> head) {
    int vocabulary = config().vocabulary();
    if (keep.logitRows() == null) {
      head.accept(last, result.add("logits", pass.batch(), pass.queries(), vocabulary));
      return;
    }
    try (Matrix.Owned asked = last.gather(keep.logitRows())) {
      head.accept(asked, result.add("logits", asked.rows(), vocabulary));
    }
  }

  void checkTokens(TokenBatch batch) {
    TokenBatch.checkRange("input_ids", batch.inputIds(), config().vocabulary(), "vocab_size");
    if (config().limitedLength() && batch.length() > config().maxLength()) {
      throw new InputException(
          "input_ids has %d tokens in a row, the model takes at most %d",
          batch.length(), config().maxLength());
    }
    if (batch.decoderInputIds() != null && !decodes()) {
      throw new InputException("decoder_input_ids: this checkpoint has no decoder");
    }
  }

  /** A layer of the decoder needs tokens for it. */
  void checkLayers(Keep keep, TokenBatch batch) {
    if (keep.layers() == null) {
      return;
    }
    int decoderLayers = batch.decoderInputIds() == null ? 0 : config().decoderLayers();
    int last = Math.max(config().layers(), decoderLayers);
    for (int layer : keep.layers()) {
      if (layer < 0 || layer > last) {
        throw new InputException("layer %d: the model has hidden states 0 … %d", layer, last);
      }
    }
  }

  @Override
  public void close() {
    workspace.close();
    weights.close();
  }
}
