package org.geodex.model;

import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.backend.transformer.Transformer;
import org.geodex.matrix.Matrix;

/** One run through one stack: where its hidden states and attention weights go, and its hook. */
final class Pass {
  private final Stack stack;
  private final int layers;
  private final int batch;
  private final int queries;
  private final int past;
  private final int width;
  private final Keep keep;
  private final LayerHook hook;
  private final Activations activations;
  private final Workspace workspace;

  /**
   * Starts a run.
   *
   * @param past tokens of each sequence that were read before and stand in a cache
   */
  Pass(
      Stack stack,
      int layers,
      int batch,
      int queries,
      int past,
      int width,
      Keep keep,
      LayerHook hook,
      Activations activations,
      Workspace workspace) {
    this.stack = stack;
    this.layers = layers;
    this.batch = batch;
    this.queries = queries;
    this.past = past;
    this.width = width;
    this.keep = keep;
    this.hook = hook;
    this.activations = activations;
    this.workspace = workspace;
  }

  int batch() {
    return batch;
  }

  int queries() {
    return queries;
  }

  /** Token rows of this pass. */
  long rows() {
    return (long) batch * queries;
  }

  /** A temporary with one row a token. */
  Matrix temporary(String name, int columns) {
    return workspace.matrix(stack + name, rows(), columns);
  }

  /** Where hidden state {@code i} is to be written: what the caller gets, or a temporary. */
  Matrix hidden(int i) {
    if (keep.layer(i)) {
      return activations.add(stack.hiddenName(i), batch, queries, width);
    }
    return i == layers ? temporary("last", width) : temporary("hidden" + i % 2, width);
  }

  /** Shows the residual stream after layer {@code i} to the hook. */
  void residual(int i, Matrix x) {
    if (hook != LayerHook.NONE) {
      hook.residual(new LayerHook.Site(stack, i, batch, queries, past + queries, 0, false), x);
    }
  }

  /** Attention of layer {@code i}, kept, counted and shown to the hook as asked. */
  void attention(Transformer ops, Attention a, int i, boolean cross, Matrix out) {
    LayerHook.Site site = new LayerHook.Site(stack, i, batch, queries, a.keys(), a.heads(), cross);
    boolean edits = hook.wantsAttention(site);
    Matrix weights = null;
    if (keep.attentions() && keep.layer(i)) {
      String name = cross ? "cross_attentions." + i : stack.attentionName(i);
      weights = activations.add(name, batch, a.heads(), queries, a.keys());
    } else if (edits) {
      weights = workspace.matrix(stack + "weights", rows() * a.heads(), a.keys());
    }
    AttentionStatistics statistics =
        keep.statistics() && !cross ? activations.addStatistics(stack, a.heads()) : null;
    ops.attention(a, edits ? null : out, weights, statistics);
    if (edits) {
      hook.attention(site, weights);
      ops.attentionValues(a, weights, out);
    }
  }
}
