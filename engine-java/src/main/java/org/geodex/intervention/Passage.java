package org.geodex.intervention;

/**
 * Tokens to be predicted and what stands around them.
 *
 * @param before tokens in front; of T5 what the encoder reads
 * @param tokens to be predicted
 * @param after tokens behind, such as [SEP]; only BERT and RoBERTa look at them
 */
record Passage(int[] before, int[] tokens, int[] after) {
  int length() {
    return before.length + tokens.length + after.length;
  }
}
