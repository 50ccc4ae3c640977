package org.geodex.model;

import java.util.ArrayList;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.Epilogue;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * BERT, RoBERTa and XLM-RoBERTa: x₀ = norm(token + type + position); x = norm(x + attention(x)); x
 * = norm(x + forward(x)) in every layer. Heads where the checkpoint has them: masked-token logits,
 * pooler, next-sentence logits.
 */
final class BertModel extends TransformerModel {
  private final BertConfig config;
  private final StoredMatrix tokens;
  private final StoredMatrix types;
  private final StoredMatrix positions;
  private final Norm embeddingNorm;
  private final List<Layer> layers = new ArrayList<>();
  private final Projection pooler;
  private final Projection nextSentence;
  private final Head head;

  private record Layer(
      Projection query,
      Projection key,
      Projection value,
      Projection output,
      Norm norm1,
      Projection up,
      Projection down,
      Norm norm2) {}

  /** Masked-token head: logits = norm(f(dense(x)))·Wᵀ + b. */
  private record Head(
      Projection dense, ActivationFunction function, Norm norm, Projection decoder) {}

  BertModel(BertConfig config, Checkpoint weights, Backend backend) {
    super(weights, backend);
    this.config = config;
    int d = config.width();
    String own = config.modelType().equals("bert") ? "bert." : "roberta.";
    String prefix = weights.has(own + "embeddings.word_embeddings.weight") ? own : "";
    String embeddings = prefix + "embeddings.";
    tokens = weights.matrix(embeddings + "word_embeddings.weight", config.vocabulary(), d);
    types = weights.matrix(embeddings + "token_type_embeddings.weight", config.types(), d);
    positions = weights.matrix(embeddings + "position_embeddings.weight", config.positions(), d);
    embeddingNorm = layerNorm(embeddings + "LayerNorm", d, config.epsilon());
    for (int i = 0; i < config.layers(); i++) {
      layers.add(layer(prefix + "encoder.layer." + i + "."));
    }
    pooler = optional(prefix + "pooler.dense", d, d);
    nextSentence = optional("cls.seq_relationship", d, 2);
    head = config.modelType().equals("bert") ? bertHead() : robertaHead();
  }

  private Layer layer(String name) {
    int d = config.width();
    double epsilon = config.epsilon();
    return new Layer(
        linear(name + "attention.self.query", d, d),
        linear(name + "attention.self.key", d, d),
        linear(name + "attention.self.value", d, d),
        linear(name + "attention.output.dense", d, d),
        layerNorm(name + "attention.output.LayerNorm", d, epsilon),
        linear(name + "intermediate.dense", d, config.inner()),
        linear(name + "output.dense", config.inner(), d),
        layerNorm(name + "output.LayerNorm", d, epsilon));
  }

  private Projection optional(String name, int inputs, int outputs) {
    return weights.has(name + ".weight") ? linear(name, inputs, outputs) : null;
  }

  private Head bertHead() {
    String transform = "cls.predictions.transform.";
    if (!weights.has(transform + "dense.weight")) {
      return null;
    }
    int d = config.width();
    return new Head(
        linear(transform + "dense", d, d),
        config.function(),
        layerNorm(transform + "LayerNorm", d, config.epsilon()),
        decoder("cls.predictions.decoder", "cls.predictions.bias"));
  }

  private Head robertaHead() {
    if (!weights.has("lm_head.dense.weight")) {
      return null;
    }
    int d = config.width();
    return new Head(
        linear("lm_head.dense", d, d),
        ActivationFunction.GELU,
        layerNorm("lm_head.layer_norm", d, config.epsilon()),
        decoder("lm_head.decoder", "lm_head.bias"));
  }

  /** The matrix and its bias, which some checkpoints repeat under the decoder's own name. */
  private Projection decoder(String name, String bias) {
    int vocabulary = config.vocabulary();
    StoredMatrix matrix =
        config.tied() ? tokens : weights.matrix(name + ".weight", vocabulary, config.width());
    String stored = weights.firstOf(bias, name + ".bias");
    return new Projection(matrix, true, vector(stored, vocabulary));
  }

  @Override
  public BertConfig config() {
    return config;
  }

  /** Whether the checkpoint has a masked-token head. */
  boolean hasHead() {
    return head != null;
  }

  @Override
  public Activations forward(TokenBatch batch, Keep keep, LayerHook hook) {
    checkTokens(batch);
    checkLayers(keep, batch);
    Activations result = new Activations(backend);
    try {
      Pass pass =
          new Pass(
              Stack.ONLY,
              config.layers(),
              batch.size(),
              batch.length(),
              0,
              config.width(),
              keep,
              hook,
              result,
              workspace);
      Matrix last = run(batch, pass);
      if (keep.heads() && head != null) {
        addLogits(last, pass, keep, result, this::logits);
      }
      if (keep.pooled() && pooler != null) {
        pooled(batch, keep, last, result);
      }
      return result;
    } catch (Throwable e) {
      result.close();
      throw e;
    }
  }

