package org.geodex.model;

/** A stack of layers: the only one of GPT-2, BERT and RoBERTa, or T5's encoder or decoder. */
public enum Stack {
  ONLY("", ""),
  ENCODER("encoder_", "encoder "),
  DECODER("decoder_", "decoder ");

  private final String prefix;
  private final String words;

  Stack(String prefix, String words) {
    this.prefix = prefix;
    this.words = words;
  }

  /** Name of the hidden states that enter layer {@code i}, or leave the last one. */
  public String hiddenName(int i) {
    return prefix + "hidden_states." + i;
  }

  /** Name of the self-attention weights of layer {@code i}. */
  public String attentionName(int i) {
    return prefix + "attentions." + i;
  }

  /** For a sentence: {@code ""}, {@code "encoder "} or {@code "decoder "}. */
  public String words() {
    return words;
  }
}
