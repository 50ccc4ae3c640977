package org.geodex.scale;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.LayerStates;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.divergence.Shrinkage;
import org.geodex.geodesic.GeodesicTable;
import org.geodex.information.MutualInformationGaussian;
import org.geodex.information.PrincipalComponents;
import org.geodex.matrix.Matrix;
import org.geodex.similarity.CkaDebiased;

/**
 * How alike the layers are, by the signals that the authors of MSMA name, each as a kernel over the
 * hidden states with 1 on its diagonal:
 *
 * <ul>
 *   <li>{@code cka}: debiased linear CKA, negative values as 0
 *   <li>{@code geodesic}: Pearson correlation of geodesic distances, negative values as 0
 *   <li>{@code information}: 1 − exp(−2·I/r), I the Gaussian mutual information of the first r
 *       principal components: the mean squared canonical correlation that such an I stands for
 *   <li>{@code attention}: exp(−‖a − b‖²/2) between standardized attention span and attention
 *       entropy (hidden state 0 takes those of layer 1, which reads it); left out where attention
 *       is unknown
 * </ul>
 *
 * {@link #fused} is their mean.
 */
public final class LayerKernel {
  private static final int COMPONENTS = 8;
  private static final int ROWS_PER_COMPONENT = 20;

  private final Map<String, double[][]> signals = new LinkedHashMap<>();

  private LayerKernel() {}

  /** The kernels of sampled rows. */
  static LayerKernel of(Backend backend, LayerStates states, RowSample sample, int k) {
    return of(backend, states, sample, k, null);
  }

  /**
   * The kernels of sampled rows.
   *
   * @param k neighbours of the geodesic graph
   * @param geodesic correlations of geodesic distances of these rows ({@link
   *     GeodesicTable#correlations}), or null where they are not known yet
   */
  static LayerKernel of(
      Backend backend, LayerStates states, RowSample sample, int k, double[][] geodesic) {
    LayerKernel kernel = new LayerKernel();
    List<Matrix.Owned> rows = new ArrayList<>();
    try {
      states.states().forEach(state -> rows.add(sample.of(state)));
      kernel.signals.put("cka", positive(new CkaDebiased().table(backend, rows)));
      double[][] known = geodesic == null ? geodesic(backend, rows, k) : copy(geodesic);
      kernel.signals.put("geodesic", positive(known));
      kernel.signals.put("information", information(backend, rows));
    } finally {
      rows.forEach(Matrix.Owned::close);
    }
    if (!states.attention().isEmpty()) {
      kernel.signals.put("attention", attention(states.attention()));
    }
    return kernel;
  }

  private static double[][] geodesic(Backend backend, List<Matrix.Owned> layers, int k) {
    try (GeodesicTable geodesics = new GeodesicTable()) {
      layers.forEach(rows -> geodesics.add(backend, rows, k));
      return geodesics.correlations(backend);
    }
  }

  private static double[][] copy(double[][] table) {
    return Arrays.stream(table).map(double[]::clone).toArray(double[][]::new);
  }

  /** Each signal's kernel by name. */
  Map<String, double[][]> signals() {
    return signals;
  }

  double[][] fused() {
    int n = signals.get("cka").length;
    double[][] sum = new double[n][n];
    for (double[][] signal : signals.values()) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          sum[i][j] += signal[i][j] / signals.size();
        }
      }
    }
    return sum;
  }

  private static double[][] positive(double[][] table) {
    for (int i = 0; i < table.length; i++) {
      for (int j = 0; j < table.length; j++) {
        table[i][j] = i == j ? 1 : Double.isNaN(table[i][j]) ? 0 : Math.max(0, table[i][j]);
      }
    }
    return table;
  }

  private static double[][] information(Backend backend, List<? extends Matrix> rows) {
    int r = usableComponents(COMPONENTS, rows.getFirst().intRows(), rows.getFirst().columns());
    double[][] mi = informationTable(backend, rows, r);
    for (int a = 0; a < mi.length; a++) {
      for (int b = 0; b < mi.length; b++) {
        mi[a][b] = a == b ? 1 : -Math.expm1(-2 * mi[a][b] / r);
      }
    }
    return positive(mi);
  }

  /** As many components as asked for, as there are columns, and as the rows can support. */
  public static int usableComponents(int wanted, int rows, int columns) {
    return Math.max(1, Math.min(Math.min(wanted, columns), rows / ROWS_PER_COMPONENT));
  }

  private static double[][] informationTable(
      Backend backend, List<? extends Matrix> states, int r) {
    List<Matrix.Owned> scores = new ArrayList<>();
    try {
      for (Matrix x : states) {
        scores.add(PrincipalComponents.scores(backend, x, r));
      }
      return informationTable(backend, scores);
    } finally {
      scores.forEach(Matrix.Owned::close);
    }
  }

  /** Gaussian mutual information of the layers' principal components; NaN on the diagonal. */
  public static double[][] informationTable(Backend backend, List<? extends Matrix> scores) {
    double[][] mi = new double[scores.size()][scores.size()];
    for (int a = 0; a < mi.length; a++) {
      mi[a][a] = Double.NaN; // I(X;X) of a continuous variable is infinite.
      for (int b = 0; b < a; b++) {
        mi[a][b] =
            MutualInformationGaussian.of(
                backend, scores.get(a), scores.get(b), null, Shrinkage.NONE);
        mi[b][a] = mi[a][b];
      }
    }
    return mi;
  }

  private static double[][] attention(List<AttentionStatistics> layers) {
    double[] span = standardized(layers, true);
    double[] entropy = standardized(layers, false);
    double[][] kernel = new double[span.length][span.length];
    for (int a = 0; a < span.length; a++) {
      for (int b = 0; b < span.length; b++) {
        double u = span[a] - span[b];
        double v = entropy[a] - entropy[b];
        kernel[a][b] = Math.exp(-(u * u + v * v) / 2);
      }
    }
    return kernel;
  }

  private static double[] standardized(List<AttentionStatistics> layers, boolean span) {
    double[] values = new double[layers.size() + 1];
    for (int i = 0; i < values.length; i++) {
      AttentionStatistics layer = layers.get(Math.max(0, i - 1));
      values[i] = span ? layer.meanDistance() : layer.meanEntropy();
    }
    double mean = 0;
    double square = 0;
    for (double value : values) {
      mean += value / values.length;
      square += value * value / values.length;
    }
    double deviation = Math.sqrt(Math.max(0, square - mean * mean));
    for (int i = 0; i < values.length; i++) {
      values[i] = deviation > 0 ? (values[i] - mean) / deviation : 0;
    }
    return values;
  }
}
