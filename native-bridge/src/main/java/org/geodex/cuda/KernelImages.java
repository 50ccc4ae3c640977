package org.geodex.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.geodex.error.UnavailableException;

/**
 * What {@code cuModuleLoadData} gets for a kernel file: the fatbin of the build; where there is
 * none or the driver is too old for it, the sources compiled by NVRTC; on the emulator its own
 * library, which holds all files.
 */
final class KernelImages {
  private static final Properties BUILD = readBuild();

  /** The oldest compute capability that the sources compile for. */
  private static final int OLDEST = 80;

  /** Whether the fatbins are to be left alone: for tests of the compilation at first use. */
  private static final boolean FROM_SOURCES =
      "sources".equals(System.getProperty("geodex.cuda.images"));

  private KernelImages() {}

  /** A line of build.properties, or {@code otherwise} where the kernels were never built. */
  static String buildProperty(String key, String otherwise) {
    return BUILD.getProperty(key, otherwise);
  }

  /** {@code <file>}'s image for this driver and device, in {@code arena}. */
  static MemorySegment of(String file, CudaDriver driver, int device, Arena arena) {
    if (driver.library().equals("emulator")) {
      return read(CudaLibraries.emulatorFolder().resolve("kernels.so"), arena);
    }
    String refused = whyNoFatbin(driver.version());
    if (refused == null) {
      return copy(resource(file + ".fatbin"), arena);
    }
    return copy(Nvrtc.compile(file, driver, device, refused), arena);
  }

  /** The key under which a file's module is kept: the emulator has one for all files. */
  static String moduleKey(String file, CudaDriver driver) {
    return driver.library().equals("emulator") ? "kernels" : file;
  }

  /** Null when this driver can load the build's fatbins, else the reason. */
  static String whyNoFatbin(int driverVersion) {
    if (FROM_SOURCES) {
      return "-Dgeodex.cuda.images=sources asks for NVRTC";
    }
    String built = buildProperty("fatbin", "kernels-cuda is not on the class path");
    if (!built.equals("built")) {
      return built;
    }
    String nvcc = buildProperty("nvcc", "0");
    int major = Integer.parseInt(nvcc.replaceAll("\\..*", ""));
    if (driverVersion / 1000 < major) {
      return "driver supports CUDA %d.%d, kernels built with %s"
          .formatted(driverVersion / 1000, driverVersion % 1000 / 10, nvcc);
    }
    return null;
  }

  /**
   * Says why no kernel can run on a device, if so.
   *
   * @param capability 90 for compute capability 9.0
   * @return null when kernels can be loaded
   */
  static String whyNoKernels(int driverVersion, int capability) {
    if (capability < OLDEST) {
      return "it has compute capability %d.%d, the kernels need %d.%d (asynchronous copies)"
          .formatted(capability / 10, capability % 10, OLDEST / 10, OLDEST % 10);
    }
    String refused = whyNoFatbin(driverVersion);
    String uncompiled = refused == null ? null : Nvrtc.whyUnavailable(driverVersion);
    return uncompiled == null ? null : refused + "; and " + uncompiled;
  }

  static byte[] resource(String name) {
    try (InputStream in = KernelImages.class.getResourceAsStream(CudaLibraries.RESOURCES + name)) {
      if (in == null) {
        throw new UnavailableException("the kernels' %s is not on the class path", name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(String name) {
    return new String(resource(name), StandardCharsets.UTF_8);
  }

  private static MemorySegment read(Path file, Arena arena) {
    try {
      return copy(Files.readAllBytes(file), arena);
    } catch (IOException e) {
      throw new UnavailableException(e, "%s: cannot be read (%s)", file, e.getMessage());
    }
  }

  private static MemorySegment copy(byte[] bytes, Arena arena) {
    MemorySegment image = arena.allocate(bytes.length, 64);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, image, 0, bytes.length);
    return image;
  }

  private static Properties readBuild() {
    Properties properties = new Properties();
    try (InputStream in =
        KernelImages.class.getResourceAsStream(CudaLibraries.RESOURCES + "build.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }
}
