package org.geodex.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.error.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
  @TempDir Path folder;

  @Test
  void theContentIsReadOnlyAndEndsWithTheFile() throws IOException {
    Path path = Files.writeString(folder.resolve("x"), "abc");
    MappedFile file = MappedFile.open(path);
    MemorySegment bytes = file.segment();
    assertEquals('b', bytes.get(ValueLayout.JAVA_BYTE, 1));
    assertThrows(
        IllegalArgumentException.class, () -> bytes.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
    file.close();
    assertThrows(IllegalStateException.class, () -> bytes.get(ValueLayout.JAVA_BYTE, 1));
  }

  @Test
  void anEmptyFileHasNoBytes() throws IOException {
    try (MappedFile file = MappedFile.open(Files.createFile(folder.resolve("empty")))) {
      assertEquals(0, file.size());
    }
  }

  @Test
  void filesBeyondTwoGigabytesAreOneSegment() throws IOException {
    Path path = folder.resolve("sparse");
    long end = 3L << 30;
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.seek(end);
      sparse.write(42);
    }
    try (MappedFile file = MappedFile.open(path)) {
      assertEquals(end + 1, file.size());
      assertEquals(42, file.segment().get(ValueLayout.JAVA_BYTE, end));
    }
  }

  @Test
  void whatIsNoFileIsRefused() {
    assertRefused(folder, "is a folder");
    assertRefused(folder.resolve("no"), "no such file");
    assertRefused(Path.of("/dev/zero"), "pipe or device");
  }

  private static void assertRefused(Path path, String reason) {
    var e = assertThrows(InputException.class, () -> MappedFile.open(path).close());
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }
}
