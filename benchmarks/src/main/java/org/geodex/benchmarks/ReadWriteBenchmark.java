package org.geodex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import org.geodex.matrix.MatrixWriter;
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

/** A matrix to a file and back. Opening maps the file and looks at every value for NaN. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ReadWriteBenchmark {
  @Param({"npy", "safetensors", "arrow"})
  public String format;

  @Param("20000")
  public int n;

  @Param("768")
  public int d;

  private Path folder;
  private Path file;
  private Matrix.Owned x;

  @Setup
  public void setUp() throws IOException {
    folder = Files.createTempDirectory("geodex-io-");
    file = folder.resolve("x." + format);
    x = Manifold.rows(1, n, d);
    MatrixWriter.write(file, x);
    Work.perCall(0, 4.0 * n * d, n);
  }

  @Benchmark
  public float read() {
    try (MatrixSource source = MatrixSource.open(file.toString())) {
      float last = source.matrix().get(n - 1, d - 1);
      if (last != x.get(n - 1, d - 1) || source.matrix().rows() != n) {
        throw new IllegalStateException("read another matrix than was written");
      }
      return last;
    }
  }

  @Benchmark
  public long write() throws IOException {
    MatrixWriter.write(file, x);
    long bytes = Files.size(file);
    if (bytes < 4L * n * d) {
      throw new IllegalStateException(bytes + " bytes written");
    }
    return bytes;
  }

  @TearDown
  public void tearDown() throws IOException {
    x.close();
    Files.deleteIfExists(file);
    Files.deleteIfExists(folder);
  }
}
