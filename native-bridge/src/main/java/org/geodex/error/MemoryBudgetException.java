package org.geodex.error;

/** Work that would not fit in memory: needed, available, what to change (exit code 5). */
public final class MemoryBudgetException extends GeodexException {
  private static final long serialVersionUID = 1L;

  /** The message is a sentence for the user; {@code args} fill it as in {@link String#format}. */
  public MemoryBudgetException(String message, Object... args) {
    this(null, message, args);
  }

  public MemoryBudgetException(Throwable cause, String message, Object... args) {
    super(5, args.length == 0 ? message : String.format(message, args), cause);
  }
}
