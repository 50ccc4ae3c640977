package org.geodex.backend.cuda;

import java.util.function.Function;
import org.geodex.backend.Parallel;
import org.geodex.cuda.CudaContext;

/**
 * What the families of operations share.
 *
 * @param context the device and its thread
 * @param ownProducts matrix products by our kernel even where cuBLAS is there
 * @param cores of the host, for copies out of pinned memory
 * @param hostWork the list of what ran on the host
 */
record Device(CudaContext context, boolean ownProducts, Parallel cores, HostWork hostWork) {

  /** Runs one operation on the context's thread. */
  <T> T run(Function<Job, T> work) {
    return context.call(
        () -> {
          try (Job job = new Job(this)) {
            return work.apply(job);
          }
        });
  }

  /** Notes that an operation runs on the host; {@code name} is family, dot, method. */
  void noteHost(String name) {
    hostWork.note(name);
  }
}
