package org.geodex.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.backend.transformer.Epilogue;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.backend.transformer.Transformer;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * Layers on the device. Weights are carried over once, in the type they are stored in, and widened
 * where a kernel reads them; arithmetic is f32. Without attention weights that somebody wants, no
 * matrix of queries by keys leaves the chip.
 */
final class CudaTransformer implements Transformer {
  /** Rows up to which a product is bound by reading the weights. */
  private static final int FEW_ROWS = 8;

  private static final int ROWS_OUTPUTS_A_BLOCK = 32;

  private static final int SMALL_TILE = 64;
  private static final int ATTENTION_QUERIES = 64;
  private static final int ATTENTION_KEYS = 32;
  private static final int[] HEAD_SIZES = {64, 128, 256};

  /** Masks that are kept on the device: a forward pass has at most two, used by every layer. */
  private static final int MASKS = 2;

  private final Device device;
  private final Transformer host;
  private final Deque<Mask> masks = new ArrayDeque<>();

  @SuppressWarnings("ArrayRecordComponent")
  private record Mask(float[] values, DeviceBuffer buffer) {}

  CudaTransformer(Device device, Transformer host) {
    this.device = device;
    this.host = host;
  }

  // ---- rows

  @Override
  public void embed(StoredMatrix[] tables, int[][] ids, Matrix out) {
    device.enqueue(
        job -> {
          DeviceBuffer y = job.target(out);
          Object[] arguments = new Object[12];
          arguments[0] = out.rows();
          arguments[1] = out.columns();
          for (int t = 0; t < 3; t++) {
            boolean given = t < tables.length;
            arguments[2 + 3 * t] = given ? job.weights(tables[t]) : (Object) 0L;
            arguments[3 + 3 * t] = given ? tables[t].type().ordinal() : 0;
            arguments[4 + 3 * t] = given ? job.upload(ids[t]) : (Object) 0L;
          }
          arguments[11] = y;
          job.launch("gx_embed_f32", Job.partsOfRows(out.rows(), out.columns()), arguments);
          job.deliver(y, out);
        });
  }

  @Override
  public void gather(Matrix x, long first, long step, Matrix out) {
    device.enqueue(
        job -> {
          DeviceBuffer from = job.upload(x);
          DeviceBuffer y = job.target(out);
          int d = out.columns();
          Job.Places source = new Job.Places(1, step, first);
          job.copyRows(from.address(), d, source, d, y, Job.Places.SAME, out.rows());
          job.deliver(y, out);
        });
  }

  @Override
  public void append(Heads from, int rows, Matrix cache, int capacity, int at) {
    if (DeviceMemory.of(device, cache) == null) {
      host.append(from, rows, cache, capacity, at);
      return;
    }
    device.enqueue(
        job -> {
          long source = address(job, from);
          int ld = from.matrix().columns();
          Job.Places target = new Job.Places(rows, capacity, at);
          long count = cache.rows() / capacity * rows;
          job.copyRows(
              source, ld, Job.Places.SAME, cache.columns(), job.target(cache), target, count);
        });
  }

  // ---- products

  @Override
  public void linear(Matrix x, Projection projection, Epilogue epilogue, Matrix y) {
    if (y.rows() == 0) {
      return;
    }
    device.enqueue(
        job -> {
          DeviceBuffer rows = job.upload(x);
          DeviceBuffer weight = job.weights(projection.weight());
          Object bias = job.uploadOrNone(projection.bias());
          Object factor = job.uploadOrNone(epilogue.factor());
          Object residual = job.uploadOrNone(epilogue.residual());
          DeviceBuffer out = job.target(y);
          After after = new After(bias, epilogue.function(), factor, residual);
          long m = y.rows();
          boolean plain = projection.weight().type() == StoredMatrix.Type.F32;
          if (m <= FEW_ROWS) {
            fewRows(job, x, rows, projection, weight, after, out);
          } else if (plain && device.products() != Products.OWN) {
            byCuBlas(job, x, rows, projection, weight, after, out);
          } else {
            byTiles(job, x, rows, projection, weight, after, out);
          }
          job.deliver(out, y);
        });
  }

  /** What follows the product, as the kernels take it. */
  private record After(Object bias, ActivationFunction function, Object factor, Object residual) {
    boolean isNothing() {
      return bias.equals(0L)
          && function == ActivationFunction.LINEAR
          && factor.equals(0L)
          && residual.equals(0L);
    }
  }

  private static String type(Projection projection) {
    return projection.weight().type().name().toLowerCase(Locale.ROOT);
  }

