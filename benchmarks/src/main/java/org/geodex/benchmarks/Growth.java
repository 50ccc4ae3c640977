package org.geodex.benchmarks;

import java.util.Arrays;
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
  private static final int[] ROWS = {500, 707, 1000, 1414, 2000};
  private static final int COLUMNS = 64;
  private static final int[] WIDTHS = {32, 64, 128, 256};
  private static final int ROWS_OF_WIDTHS = 1000;

  private Growth() {}

  public static void main(String[] args) {
    Pattern filter = Pattern.compile(args[0]);
    int calls = Integer.parseInt(args[2]);
    boolean small = args.length > 3 && args[3].equals("small");
    int divisor = small ? 8 : 1;
    try (Backend backend = OperationBenchmark.open(args[1])) {
      for (Operation operation : Operation.values()) {
        if (filter.matcher(operation.label()).find()) {
          for (int n : ROWS) {
            measure(backend, operation, 'n', n / divisor, COLUMNS / divisor, calls);
          }
          for (int d : WIDTHS) {
            measure(backend, operation, 'd', ROWS_OF_WIDTHS / divisor, d / divisor, calls);
          }
        }
      }
    }
  }

  /** The fastest call after a first one: what else runs on the machine can only add. */
  private static void measure(
      Backend backend, Operation operation, char variable, int n, int d, int calls) {
    double[] seconds = new double[calls];
    try (Operation.Inputs inputs = Operation.Inputs.of(backend, n, d)) {
      double first = operation.run(inputs);
      for (int call = 0; call < calls; call++) {
        long start = System.nanoTime();
        double value = operation.run(inputs);
        seconds[call] = (System.nanoTime() - start) * 1e-9;
        if (Double.doubleToLongBits(value) != Double.doubleToLongBits(first)) {
          throw new IllegalStateException(operation.label() + ": " + value + " after " + first);
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%s\t%c\t%d\t%.9g\t%.9g%n",
        operation.label(),
        variable,
        variable == 'n' ? n : d,
        Arrays.stream(seconds).min().orElseThrow(),
        operation.flops(n, d));
  }
}
