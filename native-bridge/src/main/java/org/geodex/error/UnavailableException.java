package org.geodex.error;

/** A backend, device or library that is not available, with the remedy (exit code 4). */
public final class UnavailableException extends GeodexException {
  private static final long serialVersionUID = 1L;

  /** The message is a sentence for the user; {@code args} fill it as in {@link String#format}. */
  public UnavailableException(String message, Object... args) {
    this(null, message, args);
  }

  public UnavailableException(Throwable cause, String message, Object... args) {
    super(4, args.length == 0 ? message : String.format(message, args), cause);
  }
}
