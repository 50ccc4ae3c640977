package org.geodex.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.backend.cuda.CudaBackend;
import org.geodex.cuda.Traffic;
import org.geodex.memory.LeakLedger;

/**
 * What a call of every {@link Operation} costs that no machine and no neighbour changes, one line
 * an operation: Java heap and off-heap memory taken, passes over the data (calls of the backend),
 * and on the CUDA emulator bytes copied and kernels launched. {@code ExactBaselineTest} holds it
 * against the stored lines.
 *
 * <p>Heap is counted where no compiler removes an allocation ({@code -XX:TieredStopAtLevel=1}: the
 * same bytes as in the interpreter), with vectors of a fixed width ({@code -XX:UseAVX=2}), on one
 * thread. Off-heap memory is counted by the {@link LeakLedger} ({@code -Dgeodex.leaks=fail}).
 */
public final class Baseline {
  /** JVM flags that make the counts exact. */
  public static final List<String> FLAGS =
      List.of("-XX:TieredStopAtLevel=1", "-XX:UseAVX=2", "-Dgeodex.leaks=fail");

  /** The heads of the columns, separated like them. */
  static final String HEADS =
      "operation\theap bytes\toff-heap blocks\toff-heap bytes\tpasses"
          + "\tto device\tto host\tlaunches";

  private static final int ROWS = 64;
  private static final int COLUMNS = 16;
  private static final long BUDGET = 256L << 20;

  /** After these calls every class is loaded and every cache filled. */
  private static final int WARM_UP = 2;

  private static final int HEAP_CALLS = 5;

  private Baseline() {}

  public static void main(String[] args) {
    System.out.println(HEADS);
    try (Backend cpu = open("cpu");
        Backend emulator = open("cuda");
        Operation.Inputs inputs = Operation.Inputs.of(cpu, ROWS, COLUMNS)) {
      for (Operation operation : Operation.values()) {
        System.out.println(
            "%s\t%s\t%s"
                .formatted(
                    operation.label(),
                    onHost(operation, cpu, inputs),
                    onDevice(operation, (CudaBackend) emulator, inputs)));
      }
    }
  }

  private static Backend open(String name) {
    return Backends.open(new BackendOptions(name, "panama", "emulator", 1, BUDGET));
  }

  private static String onHost(Operation operation, Backend cpu, Operation.Inputs inputs) {
    AtomicLong passes = new AtomicLong();
    Operation.Inputs direct = inputs.head(cpu, ROWS);
    Operation.Inputs counted = inputs.head((Backend) counting(cpu, Backend.class, passes), ROWS);
    for (int call = 0; call < WARM_UP; call++) {
      operation.run(direct);
    }
    LeakLedger.Taken takenBefore = LeakLedger.taken();
    operation.run(direct);
    LeakLedger.Taken taken = LeakLedger.taken().since(takenBefore);
    operation.run(counted);
    return "%d\t%d\t%d\t%d"
        .formatted(heap(operation, direct), taken.blocks(), taken.bytes(), passes.get());
  }

  /** Bytes of Java heap of a call; now and then the JDK makes something of its own beside it. */
  private static long heap(Operation operation, Operation.Inputs inputs) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int call = 0; call < HEAP_CALLS; call++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      operation.run(inputs);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }

  private static String onDevice(
      Operation operation, CudaBackend emulator, Operation.Inputs inputs) {
    Operation.Inputs device = inputs.head(emulator, ROWS);
    operation.run(device);
    Traffic before = emulator.traffic();
    operation.run(device);
    Traffic traffic = emulator.traffic().since(before);
    return "%d\t%d\t%d".formatted(traffic.toDevice(), traffic.toHost(), traffic.launches());
  }

  /** A backend, or one of its families, that counts the calls of the families' methods. */
  private static Object counting(Object counted, Class<?> type, AtomicLong passes) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (self, method, arguments) -> {
          Object result = invoke(counted, method, arguments);
          Class<?> family = method.getReturnType();
          if (type != Backend.class) {
            passes.incrementAndGet();
          } else if (family.isInterface() && family.getPackage() == Backend.class.getPackage()) {
            return counting(result, family, passes);
          }
          return result;
        });
  }

  private static Object invoke(Object target, Method method, Object... arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
