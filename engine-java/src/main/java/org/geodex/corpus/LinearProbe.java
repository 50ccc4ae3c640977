package org.geodex.corpus;

import java.util.Arrays;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.sgd.linear.LinearSGDTrainer;
import org.tribuo.classification.sgd.objectives.LogMulticlass;
import org.tribuo.impl.ArrayExample;
import org.tribuo.math.optimisers.AdaGrad;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/**
 * How much of a known label a layer holds in linear form: the held-out accuracy of a multinomial
 * logistic regression (Tribuo's, AdaGrad, seeded) from rows of activations to the label.
 *
 * <p>Rows are split by document, one document in five held out, so that no row of a test document
 * was trained on. Columns are standardized by the training rows. Of more than {@link #MAX_ROWS}
 * rows on a side, evenly spaced ones are taken, for the two sides alike at every layer. Accuracy
 * compares with {@code majority}, what always naming the commonest training label gets.
 *
 * <p>Same input, same result: the training is sequential.
 */
public final class LinearProbe {
  /** Most rows trained on, and most rows tested. */
  public static final int MAX_ROWS = 4000;

  /** Held strongly: the library says every training at its INFO level, on stderr. */
  private static final Logger LIBRARY = Logger.getLogger("org.tribuo");

  static {
    LIBRARY.setLevel(Level.WARNING);
  }

  private static final int HELD_OUT = 5;
  private static final int EPOCHS = 8;
  private static final int BATCH = 16;

  private final int[] labels;
  private final int[] training;
  private final int[] testing;
  private final long seed;

  /**
   * Result of one probe.
   *
   * @param accuracy share of held-out rows whose label is named
   * @param majority the same for the commonest training label
   * @param standardError of the accuracy, √(a(1−a)/n): rows of one document are not independent, so
   *     a lower bound
   */
  public record Accuracy(double accuracy, double majority, double standardError, int testRows) {}

  /**
   * Plans a probe of rows that are the same tokens at every layer.
   *
   * @param labels label of each row, negative for a row to leave out (a special token)
   * @param documents document of each row
   * @throws InputException when fewer than {@value #HELD_OUT} documents have labelled rows
   */
  public LinearProbe(int[] labels, int[] documents, long seed) {
    if (labels.length != documents.length) {
      throw new IllegalArgumentException(
          "%d labels, %d documents".formatted(labels.length, documents.length));
    }
    this.labels = labels;
    this.seed = seed;
    training = rows(documents, false);
    testing = rows(documents, true);
    if (training.length == 0 || testing.length == 0) {
      throw new InputException(
          "a probe holds out one document in %d, the labelled rows are of too few", HELD_OUT);
    }
  }

  private int[] rows(int[] documents, boolean heldOut) {
    int[] ranks = ranks(documents);
    int[] all =
        java.util.stream.IntStream.range(0, labels.length)
            .filter(i -> labels[i] >= 0 && heldOut == (ranks[i] % HELD_OUT == HELD_OUT - 1))
            .toArray();
    int n = Math.min(all.length, MAX_ROWS);
    int[] taken = new int[n];
    Arrays.setAll(taken, i -> all[(int) ((long) i * all.length / n)]);
    return taken;
  }

  /** Rank of each row's document among those that have a labelled row. */
  private int[] ranks(int[] documents) {
    int[] present =
        java.util.stream.IntStream.range(0, labels.length)
            .filter(i -> labels[i] >= 0)
            .map(i -> documents[i])
            .distinct()
            .sorted()
            .toArray();
    return Arrays.stream(documents).map(d -> Math.abs(Arrays.binarySearch(present, d))).toArray();
  }

  /** A trained probe; one thread at a time. */
  @FunctionalInterface
  public interface Trained {
    /** The label that the probe names for a row of activations. */
    int label(double[] row);
  }

  /** Trains on one layer's rows. */
  public Trained train(Matrix activations) {
    Objects.checkIndex(labels.length - 1, activations.intRows());
    Rows rows = new Rows(activations);
    Model<Label> model = train(rows);
    return row -> Integer.parseInt(model.predict(rows.example(row, 0)).getOutput().getLabel());
  }

  private Model<Label> train(Rows rows) {
    LabelFactory factory = new LabelFactory();
    MutableDataset<Label> data =
        new MutableDataset<>(new SimpleDataSourceProvenance("activations", factory), factory);
    for (int row : training) {
      data.add(rows.example(row));
    }
    LinearSGDTrainer trainer =
        new LinearSGDTrainer(new LogMulticlass(), new AdaGrad(0.1), EPOCHS, -1, BATCH, seed);
    return trainer.train(data);
  }

  /** Trains on one layer's rows and tests. */
  public Accuracy accuracy(Matrix activations) {
    Trained probe = train(activations);
    double[] row = new double[activations.columns()];
    int right = 0;
    for (int i : testing) {
      activations.copyRow(i, row);
      right += probe.label(row) == labels[i] ? 1 : 0;
    }
    double accuracy = right / (double) testing.length;
    double error = Math.sqrt(accuracy * (1 - accuracy) / testing.length);
    return new Accuracy(accuracy, majority(), error, testing.length);
  }

  private double majority() {
    int[] counts = new int[Arrays.stream(labels).max().orElse(0) + 1];
    for (int row : training) {
      counts[labels[row]]++;
    }
    int commonest = 0;
    for (int label = 1; label < counts.length; label++) {
      commonest = counts[label] > counts[commonest] ? label : commonest;
    }
    int right = 0;
    for (int row : testing) {
      right += labels[row] == commonest ? 1 : 0;
    }
    return right / (double) testing.length;
  }

  /** Standardized rows as the library's examples. */
  private final class Rows {
    private final Matrix matrix;
    private final String[] names;
    private final double[] mean;
    private final double[] scale;
    private final double[] row;

    Rows(Matrix matrix) {
      this.matrix = matrix;
      int d = matrix.columns();
      names = new String[d];
      Arrays.setAll(names, j -> "%05d".formatted(j));
      mean = new double[d];
      scale = new double[d];
      row = new double[d];
      for (int i : training) {
        matrix.copyRow(i, row);
        for (int j = 0; j < d; j++) {
          mean[j] += row[j] / training.length;
        }
      }
      for (int i : training) {
        matrix.copyRow(i, row);
        for (int j = 0; j < d; j++) {
          scale[j] += (row[j] - mean[j]) * (row[j] - mean[j]) / training.length;
        }
      }
      for (int j = 0; j < d; j++) {
        scale[j] = scale[j] > 0 ? 1 / Math.sqrt(scale[j]) : 0;
      }
    }

    ArrayExample<Label> example(int i) {
      matrix.copyRow(i, row);
      return example(row, labels[i]);
    }

    ArrayExample<Label> example(double[] x, int label) {
      double[] values = new double[x.length];
      for (int j = 0; j < values.length; j++) {
        values[j] = (x[j] - mean[j]) * scale[j];
      }
      return new ArrayExample<>(new Label(Integer.toString(label)), names.clone(), values);
    }
  }
}