  private static void fewRows(
      Job job,
      Matrix x,
      DeviceBuffer rows,
      Projection projection,
      DeviceBuffer weight,
      After after,
      DeviceBuffer out) {
    String kernel = "gx_linear_rows_" + type(projection);
    Grid grid = new Grid(Job.blocks(projection.outputs(), ROWS_OUTPUTS_A_BLOCK));
    launch(job, kernel, grid, x.intRows(), rows, projection, weight, after, out);
  }

  /** Tiles of 128 where there are enough to fill the device, else of 64. */
  static int tile(long rows, int outputs, int multiprocessors) {
    long large = (long) Job.blocks(rows, Job.TILE) * Job.blocks(outputs, Job.TILE);
    return large >= multiprocessors ? Job.TILE : SMALL_TILE;
  }

  private static void byTiles(
      Job job,
      Matrix x,
      DeviceBuffer rows,
      Projection projection,
      DeviceBuffer weight,
      After after,
      DeviceBuffer out) {
    int n = projection.outputs();
    int tile = tile(x.rows(), n, job.multiprocessors());
    String kernel = "gx_linear_" + type(projection) + "_" + tile;
    Grid grid = Job.tiles(x.rows(), n, tile);
    launch(job, kernel, grid, x.rows(), rows, projection, weight, after, out);
  }

  /**
   * Enqueues a product with what follows it.
   *
   * @param m rows of x, as wide as the kernel takes them
   */
  private static void launch(
      Job job,
      String kernel,
      Grid grid,
      Number m,
      DeviceBuffer rows,
      Projection projection,
      DeviceBuffer weight,
      After after,
      DeviceBuffer out) {
    long n = projection.outputs();
    long k = projection.inputs();
    job.launch(
        kernel,
        grid,
        m,
        n,
        k,
        rows,
        weight,
        projection.outputRows() ? k : 1L,
        projection.outputRows() ? 1L : n,
        after.bias(),
        after.function().ordinal(),
        after.factor(),
        after.residual(),
        out);
  }

  private static void byCuBlas(
      Job job,
      Matrix x,
      DeviceBuffer rows,
      Projection projection,
      DeviceBuffer weight,
      After after,
      DeviceBuffer out) {
    int n = projection.outputs();
    int k = projection.inputs();
    int m = x.intRows();
    job.linearProduct(projection.outputRows(), m, n, k, rows.address(), weight.address(), out);
    if (!after.isNothing()) {
      job.launch(
          "gx_linear_finish_f32",
          Job.columnsOfRows(m, n),
          (long) m,
          (long) n,
          after.bias(),
          after.function().ordinal(),
          after.factor(),
          after.residual(),
          out);
    }
  }

  @Override
  public void norm(Matrix x, Norm norm, Matrix y) {
    device.enqueue(
        job -> {
          DeviceBuffer rows = job.upload(x);
          DeviceBuffer out = job.target(y);
          job.launch(
              "gx_norm_f32",
              Job.warpARow(x.rows()),
              rows,
              x.rows(),
              x.columns(),
              job.upload(norm.gain()),
              job.uploadOrNone(norm.bias()),
              (float) norm.epsilon(),
              norm.rms() ? 1 : 0,
              out);
          job.deliver(out, y);
        });
  }

  // ---- attention

  @Override
  public void attention(Attention a, Matrix out, Matrix weights, AttentionStatistics statistics) {
    if (tooWide(a)) {
      host.attention(onHost(a), out, weights, statistics);
      return;
    }
    device.enqueue(
        job -> {
          Object mask = mask(a.keyMask());
          Object bias = job.uploadOrNone(a.positionBias());
          DeviceBuffer y = job.target(out);
          DeviceBuffer p = job.target(weights);
          long spanRows = (long) a.batch() * a.heads() * a.queries();
          DeviceBuffer spans = statistics == null ? null : job.floats(2 * spanRows);
          int columns = columns(a);
          job.launchShared(
              "gx_attention_" + columns + "_f32",
              attentionGrid(a),
              attentionShared(a.headSize(), columns),
              a.queries(),
              a.keys(),
              a.keyStride(),
              a.headSize(),
              (float) a.scale(),
              a.causal() ? 1 : 0,
              address(job, a.q()),
              (long) a.q().matrix().columns(),
              address(job, a.k()),
              (long) a.k().matrix().columns(),
              address(job, a.v()),
              (long) a.v().matrix().columns(),
              mask,
              bias,
              Job.orNone(y),
              Job.orNone(p),
              Job.orNone(spans));
          if (statistics != null) {
            count(job, a, spans, mask, statistics);
          }
          job.deliver(y, out);
          job.deliver(p, weights);
        });
  }

