package io.metamer.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;

/**
 * Numbers one after the other in a file. Tensors are views of them, sometimes several of one.
 *
 * @param type of each number
 * @param order of the bytes of a number
 * @param length how many numbers
 * @param bytes where they are; valid while the file is open
 */
record Storage(ElementType type, ByteOrder order, long length, Bytes bytes) {

  /** A run of bytes that can be read from any place on. */
  @FunctionalInterface
  interface Bytes {
    InputStream from(long position) throws IOException;
  }

  /** The same bytes as numbers of another type. */
  Storage as(ElementType other) {
    return new Storage(other, order, length * type.bytes / other.bytes, bytes);
  }

  /** A part of it. */
  Storage part(long start, long size) {
    return new Storage(type, order, size, at -> bytes.from(start * type.bytes + at));
  }
}
