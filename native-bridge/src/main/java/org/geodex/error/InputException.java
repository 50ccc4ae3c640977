package org.geodex.error;

/** Bad input: a file, tensor, row or value that cannot be used (exit code 3). */
public final class InputException extends GeodexException {
  private static final long serialVersionUID = 1L;

  /** The message is a sentence for the user; {@code args} fill it as in {@link String#format}. */
  public InputException(String message, Object... args) {
    this(null, message, args);
  }

  public InputException(Throwable cause, String message, Object... args) {
    super(3, args.length == 0 ? message : String.format(message, args), cause);
  }

  /** NaN came out, {@code where} tells of what. */
  public static InputException notFinite(String where) {
    return new InputException(
        "values are not finite %s: the input holds NaN or infinity, or numbers so large that their"
            + " products are",
        where);
  }
}
