package org.geodex.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.error.UsageException;
import org.geodex.model.ModelConfig;
import org.geodex.model.TokenBatch;
import org.geodex.model.Tokenizer;
import picocli.CommandLine.Option;

/** Text or token ids for a model, as a list of sequences. */
final class TokenInput {
  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = "UTF-8 text; a blank line ends a document.")
  Path text;

  @Option(
      names = "--input-ids",
      paramLabel = "FILE",
      description = "JSON with input_ids, attention_mask ..., each a list of lists.")
  Path inputIds;

  /**
   * The sequences, without padding, each at most {@code maxLength} tokens and what the model takes.
   */
  List<int[]> contexts(Path folder, ModelConfig config, int maxLength) {
    return contexts(table(folder, config, maxLength), config, maxLength);
  }

  /** The windows of a table as sequences. */
  static List<int[]> contexts(TokenTable table, ModelConfig config, int maxLength) {
    int window = window(config, maxLength);
    List<int[]> contexts = new ArrayList<>();
    for (TokenTable.Window part : table.windows()) {
      int length = Math.min(window, part.length());
      contexts.add(Arrays.copyOfRange(table.tokens(), part.first(), part.first() + length));
    }
    return contexts;
  }

  /** The tokens with their documents and sentences. */
  TokenTable table(Path folder, ModelConfig config, int maxLength) {
    int window = window(config, maxLength);
    return text == null ? TokenTable.of(TokenBatch.read(inputIds)) : read(folder, window);
  }

  private static int window(ModelConfig config, int maxLength) {
    if (maxLength < 1) {
      throw new UsageException("--max-length %d: expected at least 1", maxLength);
    }
    return config.limitedLength() ? Math.min(maxLength, config.maxLength()) : maxLength;
  }

  private TokenTable read(Path folder, int window) {
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      return TokenTable.of(TextDocuments.read(text), tokenizer, window);
    }
  }
}
