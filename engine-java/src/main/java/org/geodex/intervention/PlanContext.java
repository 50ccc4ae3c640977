package org.geodex.intervention;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import org.geodex.matrix.Vectors;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Tokenizer;
import org.geodex.scale.AutomaticPartition;
import org.geodex.scale.LayerRange;
import org.geodex.scale.Partition;

/**
 * What a plan's words mean for one model: the layers of a scale, the vectors of a direction. Runs
 * the model where that needs its hidden states, once.
 */
public final class PlanContext implements AutoCloseable {
  private static final int SCALE_ROWS = 500;
  private static final int POWER_STEPS = 200;

  private final Backend backend;
  private final Model model;
  private final Tokenizer tokenizer;
  private final List<String> documents;
  private final String partitionName;
  private final long seed;
  private final Map<String, Direction> directions = new HashMap<>();
  private Partition partition;
  private LayerStates states;

  /**
   * Prepares.
   *
   * @param tokenizer may be null where no text is read
   * @param documents text for {@code auto} and {@code principal}; empty where there is none
   * @param partitionName {@code auto}, a preset, or {@code a-b/c-d/e-f}
   * @param seed of random directions
   */
  public PlanContext(
      Backend backend,
      Model model,
      Tokenizer tokenizer,
      List<String> documents,
      String partitionName,
      long seed) {
    this.backend = backend;
    this.model = model;
    this.tokenizer = tokenizer;
    this.documents = documents;
    this.partitionName = partitionName;
    this.seed = seed;
  }

  ModelConfig config() {
    return model.config();
  }

  /** The three scales. */
  public Partition partition() {
    if (partition == null) {
      int layers = model.config().layers();
      partition =
          partitionName.equals("auto")
              ? AutomaticPartition.find(backend, states(), SCALE_ROWS, seed).partition()
              : Partition.preset(partitionName, model.config().modelType(), layers);
    }
    return partition;
  }

  /** Hidden states of a scale. */
  public SortedSet<Integer> scale(String name) {
    LayerRange range = partition().scales().get(name);
    if (range == null) {
      throw new UsageException("scale \"%s\": expected local, intermediate or global", name);
    }
    return states(range);
  }

  static SortedSet<Integer> states(LayerRange range) {
    SortedSet<Integer> states = new TreeSet<>();
    for (int i = range.first(); i <= range.last(); i++) {
      states.add(i);
    }
    return states;
  }

  /**
   * The vectors of a direction.
   *
   * <ul>
   *   <li>{@code random}: one vector, uniform on the sphere, by the seed
   *   <li>{@code principal} or {@code principal:K}: the first (K-th) principal direction of the
   *       text's token rows, averaged over these hidden states
   *   <li>{@code classes:A.txt,B.txt}: at each state the mean over the tokens of A less that of B
   *   <li>a matrix file: one row for all, or one for each hidden state 0 … L
   * </ul>
   *
   * @throws InputException when a file's vector has another length than the model's width
   */
  public Direction direction(String name, SortedSet<Integer> at) {
    return directions.computeIfAbsent(name + "@" + at, key -> find(name, at));
  }

  private Direction find(String name, SortedSet<Integer> at) {
    if (name.equals("random")) {
      return new Direction(name, same(at, random()));
    }
    if (name.equals("principal") || name.startsWith("principal:")) {
      return new Direction(name, same(at, principal(rank(name), at)));
    }
    if (name.startsWith("classes:")) {
      return new Direction(name, classes(name, at));
    }
    return new Direction(name, file(name, at));
  }

  private static Map<Integer, float[]> same(SortedSet<Integer> at, float[] vector) {
    Map<Integer, float[]> byState = new HashMap<>();
    at.forEach(state -> byState.put(state, vector));
    return byState;
  }

  private float[] random() {
    SplittableRandom random = new SplittableRandom(seed);
    double[] v = new double[model.config().width()];
    java.util.Arrays.setAll(v, j -> random.nextGaussian());
    return Direction.unit(v);
  }

