package org.geodex.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.geodex.blas.NativeLibraries;
import org.geodex.error.UnavailableException;

/**
 * CUDA's compiler as a library: where the build had no nvcc, or the driver is older than the
 * fatbin, the sources in the jar are compiled for this card at first use, into the cache folder.
 */
final class Nvrtc {
  private static final Linker LINKER = Linker.nativeLinker();

  private static CudaLibraries.Search search;

  private Nvrtc() {}

  /** Null when a library that the driver can serve is here, else a clause with the paths tried. */
  static String whyUnavailable(int driverVersion) {
    CudaLibraries.Search found = library(driverVersion);
    return found.library() != null
        ? null
        : "NVRTC was not found (tried " + String.join(", ", found.tried()) + ")";
  }

  private static synchronized CudaLibraries.Search library(int driverVersion) {
    if (search == null) {
      search = CudaLibraries.search(CudaLibraries.names("libnvrtc", driverVersion));
      if (search.file() != null) {
        loadBuiltins(search.file());
      }
    }
    return search;
  }

  /** NVRTC asks the linker for its other half by name alone; what is loaded already is found. */
  private static void loadBuiltins(Path nvrtc) {
    CudaLibraries.children(nvrtc.getParent()).stream()
        .filter(file -> file.getFileName().toString().startsWith("libnvrtc-builtins.so."))
        .forEach(file -> SymbolLookup.libraryLookup(file, Arena.global()));
  }

  /**
   * The cubin of {@code src/<file>.cu} for the device, from the cache or compiled now.
   *
   * @param why reason for not using the fatbin, for the message
   */
  static byte[] compile(String file, CudaDriver driver, int device, String why) {
    int computeCapabilityMajor = 75;
    int computeCapabilityMinor = 76;
    String architecture =
        "sm_"
            + driver.attribute(computeCapabilityMajor, device)
            + driver.attribute(computeCapabilityMinor, device);
    return compile(file, architecture, driver.version(), why);
  }

  /**
   * @param architecture such as {@code sm_90}
   */
  static byte[] compile(String file, String architecture, int driverVersion, String why) {
    String unavailable = whyUnavailable(driverVersion);
    if (unavailable != null) {
      throw new UnavailableException("no kernels for this device: %s; %s", why, unavailable);
    }
    CudaLibraries.Search library = library(driverVersion);
    String[] headers = KernelImages.text("src/headers.txt").lines().toArray(String[]::new);
    String[] texts = new String[headers.length];
    for (int i = 0; i < headers.length; i++) {
      texts[i] = KernelImages.text("src/" + headers[i]);
    }
    String source = KernelImages.text("src/" + file + ".cu");
    Path cached =
        NativeLibraries.cache()
            .resolve("kernels-" + driverVersion / 1000 + "-" + digest(source, texts))
            .resolve(file + "-" + architecture + ".cubin");
    try {
      if (!Files.exists(cached)) {
        byte[] cubin = new Program(library).compile(file, source, headers, texts, architecture);
        store(cubin, cached);
      }
      return Files.readAllBytes(cached);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void store(byte[] cubin, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    Path beside = Files.createTempFile(target.getParent(), "kernel", ".part");
    Files.write(beside, cubin);
    Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String digest(String source, String[] headers) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(source.getBytes(StandardCharsets.UTF_8));
      for (String header : headers) {
        sha.update(header.getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(sha.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One compilation. */
  private static final class Program {
    private final CudaLibraries.Search library;

    Program(CudaLibraries.Search library) {
      this.library = library;
    }

    byte[] compile(
        String file, String source, String[] headers, String[] texts, String architecture) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(JAVA_LONG);
        check(
            "nvrtcCreateProgram",
            (int)
                handle("nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS)
                    .invokeExact(
                        out,
                        arena.allocateFrom(source),
                        arena.allocateFrom(file + ".cu"),
                        headers.length,
                        strings(texts, arena),
                        strings(headers, arena)));
        long program = out.get(JAVA_LONG, 0);
        String[] options = {
          "--std=c++17", "--gpu-architecture=" + architecture, "--device-as-default-execution-space"
        };
        int status =
            (int)
                handle("nvrtcCompileProgram", JAVA_LONG, JAVA_INT, ADDRESS)
                    .invokeExact(program, options.length, strings(options, arena));
        if (status != 0) {
          throw new UnavailableException(
              "NVRTC could not compile %s.cu for %s: %s", file, architecture, log(program, arena));
        }
        byte[] cubin = bytes("nvrtcGetCUBINSize", "nvrtcGetCUBIN", program, arena);
        check("nvrtcDestroyProgram", (int) handle("nvrtcDestroyProgram", ADDRESS).invokeExact(out));
        return cubin;
      } catch (Throwable e) {
        throw PanamaDriver.rethrow(e);
      }
    }

    private String log(long program, Arena arena) throws Throwable {
      return new String(
              bytes("nvrtcGetProgramLogSize", "nvrtcGetProgramLog", program, arena),
              StandardCharsets.UTF_8)
          .strip();
    }

    private byte[] bytes(String sizeCall, String call, long program, Arena arena) throws Throwable {
      MemorySegment size = arena.allocate(JAVA_LONG);
      check(sizeCall, (int) handle(sizeCall, JAVA_LONG, ADDRESS).invokeExact(program, size));
      MemorySegment data = arena.allocate(size.get(JAVA_LONG, 0));
      check(call, (int) handle(call, JAVA_LONG, ADDRESS).invokeExact(program, data));
      return data.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }

    private static MemorySegment strings(String[] texts, Arena arena) {
      MemorySegment array = arena.allocate(ADDRESS, Math.max(1, texts.length));
      for (int i = 0; i < texts.length; i++) {
        array.setAtIndex(ADDRESS, i, arena.allocateFrom(texts[i]));
      }
      return array;
    }

    private MethodHandle handle(String name, MemoryLayout... parameters) {
      return LINKER.downcallHandle(
          library.library().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
    }

    private static void check(String call, int status) {
      if (status != 0) {
        throw new UnavailableException("%s: NVRTC error %d", call, status);
      }
    }
  }
}
