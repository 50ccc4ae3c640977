package org.geodex.backend.cuda;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.geodex.backend.Algebra;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Products and moments on the device; the small f64 factorizations (d x d) by LAPACK on the host,
 * which is what {@link HostWork} then says.
 *
 * <p>Copies: the operands once to the device, the result back.
 */
final class CudaAlgebra implements Algebra {
  /** Fewest inner indices of a part of a product, and the blocks that are enough for any card. */
  private static final long PART = 1024;

  private static final long BLOCKS = 1024;

  /** Most bytes of the parts of one product. */
  private static final long PARTS_BYTES = 1L << 26;

  private final Device device;
  private final Algebra host;

  CudaAlgebra(Device device, Algebra host) {
    this.device = device;
    this.host = host;
  }

  private Algebra host(String method) {
    device.noteHost("algebra." + method);
    return host;
  }

  // ---- on the device

  @Override
  public void gemm(Matrix a, boolean transposeA, Matrix b, boolean transposeB, Matrix c) {
    int k = transposeA ? a.intRows() : a.columns();
    if (c.rows() == 0 || c.columns() == 0) {
      return;
    }
    if (k == 0) {
      c.fill(0);
      return;
    }
    device.run(
        job -> {
          DeviceBuffer left = job.upload(a);
          DeviceBuffer right = a == b ? left : job.upload(b);
          DeviceBuffer out = job.target(c);
          job.product(
              transposeA,
              transposeB,
              c.intRows(),
              c.columns(),
              k,
              left.address(),
              a.columns(),
              right.address(),
              b.columns(),
              out);
          job.deliver(out, c);
          return null;
        });
  }

  @Override
  public double[] means(Matrix x) {
    return device.run(
        job -> {
          DeviceBuffer means = ColumnSums.means(job, job.upload(x), x.rows(), x.columns());
          return job.downloadDoubles(means, x.columns());
        });
  }

  @Override
  public Matrix64 scatter(Matrix x, double[] centre) {
    return scatter(x, centre, false);
  }

  @Override
  public Matrix64 scatter(Matrix x, double[] centre, boolean unitRows) {
    return device.run(
        job -> {
          DeviceBuffer rows = job.upload(x);
          int d = x.columns();
          double[] weights =
              unitRows ? RowLengths.of(job, rows, x.intRows(), d, centre).unitWeights() : null;
          Operand columns = new Operand(rows, 1, d, job.uploadOrNone(centre), true);
          DeviceBuffer out = job.doubles((long) d * d);
          product(job, d, d, x.rows(), columns, columns, job.uploadOrNone(weights), 0L, out, true);
          mirror(job, out, d);
          return job.downloadMatrix(out, d, d);
        });
  }

  @Override
  public Matrix64 gram(Matrix x, double[] centre) {
    return gram(x, centre, false);
  }

  @Override
  public Matrix64 gram(Matrix x, double[] centre, boolean unitRows) {
    return device.run(
        job -> {
          DeviceBuffer rows = job.upload(x);
          int n = x.intRows();
          int d = x.columns();
          double[] scales = null;
          if (unitRows) {
            double[] weights = RowLengths.of(job, rows, n, d, centre).unitWeights();
            scales = Arrays.stream(weights).map(Math::sqrt).toArray();
          }
          Operand operand = new Operand(rows, d, 1, job.uploadOrNone(centre), false);
          DeviceBuffer out = job.doubles((long) n * n);
          product(job, n, n, d, operand, operand, 0L, job.uploadOrNone(scales), out, true);
          mirror(job, out, n);
          return job.downloadMatrix(out, n, n);
        });
  }

  @Override
  public double[] squaredLengths(Matrix x, double[] centre, boolean unitRows) {
    RowLengths lengths = RowLengths.of(device, x, centre);
    return unitRows
        ? IntStream.range(0, x.intRows())
            .mapToDouble(i -> lengths.hasDirection(i) ? 1 : 0)
            .toArray()
        : lengths.centred();
  }

