package org.geodex.backend.cuda;

import java.util.function.Consumer;
import java.util.function.Function;
import org.geodex.backend.Parallel;
import org.geodex.cuda.CudaContext;

/**
 * What the families of operations share.
 *
 * @param context the device and its thread
 * @param residency its memory
 * @param products whose matrix products
 * @param cores of the host, for copies out of pinned memory
 * @param hostWork the list of what ran on the host
 */
record Device(
    CudaContext context,
    Residency residency,
    Products products,
    Parallel cores,
    HostWork hostWork) {

  /** Runs one operation on the context's thread. */
  <T> T run(Function<Job, T> work) {
    return context.call(
        () -> {
          residency.beginJob();
          try (Job job = new Job(this)) {
            return work.apply(job);
          }
        });
  }

  /** As {@link #run}, without a result; it may return before the device is done. */
  void enqueue(Consumer<Job> work) {
    run(
        job -> {
          work.accept(job);
          return null;
        });
  }

  /** Notes that an operation runs on the host; {@code name} is family, dot, method. */
  void noteHost(String name) {
    hostWork.note(name);
  }
}
