package org.geodex.error;

/** A call into the device's driver or libraries failed (exit code 4). */
public final class NativeCallException extends GeodexException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String error;
  private final int code;

  /**
   * @param message the whole sentence: call or kernel, error name, what it was called with
   * @param call function of the library
   * @param error the library's name for the error
   * @param code and its number
   */
  public NativeCallException(String message, String call, String error, int code) {
    super(4, message, null);
    this.call = call;
    this.error = error;
    this.code = code;
  }

  public String call() {
    return call;
  }

  public String error() {
    return error;
  }

  public int code() {
    return code;
  }
}
