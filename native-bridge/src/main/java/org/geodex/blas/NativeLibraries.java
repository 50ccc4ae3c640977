package org.geodex.blas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.geodex.error.UnavailableException;

/**
 * Unpacks shared libraries from a jar into a cache folder that is named by their content, once.
 * Several processes may start together: each file is written beside and renamed, so a reader sees a
 * whole file or none.
 *
 * <p>The cache is {@code -Dgeodex.cache}, else {@code $XDG_CACHE_HOME/geodex}, else {@code
 * ~/.cache/geodex}, else the temporary folder where none of these can be written.
 */
public final class NativeLibraries {
  private NativeLibraries() {}

  /**
   * Unpacks resources into one folder.
   *
   * @param name first part of the folder's name
   * @param prefix resource path, ending in a slash
   * @param files file names under it
   * @return the folder that holds the files
   */
  public static Path unpack(String name, String prefix, List<String> files) {
    try {
      Path folder = cache().resolve(name + "-" + digest(prefix, files));
      Files.createDirectories(folder);
      for (String file : files) {
        Path target = folder.resolve(file);
        if (!Files.exists(target)) {
          copy(prefix + file, target);
        }
      }
      return folder;
    } catch (IOException e) {
      throw new UnavailableException(
          e, "%s: its libraries could not be unpacked (%s)", name, e.getMessage());
    }
  }

  /** The folder for what can be made again: unpacked libraries, compiled kernels. */
  public static Path cache() {
    String property = System.getProperty("geodex.cache");
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path cache =
        property != null
            ? Path.of(property)
            : xdg != null && !xdg.isBlank()
                ? Path.of(xdg, "geodex")
                : Path.of(System.getProperty("user.home"), ".cache", "geodex");
    try {
      Files.createDirectories(cache);
      if (Files.isWritable(cache)) {
        return cache;
      }
    } catch (IOException e) {
      // Fall through: a read-only home is no reason to stop.
    }
    return Path.of(
        System.getProperty("java.io.tmpdir"), "geodex-" + System.getProperty("user.name"));
  }

  private static void copy(String resource, Path target) throws IOException {
    Path beside =
        Files.createTempFile(target.getParent(), target.getFileName().toString(), ".part");
    try (InputStream in = open(resource)) {
      Files.copy(in, beside, StandardCopyOption.REPLACE_EXISTING);
      Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /**
   * Hash over names and sizes plus the jar's own build, enough to tell two builds of a library
   * apart without reading 30 MB at every start.
   */
  private static String digest(String prefix, List<String> files) throws IOException {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (String file : files) {
        var url = NativeLibraries.class.getResource(prefix + file);
        if (url == null) {
          throw new UnavailableException(
              "%s%s is not on the class path: this machine's system is not supported",
              prefix, file);
        }
        var connection = url.openConnection();
        connection.setUseCaches(true);
        String size = file + ":" + connection.getContentLengthLong();
        if (connection instanceof java.net.JarURLConnection jar) {
          size += ":" + Long.toHexString(jar.getJarEntry().getCrc());
        }
        sha.update(size.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(sha.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }

  private static InputStream open(String resource) throws IOException {
    InputStream in = NativeLibraries.class.getResourceAsStream(resource);
    if (in == null) {
      throw new IOException(resource + " is not on the class path");
    }
    return in;
  }
}
