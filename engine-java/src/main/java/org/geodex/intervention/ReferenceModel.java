package org.geodex.intervention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.geodex.activation.ActivationRun;
import org.geodex.activation.Pooling;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.corpus.Corpus;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.LinearProbe;
import org.geodex.matrix.Matrix;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Tokenizer;

/**
 * The unmodified model as a reader of what was written: how likely it finds a text, and how the
 * text's sentences lie to each other in its middle hidden state ⌈L/2⌉, of T5 the encoder's.
 */
final class ReferenceModel {
  private static final int BATCH = 16;
  private static final long TOPIC_SEED = 3001;
  private static final int TOPIC_DOCUMENTS = 250;

  private final Model model;
  private final Tokenizer tokenizer;
  private final Backend backend;
  private final NextTokens next;
  private final int state;
  private final double[] mean;
  private final LinearProbe.Trained topics;

  /**
   * Prepares.
   *
   * @param documents text whose mean token row is the origin of the cosines
   * @param language whether the texts are of the demo's language, whose topics a probe can name
   */
  ReferenceModel(
      Model model, Tokenizer tokenizer, Backend backend, List<String> documents, boolean language) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.backend = backend;
    this.next = new NextTokens(model, TextWriter.maskToken(model.config(), tokenizer), false);
    this.state = (model.config().layers() + 1) / 2;
    this.mean = mean(documents);
    this.topics = language ? topicProbe() : null;
  }

  private double[] mean(List<String> documents) {
    double[] sum = new double[model.config().width()];
    double[] row = new double[sum.length];
    TokenTable table = TokenTable.of(documents, tokenizer, model.config().maxLength());
    forEachWindow(
        table,
        (window, x) -> {
          for (int i = 0; i < x.intRows(); i++) {
            x.copyRow(i, row);
            for (int j = 0; j < sum.length; j++) {
              sum[j] += row[j] / table.rows();
            }
          }
        });
    return sum;
  }

  /** Takes the rows of one window. */
  private interface WindowRows {
    void accept(TokenTable.Window window, Matrix rows);
  }

  private void forEachWindow(TokenTable table, WindowRows rows) {
    String name = model.config().reader().hiddenName(state);
    new ActivationRun(model, table, Keep.layers(state), LayerHook.NONE, BATCH, backend)
        .forEach(
            batch -> {
              for (int w = 0; w < batch.windows().size(); w++) {
                rows.accept(batch.windows().get(w), batch.rows(name, w));
              }
            });
  }

  private LinearProbe.Trained topicProbe() {
    List<LabelledDocument> documents = new Corpus(TOPIC_SEED, TOPIC_DOCUMENTS).documents();
    List<double[][]> sentences = sentences(documents.stream().map(LabelledDocument::text).toList());
    int rows = sentences.stream().mapToInt(s -> s.length).sum();
    int[] labels = new int[rows];
    int[] of = new int[rows];
    try (Matrix.Owned x = Matrix.allocate(rows, mean.length)) {
      int row = 0;
      for (int d = 0; d < sentences.size(); d++) {
        for (double[] sentence : sentences.get(d)) {
          labels[row] = documents.get(d).topic();
          of[row] = d;
          for (int j = 0; j < sentence.length; j++) {
            x.set(row, j, (float) sentence[j]);
          }
          row++;
        }
      }
      return new LinearProbe(labels, of, TOPIC_SEED).train(x);
    }
  }

  /** For every text the mean rows of its finished sentences. */
  private List<double[][]> sentences(List<String> texts) {
    List<String> read = new ArrayList<>();
    List<Integer> owner = new ArrayList<>();
    for (int t = 0; t < texts.size(); t++) {
      String finished = String.join(" ", TextMeasures.sentences(texts.get(t)));
      if (!finished.isEmpty()) {
        read.add(finished);
        owner.add(t);
      }
    }
    double[][][] all = new double[texts.size()][0][];
    if (!read.isEmpty()) {
      TokenTable table = TokenTable.of(read, tokenizer, model.config().maxLength());
      try (Matrix.Owned rows = Matrix.allocate(table.rows(), mean.length)) {
        forEachWindow(
            table,
            (window, x) ->
                rows.rows(window.first(), window.first() + window.length())
                    .segment()
                    .copyFrom(x.reading()));
        split(table, rows, owner, all);
      }
    }
    return List.of(all);
  }

  private static void split(TokenTable table, Matrix rows, List<Integer> owner, double[][][] all) {
    int[] groups = Pooling.sentences(table);
    int count = groups[groups.length - 1] + 1;
    int[] document = new int[count];
    for (int i = 0; i < groups.length; i++) {
      document[groups[i]] = table.documents()[i];
    }
    try (Matrix.Owned means = Pooling.mean(rows, groups, count)) {
      for (int g = 0; g < count; ) {
        int end = g;
        while (end < count && document[end] == document[g]) {
          end++;
        }
        double[][] vectors = new double[end - g][means.columns()];
        for (int s = g; s < end; s++) {
          means.copyRow(s, vectors[s - g]);
        }
        all[owner.get(document[g])] = vectors;
        g = end;
      }
    }
  }

  /** Adds coherence, and topic consistency where topics are known, to the measures of each text. */
  void coherence(List<String> texts, List<Map<Measure, Double>> measures) {
    List<double[][]> sentences = sentences(texts);
    for (int t = 0; t < texts.size(); t++) {
      double[][] vectors = sentences.get(t);
      if (topics != null) {
        measures.get(t).put(Measure.TOPIC_CONSISTENCY, topicConsistency(vectors));
      }
      measures.get(t).put(Measure.COHERENCE, coherence(vectors));
    }
  }

  private double coherence(double[][] vectors) {
    return IntStream.range(1, vectors.length)
        .mapToDouble(i -> cosine(vectors[i - 1], vectors[i]))
        .average()
        .orElse(Double.NaN);
  }

  private double cosine(double[] a, double[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int j = 0; j < a.length; j++) {
      ab += (a[j] - mean[j]) * (b[j] - mean[j]);
      aa += (a[j] - mean[j]) * (a[j] - mean[j]);
      bb += (b[j] - mean[j]) * (b[j] - mean[j]);
    }
    return ab / Math.sqrt(aa * bb);
  }

  private double topicConsistency(double[][] vectors) {
    Map<Integer, Integer> counts = new HashMap<>();
    for (double[] vector : vectors) {
      counts.merge(topics.label(vector), 1, Integer::sum);
    }
    int commonest = counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    return vectors.length == 0 ? Double.NaN : (double) commonest / vectors.length;
  }

  /** exp of the mean −ln p of each passage's tokens; NaN for a passage of none. */
  double[] perplexity(List<Passage> passages) {
    double[] values = new double[passages.size()];
    Arrays.fill(values, Double.NaN);
    // Passages of like length are read together, so that little is padded.
    int[] present =
        IntStream.range(0, values.length)
            .filter(i -> passages.get(i).tokens().length > 0)
            .boxed()
            .sorted(Comparator.comparingInt(i -> passages.get(i).length()))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int from = 0; from < present.length; from += BATCH) {
      int[] some = Arrays.copyOfRange(present, from, Math.min(from + BATCH, present.length));
      List<Passage> batch = Arrays.stream(some).mapToObj(passages::get).toList();
      try (Matrix.Owned logits = next.logits(batch, Plan.NONE, 0, 0)) {
        long row = 0;
        for (int i : some) {
          int[] tokens = passages.get(i).tokens();
          values[i] = perplexity(logits, row, tokens);
          row += tokens.length;
        }
      }
    }
    return values;
  }

  private static double perplexity(Matrix logits, long first, int[] tokens) {
    double[] row = new double[logits.columns()];
    double sum = 0;
    for (int i = 0; i < tokens.length; i++) {
      logits.copyRow(first + i, row);
      sum += Dose.logSumExp(row) - row[tokens[i]];
    }
    return Math.exp(sum / tokens.length);
  }
}
