package org.geodex.backend.cuda;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.geodex.backend.Network;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;

/**
 * The parts of a network's training on the device, by {@code network.cu}. Copies: nothing where the
 * matrices lie on the device.
 */
final class CudaNetwork implements Network {
  /** Elements of one block's sum. */
  private static final int CHUNK = 4096;

  static final Grid ONE_BLOCK = new Grid(1);

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
                Job.columnsOfRows(x.rows(), x.columns()),
                values,
                job.upload(bias),
                x.rows(),
                x.columns(),
                relu ? 1 : 0));
  }

  @Override
  public void pair(Matrix a, Matrix b, int shift, Matrix bias, Matrix out) {
    write(
        out,
        (job, sums) ->
            job.launch(
                "gx_network_pair_f32",
                Job.columnsOfRows(a.rows(), a.columns()),
                job.upload(a),
                job.upload(b),
                a.rows(),
                a.columns(),
                (long) shift,
                job.upload(bias),
                sums));
  }

  @Override
  public void maskByActivation(Matrix gradient, Matrix activation) {
    update(
        gradient,
        (job, values) -> {
          long count = gradient.rows() * gradient.columns();
          job.launch(
              "gx_network_mask_f32", Job.elements(count), values, job.upload(activation), count);
        });
  }

  @Override
  public void addHalves(Matrix both, int shift, Matrix out) {
    write(
        out,
        (job, sums) ->
            job.launch(
                "gx_network_halves_f32",
                Job.columnsOfRows(out.rows(), out.columns()),
                job.upload(both),
                out.rows(),
                out.columns(),
                (long) shift,
                sums));
  }

  @Override
  public void columnSums(Matrix x, Matrix sums) {
    long d = x.columns();
    write(
        sums,
        (job, narrowed) -> {
          DeviceBuffer totals = ColumnSums.sums(job, job.upload(x), x.rows(), x.columns());
          job.launch("gx_network_narrow_f32", Job.elements(d), totals, d, narrowed);
        });
  }

  @Override
  public void add(Matrix a, Matrix b, Matrix out) {
    long count = out.rows() * out.columns();
    write(
        out,
        (job, sums) ->
            job.launch(
                "gx_network_add_f32",
                Job.elements(count),
                job.upload(a),
                job.upload(b),
                count,
                sums));
  }

  @Override
  public void probe(Matrix x, Matrix steps) {
    long probes = steps.rows();
    update(
        x,
        (job, rows) ->
            job.launch(
                "gx_network_probe_f32",
                Job.elements(probes * x.columns()),
                rows,
                x.rows() - 2 * probes,
                probes,
                x.columns(),
                job.upload(steps)));
  }

  @Override
  public void gather(Matrix x, Matrix index, Matrix out) {
    write(
        out,
        (job, rows) ->
            job.copyRows(
                job.upload(x), job.upload(index), true, x.columns(), rows, index.columns()));
  }

  @Override
  public void gatherPairs(Matrix x, Matrix index, Matrix out) {
    long count = index.columns();
    write(
        out,
        (job, pairs) ->
            job.launch(
                "gx_network_gather_pairs_f32",
                Job.columnsOfRows(count, index.columns()),
                job.upload(x),
                x.rows(),
                job.upload(index),
                count,
                pairs));
  }

  @Override
  public double squares(Matrix x) {
    int blocks = chunks(x);
    double[] sums =
        device.run(
            job -> {
              DeviceBuffer partial = job.doubles(blocks);
              squares(job, x, partial.address());
              return job.downloadDoubles(partial, blocks);
            });
    return Arrays.stream(sums).sum();
  }

  /** Blocks of a sum over all elements. */
  static int chunks(Matrix x) {
    return Job.blocks(x.rows() * x.columns(), CHUNK);
  }

  /** Enqueues the sums of squares of an operand's chunks. */
  static void squares(Job job, Matrix x, long sums) {
    long count = x.rows() * x.columns();
    job.launch("gx_network_squares_f64", new Grid(chunks(x)), job.upload(x), count, sums);
  }

  @Override
  public void advance(List<Matrix> gradients, double limit, Matrix factors) {
    long blocks = gradients.stream().mapToLong(CudaNetwork::chunks).sum();
    update(
        factors,
        (job, values) -> {
          DeviceBuffer sums = job.doubles(blocks);
          long at = sums.address();
          for (Matrix gradient : gradients) {
            squares(job, gradient, at);
            at += Double.BYTES * chunks(gradient);
          }
          job.launch("gx_network_advance_f64", ONE_BLOCK, sums, blocks, limit, values);
        });
  }

  @Override
  public void adamW(
      Matrix w, Matrix g, Matrix m, Matrix v, Matrix factors, double rate, double decay) {
    long count = w.rows() * w.columns();
    device.enqueue(
        job -> {
          DeviceBuffer weights = job.upload(w);
          DeviceBuffer means = job.upload(m);
          DeviceBuffer squares = job.upload(v);
          job.launch(
              "gx_network_adamw_f32",
              Job.elements(count),
              weights,
              job.upload(g),
              means,
              squares,
              count,
              job.upload(factors),
              (float) (1 - rate * decay),
              (float) rate);
          job.deliver(weights, w);
          job.deliver(means, m);
          job.deliver(squares, v);
        });
  }

  private interface Launch {
    void on(Job job, DeviceBuffer values);
  }

  /** Launches on a matrix that is read and overwritten. */
  private void update(Matrix x, Launch launch) {
    run(x, job -> job.upload(x), launch);
  }

  /** Launches on a matrix that is overwritten, and nothing that it reads lies in. */
  private void write(Matrix out, Launch launch) {
    run(out, job -> job.target(out), launch);
  }

  private void run(Matrix x, Function<Job, DeviceBuffer> buffer, Launch launch) {
    device.enqueue(
        job -> {
          DeviceBuffer values = buffer.apply(job);
          launch.on(job, values);
          job.deliver(values, x);
        });
  }
}
