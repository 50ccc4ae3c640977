package org.geodex.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.geodex.blas.NativeLibraries;
import org.geodex.error.UnavailableException;

/**
 * Finds and loads the shared libraries of CUDA, once a process: the system's, or the emulator's
 * that carry the same names. The linker knows a library by its name, so one that is loaded first
 * also serves everything that is linked against that name, JCuda's natives too. A process therefore
 * has one driver; the first one that is asked for stays.
 *
 * <p>More folders to look into: {@code -Dgeodex.cuda.path=DIR[:DIR]}.
 */
final class CudaLibraries {
  static final String RESOURCES = "/org/geodex/kernels/";

  private static final List<String> FOLDERS =
      List.of(
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib64",
          "/usr/lib/wsl/lib",
          "/usr/local/nvidia/lib64",
          "/usr/local/cuda/lib64",
          "/usr/local/cuda/targets/x86_64-linux/lib");

  private static final List<String> USUAL_PREFIXES = List.of("/usr/local", "/usr", "/opt/conda");
  private static final int MOST_LINKS = 8;
  private static final int OLDEST_CUDA = 11;

  private static String chosen;
  private static SymbolLookup driver;
  private static SymbolLookup blas;
  private static boolean blasForJcuda;

  private CudaLibraries() {}

  /**
   * Where a library was looked for, for the message.
   *
   * @param library null where it was not found
   * @param file null where the linker found it by its name
   */
  record Search(SymbolLookup library, Path file, List<String> tried) {}

  /** The driver's symbols. */
  static synchronized SymbolLookup driver(String which) {
    if (chosen != null && !chosen.equals(which)) {
      throw new UnavailableException(
          "--cuda-driver %s: this process already uses the %s driver; start a new one",
          which, chosen);
    }
    if (driver == null) {
      driver = which.equals("emulator") ? loadEmulator() : loadSystem();
      chosen = which;
    }
    return driver;
  }

  private static SymbolLookup loadSystem() {
    Search search = search(List.of("libcuda.so.1"));
    if (search.library == null) {
      throw new UnavailableException(
          "no CUDA driver: libcuda.so.1 was not found (tried %s)", String.join(", ", search.tried));
    }
    return search.library;
  }

  private static SymbolLookup loadEmulator() {
    Path folder = emulatorFolder();
    // System.load keeps it for the whole process, also for libraries that are linked against it.
    System.load(folder.resolve("libcuda.so.1").toString());
    return SymbolLookup.libraryLookup(folder.resolve("libcuda.so.1"), Arena.global());
  }

  /** The unpacked emulator, or the reason that the build gave for not having one. */
  static Path emulatorFolder() {
    if (CudaLibraries.class.getResource(RESOURCES + "emulator/libcuda.so.1") == null) {
      throw new UnavailableException(
          "--cuda-driver emulator: not in this build (%s); install g++ and build again",
          KernelImages.buildProperty("emulator", "kernels-cuda is not on the class path"));
    }
    return NativeLibraries.unpack(
        "cuda-emulator",
        RESOURCES + "emulator/",
        List.of("libcuda.so.1", "libcublas.so.12", "kernels.so"));
  }

  /**
   * Names of one of CUDA's libraries that a driver can serve, the newest first: a driver runs what
   * was made for its own major version and for older ones.
   *
   * @param driverVersion 13000 for 13.0
   */
  static List<String> names(String library, int driverVersion) {
    return IntStream.iterate(
            driverVersion / 1000, major -> major >= OLDEST_CUDA, major -> major - 1)
        .mapToObj(major -> library + ".so." + major)
        .toList();
  }

  /** cuBLAS for the Panama binding: any major version that has the v2 symbols. */
  static synchronized SymbolLookup blas(String which, int driverVersion) {
    driver(which);
    if (blas == null) {
      if (which.equals("emulator")) {
        loadEmulatorBlas();
        blas =
            SymbolLookup.libraryLookup(emulatorFolder().resolve("libcublas.so.12"), Arena.global());
      } else {
        Search search = search(names("libcublas", driverVersion));
        if (search.library == null) {
          throw new UnavailableException(
              "cuBLAS was not found (tried %s); -Dgeodex.cuda.path=DIR names its folder",
              String.join(", ", search.tried));
        }
        blas = search.library;
      }
    }
    return blas;
  }

  /**
   * Makes sure that JCublas finds a {@code libcublas.so.12}: the emulator's, the system's, or our
   * forwarding one over the system's {@code libcublas.so.13}.
   */
  static synchronized void blasForJcuda(String which, int driverVersion) {
    driver(which);
    if (blasForJcuda) {
      return;
    }
    if (which.equals("emulator")) {
      loadEmulatorBlas();
    } else if (load(List.of("libcublas.so.12"), new ArrayList<>()) == null) {
      forwardToNewerCublas(driverVersion);
    }
    blasForJcuda = true;
  }

