package org.geodex.backend.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.backend.Geometry;
import org.geodex.backend.Information;
import org.geodex.backend.Loss;
import org.geodex.backend.Network;
import org.geodex.backend.Pairs;
import org.geodex.backend.Parallel;
import org.geodex.backend.Regression;
import org.geodex.backend.transformer.Transformer;

/** All cores of this machine: Vector API kernels and OpenBLAS. */
public final class CpuBackend implements Backend {
  private final Parallel parallel;
  private final long memoryBudget;
  private final CpuAlgebra algebra;
  private final CpuGeometry geometry;
  private final CpuInformation information;
  private final CpuTransformer transformer;
  private final CpuPairs pairs;
  private final CpuRegression regression;
  private final CpuNetwork network;
  private final CpuLoss loss;

  public CpuBackend(int threads, long memoryBudget) {
    this.parallel = new Parallel(threads);
    this.memoryBudget = memoryBudget;
    this.algebra = new CpuAlgebra(parallel);
    this.geometry = new CpuGeometry(parallel);
    this.information = new CpuInformation(parallel);
    this.transformer = new CpuTransformer(parallel);
    this.pairs = new CpuPairs(parallel, algebra, memoryBudget);
    this.regression = new CpuRegression(parallel);
    this.network = new CpuNetwork(parallel);
    this.loss = new CpuLoss(parallel, algebra, network);
  }

  @Override
  public String name() {
    return "cpu";
  }

  /** The processor's name as Linux gives it, else its architecture. */
  @Override
  public String device() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElseGet(CpuBackend::architecture);
    } catch (IOException e) {
      return architecture();
    }
  }

  private static String architecture() {
    return System.getProperty("os.arch");
  }

  @Override
  public Parallel parallel() {
    return parallel;
  }

  @Override
  public long memoryBudget() {
    return memoryBudget;
  }

  @Override
  public Algebra algebra() {
    return algebra;
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public Information information() {
    return information;
  }

  @Override
  public Transformer transformer() {
    return transformer;
  }

  @Override
  public Regression regression() {
    return regression;
  }

  @Override
  public Network network() {
    return network;
  }

  @Override
  public Loss loss() {
    return loss;
  }

  @Override
  public Pairs pairs() {
    return pairs;
  }

  @Override
  public void close() {
    transformer.close();
    parallel.close();
  }
}
