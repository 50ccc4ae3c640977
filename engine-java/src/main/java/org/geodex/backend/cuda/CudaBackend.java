package org.geodex.backend.cuda;

import java.util.List;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.backend.Geometry;
import org.geodex.backend.Information;
import org.geodex.backend.Loss;
import org.geodex.backend.Network;
import org.geodex.backend.Pairs;
import org.geodex.backend.Parallel;
import org.geodex.backend.Regression;
import org.geodex.backend.Repeated;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.transformer.Transformer;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaOptions;
import org.geodex.cuda.Traffic;
import org.geodex.error.NativeCallException;
import org.geodex.error.UnavailableException;
import org.geodex.matrix.Matrix;

/**
 * A CUDA device, real or emulated. A matrix of {@link #allocate} stays on the device, and
 * operations take it there; other operands are carried to the device and results back. What has no
 * kernel runs on the host's cores and is listed by {@link #hostOperations()}.
 *
 * <p>The system property {@code geodex.cuda.products=own} takes our own matrix products where
 * cuBLAS is there too, {@code tf32} allows TF32 in the linear layers of models; {@code
 * geodex.cuda.strip=BYTES} sets the size of the strips in which large results are made and fetched.
 */
public final class CudaBackend implements Backend {
  private final CudaContext context;
  private final Device device;
  private final CpuBackend host;
  private final HostWork hostWork = new HostWork();
  private final Products products;
  private final Algebra algebra;
  private final Geometry geometry;
  private final Information information;
  private final CudaTransformer transformer;
  private final Pairs pairs;
  private final Regression regression;
  private final Network network;
  private final Loss loss;

  /**
   * Opens the device.
   *
   * @param threads of the host's part
   * @throws UnavailableException with the reason
   */
  public CudaBackend(CudaOptions options, int threads, long memoryBudget) {
    Products asked = Products.asked();
    context = CudaContext.open(options);
    host = new CpuBackend(threads, memoryBudget);
    products = hasBlas() ? asked : Products.OWN; // which serve too, and device() says so
    device = new Device(context, residency(memoryBudget), products, host.parallel(), hostWork);
    algebra = new CudaAlgebra(device, host.algebra());
    geometry = new CudaGeometry(device, host.geometry());
    information = new CudaInformation(device, host.information());
    transformer = new CudaTransformer(device, host.transformer());
    pairs = new CudaPairs(device, host.pairs());
    network = new CudaNetwork(device);
    loss = new CudaLoss(device);
    regression = HostFamily.noted(Regression.class, "regression", host.regression(), hostWork);
  }

  private Residency residency(long memoryBudget) {
    return context.call(
        () -> {
          long limit = Math.min(memoryBudget, context.freeMemory() / 10 * 9);
          return new Residency(context, host.parallel(), limit);
        });
  }

  private boolean hasBlas() {
    return context.call(
        () -> {
          try {
            return context.blas() != null;
          } catch (UnavailableException | NativeCallException e) {
            return false; // not here, or not this card's
          }
        });
  }

  @Override
  public String name() {
    return "cuda";
  }

  /** The card's name, the binding, and whose matrix products. */
  @Override
  public String device() {
    return "%s (%s, %s)".formatted(context.deviceName(), context.binding(), products.words());
  }

  @Override
  public List<String> hostOperations() {
    return hostWork.operations();
  }

  /** A matrix on the device; operations of this backend take it there. */
  @Override
  public Matrix.Owned allocate(long rows, int columns) {
    return DeviceMemory.matrix(device, rows, columns);
  }

  @Override
  public boolean hasDevice() {
    return true;
  }

  /** A matrix on the device with its values; the one on the host is closed. */
  @Override
  public Matrix.Owned adopt(Matrix.Owned x) {
    if (DeviceMemory.of(device, x) != null) {
      return x;
    }
    Matrix.Owned resident = allocate(x.rows(), x.columns());
    try (x) {
      resident.copyFrom(x);
      return resident;
    } catch (Throwable e) {
      resident.close();
      throw e;
    }
  }

  /** Recorded as a launch graph; see {@link CudaRepeated}. */
  @Override
  public Repeated repeated(Runnable work) {
    return new CudaRepeated(device, work);
  }

  /** Bytes that crossed the bus and launches since the device was opened. */
  public Traffic traffic() {
    return context.traffic();
  }

  @Override
  public Parallel parallel() {
    return host.parallel();
  }

  @Override
  public long memoryBudget() {
    return host.memoryBudget();
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
  public Pairs pairs() {
    return pairs;
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
  public void close() {
    try {
      context.call(
          () -> {
            transformer.close();
            device.residency().close();
            return null;
          });
      context.close();
    } finally {
      host.close();
    }
  }
}