  private static int rank(String name) {
    if (name.equals("principal")) {
      return 1;
    }
    try {
      int rank = Integer.parseInt(name.substring("principal:".length()));
      if (rank >= 1) {
        return rank;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new UsageException("direction %s: expected principal:K with K from 1 on", name);
  }

  /** By power iteration with deflation on the centred means over the scale's states. */
  private float[] principal(int rank, SortedSet<Integer> at) {
    int d = model.config().width();
    if (rank > d) {
      throw new UsageException("direction principal:%d: the model's width is %d", rank, d);
    }
    double[][] rows = centred(at, d);
    List<double[]> found = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(seed);
    while (found.size() < rank) {
      double[] v = new double[d];
      java.util.Arrays.setAll(v, j -> random.nextGaussian());
      for (int step = 0; step < POWER_STEPS; step++) {
        double[] next = new double[d];
        for (double[] row : rows) {
          double dot = Vectors.dot(row, v);
          for (int j = 0; j < d; j++) {
            next[j] += dot * row[j];
          }
        }
        for (double[] earlier : found) {
          double dot = Vectors.dot(next, earlier);
          for (int j = 0; j < d; j++) {
            next[j] -= dot * earlier[j];
          }
        }
        double norm = Math.sqrt(Vectors.dot(next, next));
        if (norm == 0) {
          throw new InputException(
              "direction principal:%d: the text's rows span only %d directions",
              rank, found.size());
        }
        for (int j = 0; j < d; j++) {
          v[j] = next[j] / norm;
        }
      }
      found.add(v);
    }
    return Direction.unit(found.getLast());
  }

  private double[][] centred(SortedSet<Integer> at, int d) {
    double[][] rows = new double[states().rows()][d];
    double[] mean = new double[d];
    double[] row = new double[d];
    for (int i = 0; i < rows.length; i++) {
      for (int state : at) {
        states().states().get(state).copyRow(i, row);
        for (int j = 0; j < d; j++) {
          rows[i][j] += row[j] / at.size();
          mean[j] += row[j] / at.size() / rows.length;
        }
      }
    }
    for (double[] values : rows) {
      for (int j = 0; j < d; j++) {
        values[j] -= mean[j];
      }
    }
    return rows;
  }

  private Map<Integer, float[]> classes(String name, SortedSet<Integer> at) {
    String[] files = name.substring("classes:".length()).split(",", -1);
    if (files.length != 2) {
      throw new UsageException("direction %s: expected classes:A.txt,B.txt", name);
    }
    Map<Integer, double[]> a = means(TextDocuments.read(Path.of(files[0])), at);
    Map<Integer, double[]> b = means(TextDocuments.read(Path.of(files[1])), at);
    Map<Integer, float[]> byState = new HashMap<>();
    for (int state : at) {
      double[] difference = a.get(state);
      for (int j = 0; j < difference.length; j++) {
        difference[j] -= b.get(state)[j];
      }
      float[] unit = Direction.unit(difference);
      if (unit == null) {
        throw new InputException(
            "direction %s: the two texts have the same mean at hidden state %d", name, state);
      }
      byState.put(state, unit);
    }
    return byState;
  }

  private Map<Integer, double[]> means(List<String> texts, SortedSet<Integer> at) {
    Map<Integer, double[]> means = new HashMap<>();
    try (LayerStates read = read(texts)) {
      for (int state : at) {
        Matrix x = read.states().get(state);
        double[] mean = new double[x.columns()];
        double[] row = new double[x.columns()];
        for (int i = 0; i < x.intRows(); i++) {
          x.copyRow(i, row);
          for (int j = 0; j < row.length; j++) {
            mean[j] += row[j] / x.rows();
          }
        }
        means.put(state, mean);
      }
    }
    return means;
  }

  private Map<Integer, float[]> file(String name, SortedSet<Integer> at) {
    int d = model.config().width();
    try (MatrixSource source = MatrixSource.open(name)) {
      Matrix x = source.matrix();
      if (x.columns() != d) {
        throw new InputException(
            "%s: a vector of length %d, expected %d, the model's width",
            source.name(), x.columns(), d);
      }
      if (x.rows() != 1 && x.rows() <= at.last()) {
        throw new InputException(
            "%s: %d vectors, expected 1 for all hidden states or one for each up to %d",
            source.name(), x.rows(), at.last());
      }
      Map<Integer, float[]> byState = new HashMap<>();
      double[] row = new double[d];
      for (int state : at) {
        x.copyRow(x.rows() == 1 ? 0 : state, row);
        float[] unit = Direction.unit(row);
        if (unit == null) {
          throw new InputException("%s: the zero vector has no direction", source.name());
        }
        byState.put(state, unit);
      }
      return byState;
    }
  }

  private LayerStates states() {
    if (states == null) {
      if (documents.isEmpty()) {
        throw new UsageException("--partition auto and direction principal need --text");
      }
      states = read(documents);
    }
    return states;
  }

  private LayerStates read(List<String> texts) {
    TokenTable table = TokenTable.of(texts, tokenizer, model.config().maxLength());
    return LayerStates.run(model, table, 8, backend, done -> {});
  }

  @Override
  public void close() {
    if (states != null) {
      states.close();
    }
  }
}
