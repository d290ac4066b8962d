package io.metamer.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** The bytes of an open file from a place on, buffered; several may read one file. */
final class FileBytes extends InputStream {

  private final FileChannel channel;

  /** Where the buffer's end is in the file. */
  private long end;

  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 13).limit(0);

  FileBytes(FileChannel channel, long position) {
    this.channel = channel;
    this.end = position;
  }

  /** Where the next byte is in the file. */
  long position() {
    return end - buffer.remaining();
  }

  @Override
  public int read() throws IOException {
    if (!buffer.hasRemaining()) {
      int n = channel.read(buffer.clear(), end);
      buffer.flip();
      if (n < 0) {
        return -1;
      }
      end += n;
    }
    return Byte.toUnsignedInt(buffer.get());
  }

  @Override
  public int read(byte[] bytes, int start, int count) throws IOException {
    if (buffer.hasRemaining()) {
      int n = Math.min(count, buffer.remaining());
      buffer.get(bytes, start, n);
      return n;
    }
    int n = channel.read(ByteBuffer.wrap(bytes, start, count), end);
    end += Math.max(0, n);
    return n;
  }
}
