package org.geodex.blas;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.geodex.error.UnavailableException;

/**
 * Unpacks shared libraries from a jar into a cache folder that is named by the SHA-256 of their
 * content, once. A note beside it keeps the hash under the jar's own sizes and checksums, so that
 * later starts need not read 30 MB. Several processes may start together: each file is written
 * beside and renamed, so a reader sees a whole file or none.
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
      Path cache = cache();
      Path note = cache.resolve("%s-%s.sha256".formatted(name, entries(prefix, files)));
      Path folder = noted(cache, name, note);
      if (folder == null || !files.stream().map(folder::resolve).allMatch(Files::exists)) {
        String hash = content(prefix, files);
        folder = Files.createDirectories(cache.resolve(name + "-" + hash.substring(0, 16)));
        for (String file : files) {
          Path target = folder.resolve(file);
          if (!Files.exists(target)) {
            write(target, open(prefix + file));
          }
        }
        write(note, new ByteArrayInputStream(hash.getBytes(US_ASCII)));
      }
      return folder;
    } catch (IOException e) {
      throw new UnavailableException(
          e, "%s: its libraries could not be unpacked (%s)", name, e.getMessage());
    }
  }

  /** The folder that a note names, or null. */
  private static Path noted(Path cache, String name, Path note) throws IOException {
    if (!Files.exists(note)) {
      return null;
    }
    String hash = Files.readString(note, US_ASCII);
    return hash.matches("[0-9a-f]{64}") ? cache.resolve(name + "-" + hash.substring(0, 16)) : null;
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

  private static void write(Path target, InputStream content) throws IOException {
    Path beside =
        Files.createTempFile(target.getParent(), target.getFileName().toString(), ".part");
    try (content) {
      Files.copy(content, beside, StandardCopyOption.REPLACE_EXISTING);
      Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** SHA-256 of names and content. */
  private static String content(String prefix, List<String> files) throws IOException {
    MessageDigest sha = sha256();
    for (String file : files) {
      sha.update(file.getBytes(UTF_8));
      try (InputStream in = new DigestInputStream(open(prefix + file), sha)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  /** Hash of names, sizes and the jar's checksums, or a folder's times: known without unpacking. */
  private static String entries(String prefix, List<String> files) throws IOException {
    MessageDigest sha = sha256();
    for (String file : files) {
      var url = NativeLibraries.class.getResource(prefix + file);
      if (url == null) {
        throw new UnavailableException(
            "%s%s is not on the class path: this machine's system is not supported", prefix, file);
      }
      var connection = url.openConnection();
      connection.setUseCaches(true);
      long mark =
          connection instanceof JarURLConnection jar
              ? jar.getJarEntry().getCrc()
              : connection.getLastModified();
      String entry = "%s:%d:%x".formatted(file, connection.getContentLengthLong(), mark);
      sha.update(entry.getBytes(UTF_8));
    }
    return HexFormat.of().formatHex(sha.digest(), 0, 8);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
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
