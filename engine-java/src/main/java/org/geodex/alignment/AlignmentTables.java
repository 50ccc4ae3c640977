package org.geodex.alignment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.geodex.file.AtomicOutputs;
import org.geodex.matrix.ArrowSink;

/** The cells as Arrow files for tools. */
public final class AlignmentTables {
  private AlignmentTables() {}

  /**
   * Writes {@code alignment.arrow}, a row for each cell and measure, and {@code
   * alignment_curves.arrow}, a row for each cell and epoch.
   */
  public static void write(AtomicOutputs outputs, Path folder, AlignmentResult result) {
    Table values = new Table();
    List<String> measures = new ArrayList<>();
    List<Double> numbers = new ArrayList<>();
    for (AlignmentCell cell : result.cells()) {
      cell.measures()
          .forEach(
              (name, value) -> {
                values.add(cell, 0);
                measures.add(name);
                numbers.add(value);
              });
    }
    commit(
        values.builder().text("measure", measures).doubles("value", doubles(numbers)),
        outputs,
        folder.resolve("alignment.arrow"));

    Table curves = new Table();
    List<MapTraining.Epoch> epochs = new ArrayList<>();
    for (AlignmentCell cell : result.cells()) {
      for (int e = 0; e < cell.curve().size(); e++) {
        curves.add(cell, e);
        epochs.add(cell.curve().get(e));
      }
    }
    commit(
        curves
            .builder()
            .ints("epoch", ints(curves.epochs))
            .doubles("training_loss", column(epochs, MapTraining.Epoch::training))
            .doubles("loss", column(epochs, MapTraining.Epoch::loss))
            .doubles("stress", column(epochs, MapTraining.Epoch::stress))
            .doubles("residual", column(epochs, MapTraining.Epoch::residual))
            .doubles("information", column(epochs, MapTraining.Epoch::information))
            .doubles("curvature", column(epochs, MapTraining.Epoch::curvature)),
        outputs,
        folder.resolve("alignment_curves.arrow"));
  }

  /** The columns that name a cell. */
  private static final class Table {
    private final List<String> directions = new ArrayList<>();
    private final List<String> settings = new ArrayList<>();
    private final List<Integer> seeds = new ArrayList<>();
    private final List<Integer> splits = new ArrayList<>();
    private final List<Integer> epochs = new ArrayList<>();

    void add(AlignmentCell cell, int epoch) {
      directions.add(cell.direction());
      settings.add(cell.setting());
      seeds.add(cell.seed());
      splits.add(cell.split());
      epochs.add(epoch);
    }

    ArrowSink.Builder builder() {
      return ArrowSink.table(settings.size())
          .text("direction", directions)
          .text("setting", settings)
          .ints("seed", ints(seeds))
          .ints("split", ints(splits));
    }
  }

  private static double[] column(
      List<MapTraining.Epoch> epochs,
      java.util.function.ToDoubleFunction<MapTraining.Epoch> figure) {
    return epochs.stream().mapToDouble(figure).toArray();
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }

  private static double[] doubles(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void commit(ArrowSink.Builder table, AtomicOutputs outputs, Path file) {
    try (ArrowSink sink = table.create(outputs, file)) {
      sink.commit();
    }
  }
}
