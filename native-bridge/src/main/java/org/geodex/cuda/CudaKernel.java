package org.geodex.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.StringJoiner;
import org.geodex.cuda.CudaDriver.Grid;

/** A kernel, ready to launch. Arguments are checked against kernels.def. */
public final class CudaKernel {
  private static final int MAX_DYNAMIC_SHARED_SIZE = 8;
  private static final int DEFAULT_DYNAMIC_SHARED = 48 << 10;

  private final CudaContext context;
  private final KernelTable.Entry entry;
  private final long function;

  CudaKernel(CudaContext context, KernelTable.Entry entry, long function) {
    this.context = context;
    this.entry = entry;
    this.function = function;
    if (entry.dynamicShared() > DEFAULT_DYNAMIC_SHARED) {
      context
          .driver()
          .setFunctionAttribute(function, MAX_DYNAMIC_SHARED_SIZE, entry.dynamicShared());
    }
  }

  public KernelTable.Entry entry() {
    return entry;
  }

  /** Blocks that one multiprocessor holds at a time. */
  public int occupancy(long dynamicShared) {
    return context.driver().occupancy(function, (int) entry.block().count(), dynamicShared);
  }

  /**
   * Enqueues the kernel with the block of kernels.def.
   *
   * @param dynamicShared bytes, at most what kernels.def says
   * @param arguments for each parameter: a {@link DeviceBuffer} or an address for a pointer, {@code
   *     Integer}, {@code Long}, {@code Float}, {@code Double} for the others
   */
  public void launch(CudaStream stream, Grid grid, int dynamicShared, Object... arguments) {
    launch(stream, grid, entry.block(), dynamicShared, arguments);
  }

  /** The same with a block of fewer threads. */
  public void launch(
      CudaStream stream, Grid grid, Grid block, int dynamicShared, Object... arguments) {
    checkShape(block, dynamicShared, arguments);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = parameters(arguments, arena);
      context
          .driver()
          .launch(
              function,
              grid,
              block,
              dynamicShared,
              stream.handle(),
              parameters,
              () -> describe(grid, block, dynamicShared, arguments));
    }
    context.trafficCounter().launch();
    if (CudaContext.SYNCHRONIZE && !context.capturing()) {
      stream.synchronize();
    }
  }

  private void checkShape(Grid block, int dynamicShared, Object[] arguments) {
    if (arguments.length != entry.parameters().size()) {
      throw new IllegalArgumentException(
          "%s takes %d arguments, not %d"
              .formatted(entry.name(), entry.parameters().size(), arguments.length));
    }
    if (block.count() > entry.block().count() || dynamicShared > entry.dynamicShared()) {
      throw new IllegalArgumentException(
          "%s: block %s, %d bytes of dynamic shared memory; kernels.def allows %s, %d"
              .formatted(entry.name(), block, dynamicShared, entry.block(), entry.dynamicShared()));
    }
  }

  /** The array of addresses that the driver wants, and behind it the values. */
  private MemorySegment parameters(Object[] arguments, Arena arena) {
    int n = arguments.length;
    MemorySegment array = arena.allocate(ADDRESS, Math.max(1, n));
    MemorySegment values = arena.allocate(JAVA_LONG, Math.max(1, n));
    for (int i = 0; i < n; i++) {
      store(arguments[i], entry.parameters().get(i), values.asSlice(8L * i, 8));
      array.setAtIndex(ADDRESS, i, values.asSlice(8L * i));
    }
    return array;
  }

  private void store(Object argument, KernelTable.Parameter parameter, MemorySegment value) {
    switch (parameter.kind()) {
      case POINTER ->
          value.set(
              JAVA_LONG,
              0,
              argument instanceof DeviceBuffer buffer
                  ? buffer.address()
                  : cast(argument, Long.class, parameter));
      case INT -> value.set(JAVA_INT, 0, cast(argument, Integer.class, parameter));
      case LONG -> value.set(JAVA_LONG, 0, cast(argument, Long.class, parameter));
      case FLOAT -> value.set(JAVA_FLOAT, 0, cast(argument, Float.class, parameter));
      case DOUBLE -> value.set(JAVA_DOUBLE, 0, cast(argument, Double.class, parameter));
    }
  }

  private <T> T cast(Object argument, Class<T> type, KernelTable.Parameter parameter) {
    if (!type.isInstance(argument)) {
      throw new IllegalArgumentException(
          "%s: parameter %s takes %s, not %s"
              .formatted(
                  entry.name(),
                  parameter.name(),
                  type.getSimpleName(),
                  argument == null ? "null" : argument.getClass().getSimpleName()));
    }
    return type.cast(argument);
  }

  private String describe(Grid grid, Grid block, int dynamicShared, Object[] arguments) {
    StringJoiner text = new StringJoiner(", ", entry.name() + "(", ")");
    List<KernelTable.Parameter> parameters = entry.parameters();
    for (int i = 0; i < arguments.length; i++) {
      Object value =
          arguments[i] instanceof DeviceBuffer buffer
              ? "%,d bytes".formatted(buffer.bytes())
              : arguments[i];
      text.add(parameters.get(i).name() + "=" + value);
    }
    return "%s grid %s block %s shared %d".formatted(text, grid, block, dynamicShared);
  }
}
