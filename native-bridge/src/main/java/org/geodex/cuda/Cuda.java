package org.geodex.cuda;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.error.GeodexException;
import org.geodex.error.UnavailableException;

/** The way in: drivers, with the reason where there is none. */
public final class Cuda {
  private static final int MULTIPROCESSORS = 16;
  private static final int MAJOR = 75;
  private static final int MINOR = 76;

  private Cuda() {}

  /** Whether CUDA can be used, and why not. */
  public sealed interface Availability {
    /** It can: the device's name and the driver's newest CUDA version, 13000 for 13.0. */
    record Available(String device, int driverVersion) implements Availability {}

    /** It cannot; {@code reason} is a clause such as "no CUDA driver: … was not found". */
    record Unavailable(String reason) implements Availability {}
  }

  /** Opens the driver and looks at the device and at the kernels, but makes no context. */
  public static Availability availability(CudaOptions options) {
    try {
      CudaDriver driver = driver(options);
      return new Availability.Available(driver.deviceName(options.device()), driver.version());
    } catch (GeodexException e) {
      return new Availability.Unavailable(e.getMessage());
    }
  }

  /**
   * The driver, initialized, with at least the device that the options name and kernels that it can
   * load.
   *
   * @throws UnavailableException with the reason; no JCuda class is touched before the library is
   *     known to be there
   */
  public static CudaDriver driver(CudaOptions options) {
    PanamaDriver panama =
        new PanamaDriver(options.driver(), CudaLibraries.driver(options.driver()));
    int devices = panama.deviceCount();
    if (devices == 0) {
      throw new UnavailableException("the CUDA driver finds no device");
    }
    if (options.device() < 0 || options.device() >= devices) {
      throw new UnavailableException(
          "device %d: there are %d, numbered from 0", options.device(), devices);
    }
    if (options.driver().equals("system")) {
      String why = whyNoKernels(panama, options.device());
      if (why != null) {
        throw new UnavailableException(
            "no kernels for device %d, %s: %s",
            options.device(), panama.deviceName(options.device()), why);
      }
    }
    return options.binding().equals("panama") ? panama : jcuda(panama);
  }

  private static String whyNoKernels(CudaDriver driver, int device) {
    int capability = 10 * driver.attribute(MAJOR, device) + driver.attribute(MINOR, device);
    return KernelImages.whyNoKernels(driver.version(), capability);
  }

  private static CudaDriver jcuda(PanamaDriver panama) {
    try {
      return new JcudaDriver(panama);
    } catch (LinkageError e) {
      throw new UnavailableException(
          "--cuda-binding jcuda: JCuda's native library cannot be loaded (%s)",
          String.valueOf(e.getMessage()).lines().findFirst().orElse("no message"));
    }
  }

  /** What {@code doctor} prints: driver, devices, cuBLAS, NVRTC, kernels, emulator. */
  public static Map<String, Object> describe() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("system", describeSystem());
    all.put("fatbin", describeFatbin());
    String emulator =
        KernelImages.buildProperty("emulator", "kernels-cuda is not on the class path");
    all.put(
        "emulator",
        emulator.equals("built")
            ? "built with g++ " + KernelImages.buildProperty("cxx", "?")
            : "unavailable - " + emulator);
    all.put("kernels", KernelTable.all().size());
    return all;
  }

  private static Object describeFatbin() {
    String fatbin = KernelImages.buildProperty("fatbin", "kernels-cuda is not on the class path");
    if (!fatbin.equals("built")) {
      return "unavailable - " + fatbin;
    }
    return "nvcc %s for compute capability %s"
        .formatted(
            KernelImages.buildProperty("nvcc", "?"),
            KernelImages.buildProperty("architectures", "?"));
  }

  private static Object describeSystem() {
    try {
      PanamaDriver driver = new PanamaDriver("system", CudaLibraries.driver("system"));
      Map<String, Object> system = new LinkedHashMap<>();
      system.put("cuda", "%d.%d".formatted(driver.version() / 1000, driver.version() % 1000 / 10));
      List<Object> devices = new ArrayList<>();
      for (int i = 0; i < driver.deviceCount(); i++) {
        devices.add(describeDevice(driver, i));
      }
      system.put("devices", devices);
      system.put("cublas", describeBlas(driver.version()));
      String nvrtc = Nvrtc.whyUnavailable(driver.version());
      system.put("nvrtc", nvrtc == null ? "available" : "unavailable - " + nvrtc);
      return system;
    } catch (GeodexException e) {
      return "unavailable - " + e.getMessage();
    }
  }

  private static String describeBlas(int driverVersion) {
    try {
      CudaLibraries.blas("system", driverVersion);
      return "available";
    } catch (GeodexException e) {
      return "unavailable - " + e.getMessage();
    }
  }

  private static Map<String, Object> describeDevice(CudaDriver driver, int device) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", driver.deviceName(device));
    map.put("memory", driver.totalMemory(device));
    map.put(
        "compute_capability",
        driver.attribute(MAJOR, device) + "." + driver.attribute(MINOR, device));
    map.put("multiprocessors", driver.attribute(MULTIPROCESSORS, device));
    String why = whyNoKernels(driver, device);
    map.put("kernels", why == null ? "available" : "unavailable - " + why);
    return map;
  }
}
