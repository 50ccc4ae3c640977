package org.geodex.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeakLedgerTest {
  @Test
  void aForgottenBlockIsReportedWithItsCaller() {
    long address = NativeMemory.allocate(1000);
    assertTrue(LeakLedger.open().contains(address));
    String report = LeakLedger.describe(address);
    assertTrue(report.contains("1,000 bytes not freed"), report);
    assertTrue(report.contains("at\n"), report);
    NativeMemory.free(address);
    assertFalse(LeakLedger.open().contains(address));
    assertThrows(IllegalStateException.class, () -> NativeMemory.free(address));
  }

  @Test
  void aForgottenArrowBufferIsReported() {
    RootAllocator allocator = new RootAllocator();
    List<Long> before = LeakLedger.open();
    ArrowBuf buffer = allocator.buffer(100);
    List<Long> opened = added(before);
    assertEquals(List.of(buffer.memoryAddress()), opened);
    assertTrue(LeakLedger.describe(opened.getFirst()).contains("RootAllocator"));
    buffer.close();
    assertEquals(List.of(), added(before));
    allocator.close();
  }

  @Test
  void aForgottenMappingIsReported(@TempDir Path folder) throws IOException {
    Path path = Files.writeString(folder.resolve("x"), "content");
    List<Long> before = LeakLedger.open();
    MappedFile file = MappedFile.open(path);
    assertEquals(1, added(before).size());
    file.close();
    file.close();
    assertEquals(List.of(), added(before));
  }

  @Test
  void arrowBuffersAre64ByteAlignedAndOfAnySize() {
    try (RootAllocator allocator = new RootAllocator()) {
      for (long size : new long[] {1, 63, 64, 65, 4096, 3 << 20}) {
        try (ArrowBuf buffer = allocator.buffer(size)) {
          assertEquals(0, buffer.memoryAddress() % NativeMemory.ALIGNMENT);
          assertTrue(buffer.capacity() >= size);
          MemorySegment bytes = MemorySegment.ofAddress(buffer.memoryAddress()).reinterpret(size);
          bytes.set(ValueLayout.JAVA_BYTE, size - 1, (byte) 7);
          assertEquals(7, buffer.getByte(size - 1));
        }
      }
      assertEquals(0, allocator.getEmpty().capacity());
    }
  }

  @Test
  void freshMemoryIsPoisonedInTests() {
    long address = NativeMemory.allocate(8);
    Supplier<Float> first =
        () -> MemorySegment.ofAddress(address).reinterpret(4).get(ValueLayout.JAVA_FLOAT, 0);
    assertTrue(Float.isNaN(first.get()));
    NativeMemory.free(address);
  }

  private static List<Long> added(List<Long> before) {
    return LeakLedger.open().stream().filter(address -> !before.contains(address)).toList();
  }
}
