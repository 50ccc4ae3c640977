package org.geodex.matrix;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.geodex.error.OutputException;

/** A file being written; a failure of the disk becomes a sentence with the target's name. */
final class OutputFile implements AutoCloseable {
  private static final long CHUNK = 64 << 20;

  private final Path target;
  private final FileChannel channel;

  /**
   * @param part the file to write
   * @param target the name that messages give it
   */
  OutputFile(Path part, Path target) {
    this.target = target;
    try {
      this.channel = FileChannel.open(part, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Writes a segment of any size at {@code position}. */
  void write(MemorySegment segment, long position) {
    for (long done = 0; done < segment.byteSize(); done += CHUNK) {
      long size = Math.min(CHUNK, segment.byteSize() - done);
      writeFully(segment.asSlice(done, size).asByteBuffer(), position + done);
    }
  }

  void write(byte[] bytes, long position) {
    writeFully(ByteBuffer.wrap(bytes), position);
  }

  private void writeFully(ByteBuffer bytes, long position) {
    try {
      long at = position;
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private OutputException failure(IOException e) {
    return new OutputException(e, "%s: cannot be written (%s)", target, e.getMessage());
  }
}