  @Override
  public Decoding decode(int[][] prompts, int newTokens, boolean cache, LayerHook hook) {
    throw new InputException(
        "%s: a %s does not continue text; it fills masks", folder(), config.modelType());
  }

  private Matrix run(TokenBatch batch, Pass pass) {
    Matrix x = pass.hidden(0);
    embed(batch, pass, x);
    pass.residual(0, x);
    float[] mask = keyMask(batch.attentionMask());
    for (int i = 0; i < config.layers(); i++) {
      Matrix next = pass.hidden(i + 1);
      layer(i, x, mask, pass, next);
      pass.residual(i + 1, next);
      x = next;
    }
    return x;
  }

  private void embed(TokenBatch batch, Pass pass, Matrix x) {
    int[][] places = batch.positionIds();
    if (places == null) {
      places =
          config.countsFromPadding()
              ? countedFromPadding(batch.inputIds())
              : places(batch.size(), batch.length());
    }
    TokenBatch.checkRange("position_ids", places, config.positions(), "max_position_embeddings");
    int[] type = new int[batch.size() * batch.length()];
    if (batch.tokenTypeIds() != null) {
      TokenBatch.checkRange(
          "token_type_ids", batch.tokenTypeIds(), config.types(), "type_vocab_size");
      type = flat(batch.tokenTypeIds());
    }
    Matrix sum = pass.temporary("normed", config.width());
    ops.embed(
        new StoredMatrix[] {tokens, types, positions},
        new int[][] {flat(batch.inputIds()), type, flat(places)},
        sum);
    ops.norm(sum, embeddingNorm, x);
  }

  /** padding id + 1, + 2 … over the tokens that are not padding, whose own position is its id. */
  private int[][] countedFromPadding(int[][] ids) {
    int pad = config.padToken();
    int[][] places = new int[ids.length][ids[0].length];
    for (int i = 0; i < ids.length; i++) {
      int next = pad + 1;
      for (int j = 0; j < ids[i].length; j++) {
        places[i][j] = ids[i][j] == pad ? pad : next++;
      }
    }
    return places;
  }

  private void layer(int i, Matrix x, float[] mask, Pass pass, Matrix next) {
    Layer layer = layers.get(i);
    int d = config.width();
    Matrix q = pass.temporary("query", d);
    Matrix k = pass.temporary("key", d);
    Matrix v = pass.temporary("value", d);
    Matrix context = pass.temporary("context", d);
    Matrix sum = pass.temporary("normed", d);
    Matrix middle = pass.temporary("middle", d);
    Matrix inner = pass.temporary("inner", config.inner());
    ops.linear(x, layer.query(), Epilogue.NONE, q);
    ops.linear(x, layer.key(), Epilogue.NONE, k);
    ops.linear(x, layer.value(), Epilogue.NONE, v);
    pass.attention(ops, attention(q, k, v, mask, pass), i, false, context);
    ops.linear(context, layer.output(), Epilogue.plus(x), sum);
    ops.norm(sum, layer.norm1(), middle);
    ops.linear(middle, layer.up(), Epilogue.of(config.function()), inner);
    ops.linear(inner, layer.down(), Epilogue.plus(middle), sum);
    ops.norm(sum, layer.norm2(), next);
  }

  private Attention attention(Matrix q, Matrix k, Matrix v, float[] mask, Pass pass) {
    int headSize = config.width() / config.heads();
    return new Attention(
        pass.batch(),
        pass.queries(),
        pass.queries(),
        pass.queries(),
        config.heads(),
        headSize,
        1 / Math.sqrt(headSize),
        false,
        Heads.of(q),
        Heads.of(k),
        Heads.of(v),
        mask,
        null);
  }

  private void logits(Matrix last, Matrix logits) {
    Matrix dense = workspace.matrix("dense", last.rows(), config.width());
    ops.linear(last, head.dense(), Epilogue.of(head.function()), dense);
    ops.norm(dense, head.norm(), dense);
    ops.linear(dense, head.decoder(), Epilogue.NONE, logits);
  }

  private void pooled(TokenBatch batch, Keep keep, Matrix last, Activations result) {
    int d = config.width();
    Matrix first = workspace.matrix("first", batch.size(), d);
    ops.gather(last, 0, batch.length(), first);
    Matrix pooled = result.add("pooler_output", batch.size(), d);
    ops.linear(first, pooler, Epilogue.of(ActivationFunction.TANH), pooled);
    if (keep.heads() && nextSentence != null) {
      Matrix logits = result.add("seq_relationship_logits", batch.size(), 2);
      ops.linear(pooled, nextSentence, Epilogue.NONE, logits);
    }
  }
}
