package org.geodex.cuda;

/**
 * Which driver, reached how, and which of its devices.
 *
 * @param binding {@code panama} or {@code jcuda}
 * @param driver {@code system} or {@code emulator}
 * @param device ordinal, from 0
 */
public record CudaOptions(String binding, String driver, int device) {
  public CudaOptions {
    if (!binding.equals("panama") && !binding.equals("jcuda")) {
      throw new IllegalArgumentException("binding " + binding);
    }
    if (!driver.equals("system") && !driver.equals("emulator")) {
      throw new IllegalArgumentException("driver " + driver);
    }
  }
}
