package org.geodex.backend.cuda;

import java.util.function.Consumer;
import org.geodex.backend.Network;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;

/**
 * The parts of a network's training on the device, by {@code network.cu}. Copies: nothing where the
 * matrices lie on the device, but the squares of rows, one f64 each, for the norm of a gradient.
 */
final class CudaNetwork implements Network {
  /** Elements of one block of the kernels that know no rows. */
  private static final int ELEMENTS_A_BLOCK = 1024;

  private final Device device;

  CudaNetwork(Device device) {
    this.device = device;
  }

  @Override
  public void addBias(Matrix x, Matrix bias, boolean relu) {
    update(
        x,
        (job, values) ->
            job.launch(
                "gx_network_bias_f32",
                Job.rowsGrid(x.rows(), x.columns()),
                values,
                job.upload(bias),
                x.rows(),
                x.columns(),
                relu ? 1 : 0));
  }

  @Override
  public void pair(Matrix a, Matrix b, int shift, Matrix bias, Matrix out) {
    device.enqueue(
        job -> {
          DeviceBuffer left = job.upload(a);
          DeviceBuffer right = job.upload(b);
          DeviceBuffer added = job.upload(bias);
          DeviceBuffer to = job.target(out);
          job.launch(
              "gx_network_pair_f32",
              Job.rowsGrid(a.rows(), a.columns()),
              left,
              right,
              a.rows(),
              a.columns(),
              (long) shift,
              added,
              to);
          job.deliver(to, out);
        });
  }

  @Override
  public void maskByActivation(Matrix gradient, Matrix activation) {
    update(
        gradient,
        (job, values) -> {
          long count = gradient.rows() * gradient.columns();
          job.launch("gx_network_mask_f32", elements(count), values, job.upload(activation), count);
        });
  }

  @Override
  public void addHalves(Matrix both, int shift, Matrix out) {
    device.enqueue(
        job -> {
          DeviceBuffer from = job.upload(both);
          DeviceBuffer to = job.target(out);
          job.launch(
              "gx_network_halves_f32",
              Job.rowsGrid(out.rows(), out.columns()),
              from,
              out.rows(),
              out.columns(),
              (long) shift,
              to);
          job.deliver(to, out);
        });
  }

  @Override
  public void columnSums(Matrix x, Matrix sums) {
    device.enqueue(
        job -> {
          DeviceBuffer totals = ColumnSums.sums(job, job.upload(x), x.rows(), x.columns());
          DeviceBuffer to = job.target(sums);
          job.launch(
              "gx_network_narrow_f32", elements(x.columns()), totals, (long) x.columns(), to);
          job.deliver(to, sums);
        });
  }

  @Override
  public double squares(Matrix x) {
    double sum = 0;
    for (double row : RowLengths.of(device, x, null).raw()) {
      sum += row;
    }
    return sum;
  }

  @Override
  public void adamW(Matrix w, Matrix g, Matrix m, Matrix v, AdamWStep step) {
    long count = w.rows() * w.columns();
    update(
        w,
        (job, weights) ->
            update(
                job,
                m,
                means ->
                    update(
                        job,
                        v,
                        squares ->
                            job.launch(
                                "gx_network_adamw_f32",
                                elements(count),
                                weights,
                                job.upload(g),
                                means,
                                squares,
                                count,
                                step.scale(),
                                step.correct1(),
                                step.correct2(),
                                step.keep(),
                                step.rate()))));
  }

  private static Grid elements(long count) {
    return new Grid(Job.blocks(count, ELEMENTS_A_BLOCK));
  }

  private interface Launch {
    void on(Job job, DeviceBuffer values);
  }

  /** Launches on a matrix that is read and overwritten. */
  private void update(Matrix x, Launch launch) {
    device.enqueue(job -> update(job, x, values -> launch.on(job, values)));
  }

  private void update(Job job, Matrix x, Consumer<DeviceBuffer> launch) {
    DeviceBuffer values = job.upload(x);
    launch.accept(values);
    if (DeviceMemory.of(device, x) == null) {
      job.deliver(values, x);
    } else {
      job.target(x); // from now on the device's values are the true ones
    }
  }
}