  private static long address(Job job, Heads heads) {
    return job.upload(heads.matrix()).address() + 4L * heads.column();
  }

  private static Grid attentionGrid(Attention a) {
    return new Grid(Job.blocks(a.queries(), ATTENTION_QUERIES), a.heads(), a.batch());
  }

  /** Columns of the smallest kernel that takes this head. */
  private static int columns(Attention a) {
    for (int size : HEAD_SIZES) {
      if (a.headSize() <= size) {
        return size;
      }
    }
    throw new IllegalArgumentException("a head of %d columns".formatted(a.headSize()));
  }

  private boolean tooWide(Attention a) {
    int most = HEAD_SIZES[HEAD_SIZES.length - 1];
    if (a.headSize() > most) {
      device.noteHost("transformer.attention: heads of more than %d columns".formatted(most));
      return true;
    }
    return false;
  }

  /** Bytes of the tiles of queries, keys, values and scores; see attention.cu. */
  private static int attentionShared(int headSize, int columns) {
    int floats =
        headSize * (ATTENTION_QUERIES + 4 + ATTENTION_KEYS + 4)
            + ATTENTION_KEYS * columns
            + ATTENTION_QUERIES * (ATTENTION_KEYS + 4)
            + 3 * ATTENTION_QUERIES;
    return 4 * floats;
  }

  private static void count(
      Job job, Attention a, DeviceBuffer spans, Object mask, AttentionStatistics statistics) {
    DeviceBuffer sums = job.doubles(2L * a.heads());
    job.launch(
        "gx_attention_statistics_f64",
        new Grid(a.heads()),
        spans,
        a.batch(),
        a.queries(),
        a.keys(),
        mask,
        sums);
    double[] found = job.downloadDoubles(sums, 2 * a.heads());
    long tokens = tokens(a);
    for (int h = 0; h < a.heads(); h++) {
      statistics.add(h, found[2 * h], found[2 * h + 1], tokens);
    }
  }

  /** Queries that are tokens and not padding. */
  private static long tokens(Attention a) {
    if (a.keyMask() == null) {
      return (long) a.batch() * a.queries();
    }
    long count = 0;
    for (int b = 0; b < a.batch(); b++) {
      for (int i = 0; i < a.queries(); i++) {
        count += a.keyMask()[b * a.keys() + a.past() + i] == 0 ? 1 : 0;
      }
    }
    return count;
  }

  /** The mask on the device; the layers of a pass share one. */
  private Object mask(float[] values) {
    if (values == null) {
      return 0L;
    }
    for (Mask mask : masks) {
      if (mask.values() == values) {
        return mask.buffer();
      }
    }
    if (masks.size() == MASKS) {
      device.residency().give(masks.removeLast().buffer());
    }
    DeviceBuffer buffer = device.residency().take(4L * values.length);
    device.residency().copyToDevice(MemorySegment.ofArray(values), buffer);
    masks.addFirst(new Mask(values, buffer));
    return buffer;
  }

  private static Attention onHost(Attention a) {
    return new Attention(
        a.batch(),
        a.queries(),
        a.keys(),
        a.keyStride(),
        a.heads(),
        a.headSize(),
        a.scale(),
        a.causal(),
        onHost(a.q()),
        onHost(a.k()),
        onHost(a.v()),
        a.keyMask(),
        a.positionBias() == null ? null : a.positionBias().onHost());
  }

  private static Heads onHost(Heads heads) {
    return new Heads(heads.matrix().onHost(), heads.column());
  }

  @Override
  public void attentionValues(Attention a, Matrix weights, Matrix out) {
    if (tooWide(a)) {
      host.attentionValues(onHost(a), weights.onHost(), out);
      return;
    }
    device.enqueue(
        job -> {
          DeviceBuffer p = job.upload(weights);
          DeviceBuffer y = job.target(out);
          int columns = columns(a);
          job.launchShared(
              "gx_attention_values_" + columns + "_f32",
              attentionGrid(a),
              attentionShared(0, columns),
              a.queries(),
              a.keys(),
              a.keyStride(),
              a.headSize(),
              p,
              address(job, a.v()),
              (long) a.v().matrix().columns(),
              y);
          job.deliver(y, out);
        });
  }

  /** Gives the masks back; on the context's thread. */
  void close() {
    masks.forEach(mask -> device.residency().give(mask.buffer()));
    masks.clear();
  }
}