  @Override
  public Matrix64 crossScatter(Matrix x, double[] a, Matrix y, double[] b) {
    return device.run(
        job -> {
          DeviceBuffer left = job.upload(x);
          DeviceBuffer right = x == y ? left : job.upload(y);
          int dx = x.columns();
          int dy = y.columns();
          DeviceBuffer out = job.doubles((long) dx * dy);
          product(
              job,
              dx,
              dy,
              x.rows(),
              new Operand(left, 1, dx, job.uploadOrNone(a), true),
              new Operand(right, 1, dy, job.uploadOrNone(b), true),
              0L,
              0L,
              out,
              false);
          return job.downloadMatrix(out, dx, dy);
        });
  }

  /** One side of {@code gx_product_f64}: strides in elements, and what the centre is indexed by. */
  private record Operand(
      DeviceBuffer data, long rowStride, long innerStride, Object centre, boolean centreByRow) {}

  /** With few outputs and a long inner index, parts of it are summed side by side. */
  private static void product(
      Job job,
      long m,
      long n,
      long k,
      Operand a,
      Operand b,
      Object weight,
      Object scale,
      DeviceBuffer out,
      boolean upper) {
    Grid tiles = Job.tiles(m, n, Job.WIDE_TILE);
    // What is scaled has rows outside, and their length is no long inner index.
    boolean scaled = !scale.equals(0L);
    long part = scaled ? k : part(m * n, (long) tiles.x() * tiles.y(), k);
    int count = Job.blocks(k, Math.toIntExact(part));
    boolean whole = count == 1;
    DeviceBuffer parts = whole ? out : job.doubles(count * m * n);
    job.launch(
        "gx_product_f64",
        new Grid(tiles.x(), tiles.y(), count),
        m,
        n,
        k,
        a.data(),
        a.rowStride(),
        a.innerStride(),
        a.centre(),
        a.centreByRow() ? 1 : 0,
        b.data(),
        b.rowStride(),
        b.innerStride(),
        b.centre(),
        b.centreByRow() ? 1 : 0,
        weight,
        scale,
        part,
        parts,
        upper ? 1 : 0);
    if (!whole) {
      Grid elements = Job.elements(m * n);
      job.launch("gx_product_total_f64", elements, parts, count, m, n, out, upper ? 1 : 0);
    }
  }

  /** Inner indices of a part: of the shape alone, so that the bits are those of every card. */
  static long part(long outputs, long tiles, long k) {
    long most = Math.min(BLOCKS / tiles, PARTS_BYTES / (8 * outputs));
    return Math.max(PART, Math.ceilDiv(k, Math.max(1, most)));
  }

  private static void mirror(Job job, DeviceBuffer c, int n) {
    job.launch("gx_mirror_f64", Job.mirror(n), c, (long) n);
  }

  // ---- on the host

  private static Matrix[] onHost(Matrix[] xs) {
    return Arrays.stream(xs).map(Matrix::onHost).toArray(Matrix[]::new);
  }

  @Override
  public Matrix64 scatterTimes(Matrix x, double[] centre, boolean unitRows, Matrix64 v) {
    return host("scatterTimes").scatterTimes(x.onHost(), centre, unitRows, v);
  }

  @Override
  public Matrix64 triangle(Matrix[] xs, double[][] centres) {
    return host("triangle").triangle(onHost(xs), centres);
  }

  @Override
  public int cholesky(Matrix64 a) {
    return host("cholesky").cholesky(a);
  }

  @Override
  public void solveLower(Matrix64 l, boolean transpose, Matrix64 b) {
    host("solveLower").solveLower(l, transpose, b);
  }

  @Override
  public double[] eigenvalues(Matrix64 a) {
    return host("eigenvalues").eigenvalues(a);
  }

  @Override
  public double[] eigenvectors(Matrix64 a) {
    return host("eigenvectors").eigenvectors(a);
  }

  @Override
  public double[] singularValues(Matrix64 a) {
    return host("singularValues").singularValues(a);
  }

  @Override
  public Svd svd(Matrix64 a) {
    return host("svd").svd(a);
  }

  @Override
  public Matrix64 multiply(Matrix64 a, boolean transposeA, Matrix64 b, boolean transposeB) {
    return host("multiply").multiply(a, transposeA, b, transposeB);
  }
}
