package org.geodex.error;

/** A result that could not be written: no space, no permission (exit code 1). */
public final class OutputException extends GeodexException {
  private static final long serialVersionUID = 1L;

  /** The message is a sentence for the user; {@code args} fill it as in {@link String#format}. */
  public OutputException(String message, Object... args) {
    this(null, message, args);
  }

  public OutputException(Throwable cause, String message, Object... args) {
    super(1, args.length == 0 ? message : String.format(message, args), cause);
  }
}
