package org.geodex.error;

/**
 * A failure that the user can understand and act on. The message is one clear sentence: what went
 * wrong, where, and what was expected. The command line turns it into {@link #exitCode()}.
 */
public abstract class GeodexException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  GeodexException(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }
}
