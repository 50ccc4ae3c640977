package org.geodex.backend.cuda;

import org.geodex.backend.Repeated;
import org.geodex.cuda.CudaGraph;
import org.geodex.error.DeviceOutOfMemoryException;

/**
 * Work that runs launch by launch the first time and is recorded the second; from then on one
 * launch does all of it. When a matrix has moved or is gone it is recorded anew; where the device
 * has no room for all of it at once it goes on launch by launch.
 */
final class CudaRepeated implements Repeated {
  private final Device device;
  private final Runnable work;
  private Residency.Uses uses;
  private CudaGraph graph;
  private boolean tooLarge;

  CudaRepeated(Device device, Runnable work) {
    this.device = device;
    this.work = work;
  }

  @Override
  public void run() {
    device
        .context()
        .call(
            () -> {
              if (!tooLarge && prepare()) {
                graph.launch();
              } else {
                uses = device.residency().observe(work, false);
              }
              return null;
            });
  }

  /** Whether the graph can be launched now. */
  private boolean prepare() {
    try {
      if (graph != null && !uses.recall()) {
        forget();
      }
      if (graph == null && uses != null) {
        record();
      }
    } catch (DeviceOutOfMemoryException e) {
      forget();
      tooLarge = true;
    }
    return graph != null;
  }

  private void record() {
    uses.recall(); // what the host has changed cannot be fetched while recording
    uses = device.residency().observe(() -> graph = device.context().capture(work), true);
  }

  private void forget() {
    if (graph != null) {
      graph.close();
      uses.release();
    }
    graph = null;
    uses = null;
  }

  @Override
  public void close() {
    device
        .context()
        .call(
            () -> {
              forget();
              return null;
            });
  }
}
