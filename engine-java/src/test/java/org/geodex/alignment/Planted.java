package org.geodex.alignment;

import java.util.Random;
import java.util.stream.IntStream;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;

/** Scales whose relation is known. */
final class Planted {
  private Planted() {}

  /** A row of the intermediate scale from a row of the global one, and so on. */
  interface Relation {
    void apply(double[] from, double[] to);
  }

  /** Normal h_G; h_I and h_L each the relation of the scale before, plus noise. */
  static ScaleRows rows(int n, int d, double noise, long seed, Relation relation) {
    Matrix.Owned global = Samples.normal(seed, n, d);
    Matrix.Owned intermediate = related(global, noise, seed + 1, relation);
    Matrix.Owned local = related(intermediate, noise, seed + 2, relation);
    return ScaleRows.view(global, intermediate, local, IntStream.range(0, n).toArray());
  }

  static void close(ScaleRows rows) {
    ((Matrix.Owned) rows.global()).close();
    ((Matrix.Owned) rows.intermediate()).close();
    ((Matrix.Owned) rows.local()).close();
  }

  private static Matrix.Owned related(Matrix x, double noise, long seed, Relation relation) {
    Random random = new Random(seed);
    Matrix.Owned y = Matrix.allocate(x.rows(), x.columns());
    double[] from = new double[x.columns()];
    double[] to = new double[x.columns()];
    for (int i = 0; i < x.rows(); i++) {
      x.copyRow(i, from);
      relation.apply(from, to);
      for (int j = 0; j < to.length; j++) {
        y.set(i, j, (float) (to[j] + noise * random.nextGaussian()));
      }
    }
    return y;
  }

  /** Plane rotations by 0.3 + 0.4·j of columns j and j + 1, one after the other, and a shift. */
  static Relation isometry() {
    return (from, to) -> {
      System.arraycopy(from, 0, to, 0, to.length);
      for (int j = 0; j + 1 < to.length; j++) {
        double angle = 0.3 + 0.4 * j;
        double a = to[j];
        double b = to[j + 1];
        to[j] = Math.cos(angle) * a - Math.sin(angle) * b;
        to[j + 1] = Math.sin(angle) * a + Math.cos(angle) * b;
      }
      for (int j = 0; j < to.length; j++) {
        to[j] += 3 + j;
      }
    };
  }

  /** A smooth map that no linear one comes near: x_j + 1.5·sin(1.5·x_{j+1}). */
  static Relation smooth() {
    return (from, to) -> {
      for (int j = 0; j < to.length; j++) {
        to[j] = from[j] + 1.5 * Math.sin(1.5 * from[(j + 1) % to.length]);
      }
    };
  }

  /** Columns stretched from 0.2 to 5: distances are not those of the source. */
  static Relation stretched() {
    return (from, to) -> {
      for (int j = 0; j < to.length; j++) {
        to[j] = from[j] * 0.2 * Math.pow(25, j / (to.length - 1.0));
      }
    };
  }
}
