package org.geodex.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.geodex.backend.Backend;

/**
 * Times every {@link Operation} over a ladder of rows and one of columns, in one JVM, and prints a
 * line a point, tab-separated: operation, variable (n or d), its value, seconds, the leading count
 * of arithmetic. {@code geodex bench growth} reads it.
 *
 * <p>Arguments: regular expression of the operations, backend, calls a point; {@code small} as a
 * fourth makes the ladders short.
 */
public final class Growth {
  private static final int[] ROWS = {1000, 1414, 2000, 2828};
  private static final int COLUMNS = 64;
  private static final int[] WIDTHS = {64, 128, 256, 512};
  private static final int ROWS_OF_WIDTHS = 1000;

  /** Rounds before those that count: the compiler is done with every size. */
  private static final int WARM_UP = 3;

  private Growth() {}

  public static void main(String[] args) {
    Pattern filter = Pattern.compile(args[0]);
    int calls = Integer.parseInt(args[2]);
    boolean small = args.length > 3 && args[3].equals("small");
    int divisor = small ? 8 : 1;
    try (Backend backend = OperationBenchmark.open(args[1])) {
      for (Operation operation : Operation.values()) {
        if (filter.matcher(operation.label()).find()) {
          ladder(backend, operation, 'n', scaled(ROWS, divisor), COLUMNS / divisor, calls);
          ladder(backend, operation, 'd', scaled(WIDTHS, divisor), ROWS_OF_WIDTHS / divisor, calls);
        }
      }
    }
  }

  private static int[] scaled(int[] sizes, int divisor) {
    return Arrays.stream(sizes).map(size -> size / divisor).toArray();
  }

  /**
   * Goes over the sizes again and again, so that a slow minute is no size's own, and keeps the
   * fastest call of each: what else runs on the machine can only add.
   */
  private static void ladder(
      Backend backend, Operation operation, char variable, int[] sizes, int other, int calls) {
    List<Operation.Inputs> inputs = new ArrayList<>();
    try {
      for (int size : sizes) {
        boolean rows = variable == 'n';
        inputs.add(Operation.Inputs.of(backend, rows ? size : other, rows ? other : size));
      }
      double[] least = new double[sizes.length];
      Arrays.fill(least, Double.POSITIVE_INFINITY);
      for (int round = 0; round < WARM_UP + calls; round++) {
        for (int i = 0; i < sizes.length; i++) {
          double seconds = seconds(operation, inputs.get(i));
          least[i] = round < WARM_UP ? least[i] : Math.min(least[i], seconds);
        }
      }
      for (int i = 0; i < sizes.length; i++) {
        print(operation, variable, sizes[i], least[i], inputs.get(i));
      }
    } finally {
      inputs.forEach(Operation.Inputs::close);
    }
  }

  private static double seconds(Operation operation, Operation.Inputs inputs) {
    long start = System.nanoTime();
    double value = operation.run(inputs);
    double seconds = (System.nanoTime() - start) * 1e-9;
    if (Double.isNaN(value)) {
      throw new IllegalStateException(operation.label() + " is NaN");
    }
    return seconds;
  }

  private static void print(
      Operation operation, char variable, int size, double seconds, Operation.Inputs inputs) {
    System.out.printf(
        Locale.ROOT,
        "%s\t%c\t%d\t%.9g\t%.9g%n",
        operation.label(),
        variable,
        size,
        seconds,
        operation.flops(inputs.n(), inputs.x.columns()));
  }
}
