package org.geodex.model;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.backend.Parallel;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.backend.transformer.Transformer;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/** What the four families share: weights by name, embeddings, masks, checks. */
abstract sealed class TransformerModel implements Model permits Gpt2Model, BertModel, T5Model {
  /** Token rows of one embedding task. */
  private static final int EMBEDDING_ROWS = 64;

  final Checkpoint weights;
  final Transformer ops;
  final Workspace workspace = new Workspace();
  private final Parallel parallel;

  TransformerModel(Checkpoint weights, Backend backend) {
    this.weights = weights;
    this.ops = backend.transformer();
    this.parallel = backend.parallel();
  }

  @Override
  public Path folder() {
    return weights.folder();
  }

  /** A linear layer [out,in] with its bias. */
  Projection linear(String name, int inputs, int outputs) {
    return new Projection(
        weights.matrix(name + ".weight", outputs, inputs),
        true,
        weights.vector(name + ".bias", outputs));
  }

  /** A layer norm; old checkpoints say gamma and beta. */
  Norm layerNorm(String name, int width, double epsilon) {
    String gain = weights.firstOf(name + ".weight", name + ".gamma");
    String bias = weights.firstOf(name + ".bias", name + ".beta");
    return new Norm(weights.vector(gain, width), weights.vector(bias, width), epsilon, false);
  }

  /**
   * Sums of table rows: out[i] = Σ tables[t][ids[t][i]], in the order of the tables.
   *
   * @param ids one row of indices a table, each with one entry a row of {@code out}
   */
  void embed(StoredMatrix[] tables, int[][] ids, Matrix out) {
    int d = out.columns();
    parallel.forEach(
        Math.ceilDiv(out.rows(), (long) EMBEDDING_ROWS),
        task -> {
          float[] sum = new float[d];
          float[] row = new float[d];
          long to = Math.min(out.rows(), (task + 1) * EMBEDDING_ROWS);
          for (long i = task * EMBEDDING_ROWS; i < to; i++) {
            tables[0].copyRow(ids[0][(int) i], sum);
            for (int t = 1; t < tables.length; t++) {
              tables[t].copyRow(ids[t][(int) i], row);
              for (int j = 0; j < d; j++) {
                sum[j] += row[j];
              }
            }
            out.setRow(i, sum);
          }
        });
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

  void checkTokens(TokenBatch batch) {
    TokenBatch.checkRange("input_ids", batch.inputIds(), config().vocabulary(), "vocab_size");
    if (config().limitedLength() && batch.length() > config().maxLength()) {
      throw new InputException(
          "input_ids has %d tokens in a row, the model takes at most %d",
          batch.length(), config().maxLength());
    }
  }

  void checkLayers(Keep keep) {
    if (keep.layers() == null) {
      return;
    }
    int last = Math.max(config().layers(), config().decoderLayers());
    for (int layer : keep.layers()) {
      if (layer < 0 || layer > last) {
        throw new InputException("layer %d: the model has hidden states 0 … %d", layer, last);
      }
    }
  }

  /** Rows {@code first}, {@code first + step} … of x. */
  static void gather(Matrix x, long first, long step, Matrix out) {
    long bytes = 4L * x.columns();
    for (long i = 0; i < out.rows(); i++) {
      MemorySegment.copy(
          x.segment(), x.offset(first + i * step), out.segment(), out.offset(i), bytes);
    }
  }

  @Override
  public void close() {
    workspace.close();
    weights.close();
  }
}
