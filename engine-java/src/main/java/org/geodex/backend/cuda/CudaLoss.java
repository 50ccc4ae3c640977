package org.geodex.backend.cuda;

import org.geodex.backend.Loss;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;

/**
 * Losses on the device, by {@code loss.cu}. Copies: nothing where the matrices lie on the device.
 */
final class CudaLoss implements Loss {
  private final Device device;

  CudaLoss(Device device) {
    this.device = device;
  }

  @Override
  public void donskerVaradhan(
      Matrix scores, double memory, Matrix average, Matrix gradient, Matrix bound) {
    device.enqueue(
        job -> {
          DeviceBuffer moving = job.upload(average);
          DeviceBuffer byScores = job.target(gradient);
          DeviceBuffer value = job.target(bound);
          job.launch(
              "gx_loss_donsker_varadhan_f64",
              CudaNetwork.ONE_BLOCK,
              job.upload(scores),
              scores.rows() / 2,
              memory,
              moving,
              byScores,
              value);
          job.deliver(moving, average);
          job.deliver(byScores, gradient);
          job.deliver(value, bound);
        });
  }

  @Override
  public void infoNce(Matrix scores, Matrix gradient, Matrix bound) {
    long n = scores.rows();
    device.enqueue(
        job -> {
          DeviceBuffer terms = job.doubles(n);
          DeviceBuffer byScores = job.target(gradient);
          job.launch(
              "gx_loss_info_nce_f64",
              Job.warpARow(n),
              job.upload(scores),
              n,
              Job.orNone(byScores),
              terms);
          job.deliver(byScores, gradient);
          total(job, terms, n, 1.0 / n, Math.log(n), bound);
        });
  }

  /** Value = plus + scale·Σ. */
  private static void total(
      Job job, DeviceBuffer sums, long count, double scale, double plus, Matrix value) {
    DeviceBuffer to = job.target(value);
    job.launch("gx_loss_total_f64", CudaNetwork.ONE_BLOCK, sums, count, scale, plus, to);
    job.deliver(to, value);
  }

  @Override
  public void residual(Matrix u, Matrix v, double weight, Matrix gradient, Matrix value) {
    long count = u.rows() * u.columns();
    int blocks = CudaNetwork.chunks(u);
    device.enqueue(
        job -> {
          DeviceBuffer sums = job.doubles(blocks);
          DeviceBuffer byU = job.target(gradient);
          job.launch(
              "gx_loss_residual_f64",
              new Grid(blocks),
              job.upload(u),
              job.upload(v),
              count,
              (float) (2 * weight / count),
              Job.orNone(byU),
              sums);
          job.deliver(byU, gradient);
          total(job, sums, blocks, 1.0 / count, 0.0, value);
        });
  }

  @Override
  public void stress(
      Matrix x, Matrix scale, Matrix distances, double weight, Matrix gradient, Matrix value) {
    int n = x.intRows();
    int d = x.columns();
    device.enqueue(
        job -> {
          DeviceBuffer from = job.upload(x);
          Object factors = job.uploadOrNone(scale);
          DeviceBuffer rows = job.floats((long) n * d);
          job.launch(
              "gx_loss_centre_f32",
              Job.columnsOfRows(n, d),
              from,
              ColumnSums.means(job, from, n, d),
              factors,
              (long) n,
              d,
              rows);
          Stress stress = new Stress(job, rows, n, d, job.upload(distances));
          stress.value(value);
          if (gradient != null) {
            DeviceBuffer byX = job.upload(gradient);
            stress.gradient(factors, (float) weight, byX);
            job.deliver(byX, gradient);
          }
        });
  }

  /** The stress of centred rows: their distances first, then W in the same memory. */
  private static final class Stress {
    private final Job job;
    private final DeviceBuffer rows;
    private final int n;
    private final int d;
    private final DeviceBuffer given;
    private final DeviceBuffer own;
    private final DeviceBuffer fit;

    Stress(Job job, DeviceBuffer rows, int n, int d, DeviceBuffer given) {
      this.job = job;
      this.rows = rows;
      this.n = n;
      this.d = d;
      this.given = given;
      this.own = job.floats((long) n * n);
      this.fit = job.doubles(2);
    }

    void value(Matrix value) {
      DeviceBuffer squares = job.floats(n);
      DeviceBuffer sums = job.doubles(3L * n);
      job.product(false, true, n, n, d, rows.address(), d, rows.address(), d, own);
      job.launch("gx_loss_diagonal_f32", Job.elements(n), own, (long) n, squares);
      job.launch("gx_loss_distances_f64", Job.warpARow(n), own, squares, given, (long) n, sums);
      DeviceBuffer to = job.target(value);
      job.launch("gx_loss_stress_f64", CudaNetwork.ONE_BLOCK, sums, (long) n, fit, to);
      job.deliver(to, value);
    }

    void gradient(Object factors, float weight, DeviceBuffer gradient) {
      DeviceBuffer rowSums = job.floats(n);
      DeviceBuffer product = job.floats((long) n * d);
      job.launch("gx_loss_stress_weights_f32", Job.warpARow(n), own, given, fit, (long) n, rowSums);
      job.product(false, false, n, d, n, own.address(), n, rows.address(), d, product);
      job.launch(
          "gx_loss_stress_gradient_f32",
          Job.columnsOfRows(n, d),
          rows,
          product,
          rowSums,
          factors,
          weight,
          (long) n,
          d,
          gradient);
    }
  }

  @Override
  public void curvature(
      Matrix outputs, int probes, double square, double weight, Matrix gradient, Matrix value) {
    device.enqueue(
        job -> {
          DeviceBuffer sums = job.doubles(probes);
          DeviceBuffer byOutputs = gradient == null ? null : job.upload(gradient);
          job.launch(
              "gx_loss_curvature_f64",
              Job.warpARow(probes),
              job.upload(outputs),
              outputs.rows() - 2L * probes,
              (long) probes,
              outputs.columns(),
              (float) (2 * weight / (probes * square)),
              Job.orNone(byOutputs),
              sums);
          job.deliver(byOutputs, gradient);
          total(job, sums, probes, 1.0 / probes / square, 0.0, value);
        });
  }

  @Override
  public void pull(Matrix gradient, Matrix added, double weight, boolean limited) {
    long count = gradient.rows() * gradient.columns();
    int blocks = CudaNetwork.chunks(gradient);
    device.enqueue(
        job -> {
          DeviceBuffer sum = job.upload(gradient);
          DeviceBuffer squares = job.doubles(blocks);
          DeviceBuffer addedSquares = job.doubles(blocks);
          DeviceBuffer factor = job.floats(1);
          CudaNetwork.squares(job, gradient, squares.address());
          CudaNetwork.squares(job, added, addedSquares.address());
          job.launch(
              "gx_loss_pull_f64",
              CudaNetwork.ONE_BLOCK,
              squares,
              addedSquares,
              (long) blocks,
              weight,
              limited ? 1 : 0,
              factor);
          job.launch(
              "gx_loss_pull_f32", Job.elements(count), sum, job.upload(added), count, factor);
          job.deliver(sum, gradient);
        });
  }
}
