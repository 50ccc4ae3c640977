package org.geodex.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.geodex.error.UnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  /** Runs in a process of its own: unpacks OpenBLAS, loads it and says which it is. */
  public static final class Child {
    private Child() {}

    public static void main(String[] args) {
      System.out.println(OpenBlas.config());
    }
  }

  @Test
  void twoProcessesMayUnpackTogether(@TempDir Path cache) throws Exception {
    List<Process> children = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      children.add(start(cache, i));
    }
    for (int i = 0; i < 2; i++) {
      assertEquals(0, children.get(i).waitFor(), () -> output(cache));
    }
    assertEquals(output(cache, 0), output(cache, 1));
    try (Stream<Path> folders = Files.list(cache)) {
      List<Path> unpacked = folders.filter(Files::isDirectory).toList();
      assertEquals(1, unpacked.size());
      assertEquals(
          List.of("libgfortran.so.5", "libopenblas.so.0", "libquadmath.so.0"),
          names(unpacked.getFirst()));
    }
  }

  /** The hash as {@code sha256sum} of name and content would give it. */
  @Test
  void theFolderIsNamedByContent(@TempDir Path cache) throws Exception {
    String prefix = "/org/geodex/blas/";
    String file = "NativeLibraries.class";
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    sha.update(file.getBytes(StandardCharsets.UTF_8));
    try (var in = NativeLibraries.class.getResourceAsStream(prefix + file)) {
      sha.update(in.readAllBytes());
    }
    String hash = HexFormat.of().formatHex(sha.digest());
    String before = System.setProperty("geodex.cache", cache.toString());
    try {
      Path first = NativeLibraries.unpack("x", prefix, List.of(file));
      assertEquals(cache.resolve("x-" + hash.substring(0, 16)), first);
      Files.delete(first.resolve(file));
      assertEquals(first, NativeLibraries.unpack("x", prefix, List.of(file)));
      assertEquals(List.of(file), names(first));
    } finally {
      if (before == null) {
        System.clearProperty("geodex.cache");
      } else {
        System.setProperty("geodex.cache", before);
      }
    }
  }

  @Test
  void aMissingLibraryIsNamed() {
    var e =
        assertThrows(
            UnavailableException.class,
            () -> NativeLibraries.unpack("x", "/no/such/", List.of("libx.so")));
    assertEquals(true, e.getMessage().contains("/no/such/libx.so"));
  }

  private static Process start(Path cache, int number) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Dgeodex.cache=" + cache,
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName())
        .redirectErrorStream(true)
        .redirectOutput(cache.resolve("out" + number).toFile())
        .start();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static String output(Path cache) {
    return output(cache, 0) + output(cache, 1);
  }

  private static String output(Path cache, int number) {
    try {
      return Files.readString(cache.resolve("out" + number));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
