package org.geodex.backend.scalar;

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

/** The specification: plain loops in f64 on one thread, in the order of the formulas. */
public final class ScalarBackend implements Backend {
  private final Parallel parallel = new Parallel(1);
  private final long memoryBudget;

  public ScalarBackend(long memoryBudget) {
    this.memoryBudget = memoryBudget;
  }

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public String device() {
    return "JVM, f64, 1 thread";
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
    return new ScalarAlgebra();
  }

  @Override
  public Geometry geometry() {
    return new ScalarGeometry();
  }

  @Override
  public Information information() {
    return new ScalarInformation();
  }

  @Override
  public Transformer transformer() {
    return new ScalarTransformer();
  }

  @Override
  public Regression regression() {
    return new ScalarRegression();
  }

  @Override
  public Network network() {
    return new ScalarNetwork();
  }

  @Override
  public Loss loss() {
    return new ScalarLoss();
  }

  @Override
  public Pairs pairs() {
    return new ScalarPairs();
  }

  @Override
  public void close() {
    parallel.close();
  }
}
