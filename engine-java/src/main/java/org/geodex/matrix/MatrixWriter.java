package org.geodex.matrix;

import java.nio.file.Path;
import org.geodex.file.AtomicOutputs;

/** Writes a whole matrix at once; see {@link MatrixSink} for formats and guarantees. */
public final class MatrixWriter {
  private MatrixWriter() {}

  public static void write(Path out, Matrix matrix) {
    write(null, out, matrix);
  }

  /** Writes one of several outputs of a command, renamed by {@code outputs.commit()}. */
  public static void write(AtomicOutputs outputs, Path out, Matrix matrix) {
    try (MatrixSink sink = MatrixSink.create(outputs, out, matrix.rows(), matrix.columns())) {
      sink.write(matrix);
      sink.commit();
    }
  }
}
