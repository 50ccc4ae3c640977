package org.geodex.input;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.error.InputException;
import org.geodex.matrix.ArrowFile;
import org.geodex.matrix.MatrixSource;
import org.geodex.matrix.SafetensorsFile;
import org.geodex.matrix.Tensor;

/**
 * Any bytes as a file: read, or refused with an {@link InputException}, and nothing else.
 *
 * <p>Every build runs the seeds, among them all findings. To search for new ones: {@code
 * JAZZER_FUZZ=1 mvn -pl tests -am test -Dtest=ParserFuzzTest#npy
 * -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ParserFuzzTest {
  @FuzzTest(maxDuration = "5m")
  void npy(byte[] bytes) throws IOException {
    asFile(bytes, ".npy", file -> MatrixSource.open(file.toString(), true).close());
  }

  @FuzzTest(maxDuration = "5m")
  void safetensors(byte[] bytes) throws IOException {
    asFile(bytes, ".safetensors", ParserFuzzTest::readTensors);
  }

  @FuzzTest(maxDuration = "5m")
  void arrow(byte[] bytes) throws IOException {
    asFile(bytes, ".arrow", ParserFuzzTest::readColumns);
  }

  private interface Read {
    void from(Path file);
  }

  private static void asFile(byte[] bytes, String ending, Read read) throws IOException {
    Path file = Files.createTempFile("fuzz", ending);
    try {
      Files.write(file, bytes);
      allowed(() -> read.from(file));
    } finally {
      Files.delete(file);
    }
  }

  @SuppressWarnings("EmptyCatch")
  private static void allowed(Runnable read) {
    try {
      read.run();
    } catch (InputException e) {
      // The one thing that may happen to an unsound file.
    }
  }

  private static void readTensors(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path);
        Arena copies = Arena.ofConfined()) {
      for (String name : file.names()) {
        Tensor tensor = file.tensor(name);
        allowed(() -> sum(tensor.matrix(copies)));
      }
    }
  }

  private static void readColumns(Path path) {
    try (ArrowFile file = ArrowFile.open(path);
        Arena copies = Arena.ofConfined()) {
      file.rows();
      for (String column : file.columns()) {
        allowed(() -> sum(file.matrix(column, copies)));
        allowed(() -> file.longs(column));
        allowed(() -> file.strings(column));
      }
    }
  }

  /** Touches every byte, so that a range outside of the file shows. */
  private static float sum(org.geodex.matrix.Matrix matrix) {
    float sum = 0;
    for (long i = 0; i < matrix.rows(); i++) {
      for (int j = 0; j < matrix.columns(); j++) {
        sum += matrix.get(i, j);
      }
    }
    return sum;
  }
}
