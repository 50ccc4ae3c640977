package org.geodex.error;

/** Wrong options or parameters (exit code 2). */
public final class UsageException extends GeodexException {
  private static final long serialVersionUID = 1L;

  /** The message is a sentence for the user; {@code args} fill it as in {@link String#format}. */
  public UsageException(String message, Object... args) {
    this(null, message, args);
  }

  public UsageException(Throwable cause, String message, Object... args) {
    super(2, args.length == 0 ? message : String.format(message, args), cause);
  }
}
