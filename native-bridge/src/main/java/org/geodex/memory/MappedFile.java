package org.geodex.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.geodex.error.InputException;

/** A file mapped read-only, of any size. Closing it ends every view into it. */
public final class MappedFile implements AutoCloseable {
  private final Path path;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;

  private MappedFile(Path path) throws IOException {
    this.path = path;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      segment = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
    if (LeakLedger.ON && size() > 0) {
      LeakLedger.enter(segment.address(), size());
    }
  }

  /**
   * Maps a file.
   *
   * @throws InputException when it is missing, a folder, or not readable
   */
  public static MappedFile open(Path path) {
    if (Files.isDirectory(path)) {
      throw new InputException("%s: is a folder, expected a file", path);
    }
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new InputException("%s: is a pipe or device, expected a file", path);
    }
    try {
      return new MappedFile(path);
    } catch (NoSuchFileException e) {
      throw new InputException(e, "%s: no such file", path);
    } catch (AccessDeniedException e) {
      throw new InputException(e, "%s: permission denied", path);
    } catch (IOException e) {
      throw new InputException(e, "%s: cannot be read (%s)", path, e.getMessage());
    }
  }

  public Path path() {
    return path;
  }

  public MemorySegment segment() {
    return segment;
  }

  public long size() {
    return segment.byteSize();
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      if (LeakLedger.ON && size() > 0) {
        LeakLedger.leave(segment.address());
      }
      arena.close();
    }
  }
}