  private static void loadEmulatorBlas() {
    System.load(emulatorFolder().resolve("libcublas.so.12").toString());
  }

  private static void forwardToNewerCublas(int driverVersion) {
    List<String> tried = new ArrayList<>(List.of("libcublas.so.12"));
    Path newer = driverVersion < 13000 ? null : load(List.of("libcublas.so.13"), tried);
    if (newer == null) {
      throw new UnavailableException(
          "JCublas needs libcublas.so.12, or libcublas.so.13 and its driver (tried %s)",
          String.join(", ", tried));
    }
    if (CudaLibraries.class.getResource(RESOURCES + "forward/libcublas.so.12") == null) {
      throw new UnavailableException(
          "JCublas needs libcublas.so.12; only %s is here, and this build has no forwarding library"
              + " (g++ was not found when it was built)",
          newer);
    }
    Path folder =
        NativeLibraries.unpack(
            "cublas-forward", RESOURCES + "forward/", List.of("libcublas.so.12"));
    System.load(folder.resolve("libcublas.so.12").toString());
  }

  /** Loads the first of the names that is found in a folder, for the whole process. */
  private static Path load(List<String> names, List<String> tried) {
    for (String name : names) {
      for (Path folder : folders()) {
        Path file = folder.resolve(name);
        if (Files.exists(file)) {
          try {
            System.load(file.toRealPath().toString());
            return file;
          } catch (IOException | UnsatisfiedLinkError e) {
            tried.add(file + ": " + e.getMessage());
          }
        } else {
          tried.add(file.toString());
        }
      }
    }
    return null;
  }

  /** The first of the names, by the linker's own rules and then in the folders. */
  static Search search(List<String> names) {
    List<String> tried = new ArrayList<>();
    for (String name : names) {
      try {
        return new Search(SymbolLookup.libraryLookup(name, Arena.global()), null, tried);
      } catch (IllegalArgumentException e) {
        tried.add(name);
      }
    }
    for (String name : names) {
      for (Path folder : folders()) {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
          tried.add(file.toString());
          continue;
        }
        try {
          return new Search(SymbolLookup.libraryLookup(file, Arena.global()), file, tried);
        } catch (IllegalArgumentException e) {
          tried.add(file + " (" + e.getMessage() + ")");
        }
      }
    }
    return new Search(null, null, tried);
  }

  /** The property's folders, LD_LIBRARY_PATH's, the usual ones, and Python's CUDA packages. */
  private static Set<Path> folders() {
    Set<Path> folders = new LinkedHashSet<>();
    for (String list :
        new String[] {System.getProperty("geodex.cuda.path"), System.getenv("LD_LIBRARY_PATH")}) {
      for (String folder : list == null ? new String[0] : list.split(":")) {
        if (!folder.isBlank()) {
          folders.add(Path.of(folder));
        }
      }
    }
    FOLDERS.forEach(folder -> folders.add(Path.of(folder)));
    pythonPrefixes(System.getenv("PATH")).forEach(prefix -> pythonPackages(prefix, folders));
    return folders;
  }

  /**
   * Where Pythons are installed: beside the folders of a search path, where a {@code python3} in
   * them links to (a virtual environment's, say), and the usual places.
   */
  static Set<Path> pythonPrefixes(String searchPath) {
    Set<Path> prefixes = new LinkedHashSet<>();
    for (String folder : searchPath == null ? new String[0] : searchPath.split(":")) {
      Path python = Path.of(folder, "python3").toAbsolutePath();
      for (int link = 0; link < MOST_LINKS && Files.exists(python); link++) {
        if (python.getNameCount() > 2) {
          prefixes.add(python.getParent().getParent());
        }
        python = target(python);
      }
    }
    USUAL_PREFIXES.forEach(prefix -> prefixes.add(Path.of(prefix)));
    return prefixes;
  }

  /** What a symbolic link names; the file itself where it is none. */
  private static Path target(Path file) {
    try {
      return Files.isSymbolicLink(file)
          ? file.resolveSibling(Files.readSymbolicLink(file)).normalize()
          : file;
    } catch (IOException e) {
      return file;
    }
  }

  /** {@code lib/python3.12/site-packages/nvidia/cu13/lib}, where PyTorch's wheels put cuBLAS. */
  private static void pythonPackages(Path prefix, Set<Path> folders) {
    for (Path python : children(prefix.resolve("lib"))) {
      if (!python.getFileName().toString().startsWith("python3")) {
        continue;
      }
      for (String packages : List.of("dist-packages", "site-packages")) {
        for (Path part : children(python.resolve(packages).resolve("nvidia"))) {
          if (Files.isDirectory(part.resolve("lib"))) {
            folders.add(part.resolve("lib"));
          }
        }
      }
    }
  }

  static List<Path> children(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
