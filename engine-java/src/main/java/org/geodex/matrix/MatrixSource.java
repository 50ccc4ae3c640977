package org.geodex.matrix;

import java.lang.foreign.Arena;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.geodex.error.InputException;

/**
 * A matrix that a user names: {@code x.npy}, {@code x.safetensors#tensor} or {@code
 * x.arrow#column}. The part after {@code #} may be left out where the file holds one matrix only.
 *
 * <p>f32 data is mapped and not copied. f16 and bf16 are widened and f64 is rounded to f32, once.
 * NaN and infinity are refused with their first place unless asked for.
 */
public final class MatrixSource implements AutoCloseable {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?<file>.*?\\.(?<kind>npy|safetensors|arrow))(?:#(?<part>.*))?", Pattern.DOTALL);

  private final String name;
  private final MatrixFile file;
  private final Arena copies = Arena.ofShared();
  private final Matrix.View matrix;

  private MatrixSource(String name, MatrixFile file, String part, boolean allowNonfinite) {
    this.name = name;
    this.file = file;
    try {
      matrix = file.matrix(part, copies);
      if (!allowNonfinite) {
        FiniteCheck.check(matrix, name);
      }
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  /** Opens a matrix and refuses NaN and infinity; the caller closes it. */
  public static MatrixSource open(String spec) {
    return open(spec, false);
  }

  /**
   * Opens a matrix; the caller closes it, which ends the matrix.
   *
   * @param allowNonfinite whether NaN and infinity pass
   * @throws InputException with file, place and what was expected
   */
  public static MatrixSource open(String spec, boolean allowNonfinite) {
    Matcher parts = SPEC.matcher(spec);
    if (!parts.matches()) {
      throw new InputException(
          "%s: expected a name such as x.npy, x.safetensors#tensor or x.arrow#column", spec);
    }
    Path path = path(parts.group("file"));
    MatrixFile file =
        switch (parts.group("kind")) {
          case "npy" -> NpyFile.open(path);
          case "safetensors" -> SafetensorsFile.open(path);
          default -> ArrowFile.open(path);
        };
    return new MatrixSource(spec, file, parts.group("part"), allowNonfinite);
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new InputException(e, "%s: is no file name (%s)", text, e.getReason());
    }
  }

  /** The name that the user gave. */
  public String name() {
    return name;
  }

  /** The matrix, valid until {@link #close}. */
  public Matrix.View matrix() {
    return matrix;
  }

  @Override
  public void close() {
    if (copies.scope().isAlive()) {
      copies.close();
    }
    file.close();
  }
}
