package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.CudaOptions;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a call through the driver costs by itself, Panama against JCuda: a kernel on 1 024 values,
 * and copies. On the emulator the call is real and the device is not.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LaunchBenchmark {
  private static final int VALUES = 1024;

  @Param({"panama", "jcuda"})
  public String binding;

  /** {@code system} or {@code emulator}. */
  @Param("emulator")
  public String driver;

  private CudaContext context;
  private DeviceBuffer x;
  private DeviceBuffer y;
  private Matrix.Owned host;
  private Matrix.Owned back;

  @Setup
  public void setUp() {
    context = CudaContext.open(new CudaOptions(binding, driver, 0));
    context.call(
        () -> {
          x = context.allocate(4L * VALUES);
          y = context.allocate(4L * VALUES);
          return null;
        });
    host = Matrix.allocate(1, VALUES);
    back = Matrix.allocate(1, VALUES);
    host.fill(3);
    Work.perCall(0, 8.0 * VALUES, 1);
    copies();
  }

  @Benchmark
  public void launch() {
    context.call(
        () -> {
          context
              .kernel("gx_probe_copy_f32")
              .launch(context.stream(), new Grid(1), 0, x, y, (long) VALUES);
          context.synchronize();
          return null;
        });
  }

  @Benchmark
  public float copies() {
    context.call(
        () -> {
          context.copyToDevice(host.segment(), x, 0);
          context.copyToHost(x, 0, back.segment());
          return null;
        });
    if (back.get(0, VALUES - 1) != 3) {
      throw new IllegalStateException("copied 3 and got " + back.get(0, VALUES - 1));
    }
    return back.get(0, 0);
  }

  @TearDown
  public void tearDown() {
    context.call(
        () -> {
          y.close();
          x.close();
          return null;
        });
    context.close();
    back.close();
    host.close();
  }
}
