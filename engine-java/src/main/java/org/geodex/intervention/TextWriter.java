package org.geodex.intervention;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.geodex.model.BertConfig;
import org.geodex.model.Generation;
import org.geodex.model.Infilling;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Sampling;
import org.geodex.model.Tokenizer;

/**
 * Writes texts with a model under a plan: GPT-2 continues, T5 answers, BERT and RoBERTa fill masks
 * behind the prompt.
 *
 * @param newTokens most tokens to add to each prompt
 * @param sampling how a token is chosen
 * @param gibbs BERT, RoBERTa: Gibbs sampling instead of mask–predict
 * @param iterations BERT, RoBERTa: rounds or sweeps
 * @param batch prompts that run together
 */
public record TextWriter(
    int newTokens, Sampling sampling, boolean gibbs, int iterations, int batch) {

  /** The method, for the result. */
  public String method(ModelConfig config) {
    if (config instanceof BertConfig) {
      return gibbs ? "gibbs" : "mask-predict";
    }
    return sampling.isGreedy() ? "greedy" : "sampling";
  }

  /** The tokens added to each prompt. */
  List<int[]> write(Model model, Tokenizer tokenizer, List<Prompt> prompts, long seed, Plan plan) {
    List<int[]> written = new ArrayList<>();
    ModelConfig config = model.config();
    LayerHook hook = plan.hook(seed);
    for (int from = 0; from < prompts.size(); from += batch) {
      int to = Math.min(from + batch, prompts.size());
      int[][] ids = prompts.subList(from, to).stream().map(Prompt::ids).toArray(int[][]::new);
      if (config instanceof BertConfig) {
        Integer mask = maskToken(config, tokenizer);
        Infilling infilling = new Infilling(newTokens, gibbs, iterations, sampling, seed, mask);
        written.addAll(infilling.run(model, ids, from, hook));
      } else {
        Set<Integer> ends = Set.copyOf(config.endTokens());
        Generation generation = new Generation(newTokens, sampling, seed, ends, true);
        written.addAll(generation.run(model, ids, from, hook));
      }
    }
    return written;
  }

  /** The mask token of BERT and RoBERTa; null for the others. */
  static Integer maskToken(ModelConfig config, Tokenizer tokenizer) {
    return config instanceof BertConfig ? tokenizer.id("[MASK]", "<mask>") : null;
  }
}
