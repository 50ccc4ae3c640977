package org.geodex.intervention;

import java.util.List;
import java.util.SortedSet;
import org.geodex.error.UsageException;
import org.geodex.model.LayerHook;
import org.geodex.model.ModelConfig;
import org.geodex.model.Stack;

/**
 * One change to the layers of one scale.
 *
 * @param kind what it does
 * @param alpha its number, see {@link Kind}
 * @param states hidden states it acts on: 0 is what enters the first layer, i what leaves layer i.
 *     On attention it acts in the layers that make these states, so state 0 has none
 * @param decoder of T5: the decoder's layers instead of the encoder's; not looked at otherwise
 * @param direction for {@link Kind#TRANSLATE}, else null
 * @param heads for {@link Kind#REMOVE_HEADS}, counted from 0; else empty
 * @param span for {@link Kind#ATTENTION_SPAN}, tokens; else 0
 */
public record Intervention(
    Kind kind,
    double alpha,
    SortedSet<Integer> states,
    boolean decoder,
    Direction direction,
    List<Integer> heads,
    int span) {

  public Intervention {
    kind.check(alpha);
    if ((kind == Kind.TRANSLATE) != (direction != null)) {
      throw new UsageException(
          "%s: a direction goes with translate, and translate needs one", kind);
    }
    if ((kind == Kind.REMOVE_HEADS) == heads.isEmpty()) {
      throw new UsageException(
          "%s: heads go with remove-heads, and remove-heads needs at least one", kind);
    }
    if (span < 0 || (span > 0 && kind != Kind.ATTENTION_SPAN)) {
      throw new UsageException("%s: span %d: 0 or more, and for attention-span", kind, span);
    }
  }

  /** The same with another number. */
  public Intervention withAlpha(double value) {
    return new Intervention(kind, value, states, decoder, direction, heads, span);
  }

  /** Whether it changes anything. */
  boolean acts() {
    return alpha != kind.identity();
  }

  /** Whether it acts where a hook is called; {@code state} counts as the hidden states do. */
  boolean actsAt(LayerHook.Site site, int state) {
    boolean thisStack = site.stack() == Stack.ONLY || decoder == (site.stack() == Stack.DECODER);
    return thisStack && !site.cross() && states.contains(state);
  }

  /**
   * Checks it against a model.
   *
   * @throws UsageException for a layer or head that the model does not have
   */
  void check(ModelConfig config) {
    if (decoder && config.decoderLayers() == 0) {
      throw new UsageException("stack decoder: a %s has one stack only", config.modelType());
    }
    int last = decoder ? config.decoderLayers() : config.layers();
    int first = kind.onAttention() ? 1 : 0;
    if (states.isEmpty()) {
      throw new UsageException("%s: no layers, expected at least one", kind);
    }
    if (states.first() < 0 || states.last() > last) {
      throw new UsageException(
          "%s: layer %d does not exist, the model has hidden states 0 to %d",
          kind, states.first() < 0 ? states.first() : states.last(), last);
    }
    if (states.last() < first) {
      throw new UsageException(
          "%s: hidden state 0 has no attention, expected layers from 1 on", kind);
    }
    for (int head : heads) {
      if (head < 0 || head >= config.heads()) {
        throw new UsageException(
            "remove-heads: head %d does not exist, the model has heads 0 to %d",
            head, config.heads() - 1);
      }
    }
  }
}
