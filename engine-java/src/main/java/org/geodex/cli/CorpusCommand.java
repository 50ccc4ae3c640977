package org.geodex.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.corpus.Corpus;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code geodex corpus}: text of the language with known structure, and its labels. */
@Command(
    name = "corpus",
    mixinStandardHelpOptions = true,
    description = {
      "Writes text of a language whose structure is known, and its labels.",
      "DIR/text.txt: one document a paragraph, an empty line between. DIR/labels.arrow: one row",
      "per word with its document, sentence, byte in the text, word class, sentence frame, topic,",
      "discourse role, entity, head and depth in the dependency tree, and its share of the",
      "document's exact -ln p in nats. Same seed, same bytes."
    },
    footer = {"", "Example: geodex corpus --documents 1000 --seed 1 --out corpus"})
final class CorpusCommand extends GeodexCommand {
  @Option(
      names = "--documents",
      required = true,
      paramLabel = "N",
      description = "Documents to write, each about 84 words, 390 bytes.")
  long documents;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to.")
  Path out;

  @Option(names = "--no-labels", description = "Write the text alone.")
  boolean noLabels;

  @Override
  Map<String, Object> run(Backend backend) {
    if (documents < 1 || documents > Integer.MAX_VALUE) {
      throw new UsageException("--documents %d: expected 1 to %,d", documents, Integer.MAX_VALUE);
    }
    try (AtomicOutputs outputs = AtomicOutputs.open();
        Progress progress = progress("corpus", documents)) {
      outputs.folder(out);
      Path text = outputs.file(out.resolve("text.txt"));
      Path labels = noLabels ? null : outputs.file(out.resolve("labels.arrow"));
      Corpus.Summary summary =
          new Corpus(common.seed, documents)
              .write(backend.parallel(), text, labels, progress::step);
      outputs.commit();
      return json(summary);
    }
  }

  private static Map<String, Object> json(Corpus.Summary summary) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("documents", summary.documents());
    result.put("sentences", summary.sentences());
    result.put("words", summary.words());
    result.put("bytes", summary.bytes());
    result.put("nats", summary.nats());
    result.put("entropy_rate", summary.entropyRate());
    result.put("entropy_rate_standard_error", summary.standardError());
    result.put("unit", "nats per word, a document's end counted as one");
    return result;
  }
}
