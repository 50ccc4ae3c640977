package org.geodex.activation;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.geodex.matrix.Matrix;

/**
 * A fixed choice of rows, ascending, the same in every layer: what needs n² memory or time looks at
 * these rows alone.
 */
public record RowSample(int[] rows) {

  /** All of n rows, or {@code most} of them drawn without replacement. */
  public static RowSample of(int n, int most, long seed) {
    int[] all = new int[n];
    Arrays.setAll(all, i -> i);
    if (n <= most) {
      return new RowSample(all);
    }
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < most; i++) {
      int j = random.nextInt(i, n);
      int swapped = all[i];
      all[i] = all[j];
      all[j] = swapped;
    }
    int[] rows = Arrays.copyOf(all, most);
    Arrays.sort(rows);
    return new RowSample(rows);
  }

  public int size() {
    return rows.length;
  }

  /** The chosen rows of {@code x} in a matrix of their own; the caller closes it. */
  public Matrix.Owned of(Matrix x) {
    return x.gather(rows);
  }

  /** The chosen entries. */
  public int[] of(int[] values) {
    return Arrays.stream(rows).map(i -> values[i]).toArray();
  }
}
