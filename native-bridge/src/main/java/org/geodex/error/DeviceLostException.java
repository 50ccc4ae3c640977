package org.geodex.error;

/**
 * A kernel broke its context: what was on the device is lost, and only a new context, in most cases
 * a new process, can go on (exit code 4).
 */
public final class DeviceLostException extends GeodexException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String error;

  /**
   * @param message the whole sentence: call or kernel, error name, what it was called with
   * @param call function of the library
   * @param error CUDA's name for the error
   */
  public DeviceLostException(String message, String call, String error) {
    super(4, message, null);
    this.call = call;
    this.error = error;
  }

  public String call() {
    return call;
  }

  public String error() {
    return error;
  }
}
