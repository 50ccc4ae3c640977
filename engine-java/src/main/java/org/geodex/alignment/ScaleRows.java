package org.geodex.alignment;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.geodex.activation.LayerStates;
import org.geodex.activation.Pooling;
import org.geodex.activation.RowSample;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.scale.LayerRange;
import org.geodex.scale.Partition;
import org.geodex.scale.ScaleMean;

/**
 * h_G, h_I and h_L: one row each for the same documents, sentences or tokens. Row i of each matrix
 * is the same thing seen at three scales and belongs to document {@code documents[i]}.
 *
 * <p>Owns the matrices that it made; views leave theirs to the caller.
 */
public final class ScaleRows implements AutoCloseable {
  /** What a row stands for. */
  public enum Pool {
    /** The mean over a document's tokens. */
    DOCUMENT,
    /** The mean over a sentence's tokens. */
    SENTENCE,
    /** A token. */
    TOKEN;

    /**
     * The pooling of this name.
     *
     * @throws UsageException when there is none
     */
    public static Pool parse(String name) {
      return Arrays.stream(values())
          .filter(pool -> pool.toString().equals(name))
          .findFirst()
          .orElseThrow(
              () -> new UsageException("--pool %s: expected document, sentence or token", name));
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Matrix global;
  private final Matrix intermediate;
  private final Matrix local;
  private final int[] documents;
  private final Runnable release;

  private ScaleRows(List<? extends Matrix> scales, int[] documents, Runnable release) {
    this.global = scales.get(0);
    this.intermediate = scales.get(1);
    this.local = scales.get(2);
    this.documents = documents;
    this.release = release;
  }

  /**
   * Over matrices of the caller, who closes them.
   *
   * @param documents document of each row
   * @throws InputException when the matrices differ in shape, or hold one document
   */
  public static ScaleRows view(Matrix global, Matrix intermediate, Matrix local, int[] documents) {
    check(global, intermediate, "global", "intermediate");
    check(intermediate, local, "intermediate", "local");
    if (documents.length != global.rows()) {
      throw new InputException(
          "%d document numbers for %d rows: expected one for each row",
          documents.length, global.rows());
    }
    return new ScaleRows(List.of(global, intermediate, local), documents.clone(), () -> {});
  }

  private static void check(Matrix a, Matrix b, String first, String second) {
    if (a.rows() != b.rows() || a.columns() != b.columns()) {
      throw new InputException(
          "the %s scale is %d x %d and the %s scale %d x %d: expected the same rows and columns",
          first, a.rows(), a.columns(), second, b.rows(), b.columns());
    }
  }

  /**
   * Averages the layers of each scale, pools the tokens, and keeps at most {@code maxRows} rows.
   *
   * @throws InputException when a scale has a layer that the states do not have
   */
  public static ScaleRows of(
      LayerStates states, Partition partition, Pool pool, int maxRows, long seed) {
    int[] groups = groups(states, pool);
    int count = groups.length == 0 ? 0 : groups[groups.length - 1] + 1;
    int[] documents = new int[count];
    for (int i = 0; i < groups.length; i++) {
      documents[groups[i]] = states.documents()[i];
    }
    RowSample sample = RowSample.of(count, maxRows, seed);
    Matrix.Owned[] scales = new Matrix.Owned[3];
    Runnable release = () -> close(scales);
    try {
      LayerRange[] ranges = {partition.global(), partition.intermediate(), partition.local()};
      for (int s = 0; s < 3; s++) {
        checkRange(ranges[s], states.layers());
        scales[s] = pooled(states, ranges[s], groups, count, sample);
      }
      return new ScaleRows(List.of(scales), sample.of(documents), release);
    } catch (Throwable e) {
      release.run();
      throw e;
    }
  }

  private static void checkRange(LayerRange range, int last) {
    if (range.last() > last) {
      throw new InputException(
          "the scale %s has a layer that is not there: the last hidden state is %d", range, last);
    }
  }

  private static int[] groups(LayerStates states, Pool pool) {
    return switch (pool) {
      case DOCUMENT -> consecutive(states.documents());
      case SENTENCE -> states.sentences();
      case TOKEN -> {
        int[] each = new int[states.rows()];
        Arrays.setAll(each, i -> i);
        yield each;
      }
    };
  }

  /** Numbers runs of equal values from 0. */
  private static int[] consecutive(int[] values) {
    int[] groups = new int[values.length];
    for (int i = 1; i < values.length; i++) {
      groups[i] = groups[i - 1] + (values[i] == values[i - 1] ? 0 : 1);
    }
    return groups;
  }

  private static Matrix.Owned pooled(
      LayerStates states, LayerRange range, int[] groups, int count, RowSample sample) {
    try (Matrix.Owned tokens = ScaleMean.of(states, range);
        Matrix.Owned means = Pooling.mean(tokens, groups, count)) {
      return sample.of(means);
    }
  }

  private static void close(Matrix.Owned[] scales) {
    for (Matrix.Owned scale : scales) {
      if (scale != null) {
        scale.close();
      }
    }
  }

  public Matrix global() {
    return global;
  }

  public Matrix intermediate() {
    return intermediate;
  }

  public Matrix local() {
    return local;
  }

  /** The document of each row. */
  public int[] documents() {
    return documents;
  }

  public int rows() {
    return documents.length;
  }

  public int columns() {
    return global.columns();
  }

  @Override
  public void close() {
    release.run();
  }
}
