package io.metamer.weights;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A tensor as a file describes it: which numbers of a storage, in which order.
 *
 * @param storage the numbers
 * @param offset of the first
 * @param shape sizes of the axes
 * @param stride how many numbers lie between neighbours along each axis
 */
record View(Storage storage, long offset, List<Long> shape, List<Long> stride) {

  /** What ND4J can hold. */
  private static final int MAX_AXES = 32;

  /** Numbers are decoded this many at a time, so that Java's heap holds a few megabytes of them. */
  private static final int CHUNK = 1 << 20;

  /** Bytes of a storage that is read whole, because a view picks numbers out of their order. */
  private static final long MAX_SCATTERED = 1L << 28;

  /** A whole storage in row order. */
  static View inRowOrder(Storage storage, List<Long> shape) {
    return new View(storage, 0, shape, rowOrder(shape));
  }

  /** A whole storage in column order, the first axis the fastest, as Fortran has it. */
  static View inColumnOrder(Storage storage, List<Long> shape) {
    return new View(storage, 0, shape, reversed(rowOrder(reversed(shape))));
  }

  private static List<Long> rowOrder(List<Long> shape) {
    List<Long> stride = new ArrayList<>();
    long next = 1;
    for (long n : reversed(shape)) {
      stride.add(next);
      next *= Math.max(1, n); // Whether this is too large is seen by check().
    }
    return reversed(stride);
  }

  private static List<Long> reversed(List<Long> list) {
    List<Long> reversed = new ArrayList<>(list);
    Collections.reverse(reversed);
    return List.copyOf(reversed);
  }

  /**
   * How many elements a shape has.
   *
   * @throws IOException if it has a size below 0, or no number says how many
   */
  static long length(List<Long> shape) throws IOException {
    long length = 1;
    for (long n : shape) {
      if (n < 0 || (n > 0 && length > Long.MAX_VALUE / n)) {
        throw new IOException("shape %s is none that an array has".formatted(shape));
      }
      length *= n;
    }
    return length;
  }

  /**
   * Compares it with its storage.
   *
   * @throws IOException if it is not in there
   */
  void check() throws IOException {
    if (shape.size() > MAX_AXES) {
      throw new IOException("%d axes; supported are %d".formatted(shape.size(), MAX_AXES));
    }
    long length = length(shape);
    boolean fits = offset >= 0 && stride.size() == shape.size();
    long last = offset;
    for (int i = 0; fits && length > 0 && i < shape.size(); i++) {
      long steps = shape.get(i) - 1;
      long step = stride.get(i);
      long room = storage.length() - 1 - last;
      fits = steps == 0 || (step >= 0 && room >= 0 && step <= room / steps);
      last += fits ? steps * step : 0;
    }
    if (!fits || (length > 0 && last >= storage.length())) {
      throw new IOException(
          "shape %s with strides %s from %d on is not in a storage of %d numbers"
              .formatted(shape, stride, offset, storage.length()));
    }
  }

  /** How many elements it has, once checked. */
  long length() {
    return shape.stream().reduce(1L, (a, b) -> a * b);
  }

  /** How many bytes an element takes in its array. */
  int width() {
    return storage.type().array.width();
  }

  /** Reads the numbers. */
  INDArray read() throws IOException {
    long length = length();
    long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
    if (length == 0) {
      return Nd4j.create(storage.type().array, sizes);
    }
    Numbers numbers = isInRowOrder() ? streamed() : scattered();
    if (length <= CHUNK) {
      return numbers.next((int) length).reshape('c', sizes);
    }
    INDArray all = Nd4j.createUninitialized(storage.type().array, length);
    for (long i = 0; i < length; i += CHUNK) {
      int n = (int) Math.min(CHUNK, length - i);
      try (INDArray part = numbers.next(n)) {
        all.get(NDArrayIndex.interval(i, i + n)).assign(part);
      }
    }
    return all.reshape('c', sizes);
  }

  private boolean isInRowOrder() {
    List<Long> expected = rowOrder(shape);
    for (int i = 0; i < shape.size(); i++) {
      // The stride along an axis of size 1 says nothing.
      if (shape.get(i) != 1 && !stride.get(i).equals(expected.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** The elements in row order, some at a time. */
  @FunctionalInterface
  private interface Numbers {
    INDArray next(int count) throws IOException;
  }

  private Numbers streamed() throws IOException {
    int width = storage.type().bytes;
    InputStream stream = storage.bytes().from(offset * width);
    return count -> storage.type().vector(buffer(bytes(stream, count * width)));
  }

  private Numbers scattered() throws IOException {
    int width = storage.type().bytes;
    long size = storage.length() * width;
    if (size > MAX_SCATTERED) {
      throw new IOException(
          "strides %s in a storage of %d bytes; supported are up to %d: save it contiguous"
              .formatted(stride, size, MAX_SCATTERED));
    }
    byte[] all = bytes(storage.bytes().from(0), (int) size);
    long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
    long[] steps = stride.stream().mapToLong(Long::longValue).toArray();
    long[] index = new long[sizes.length];
    return count -> {
      byte[] picked = new byte[count * width];
      for (int i = 0; i < count; i++) {
        long at = offset;
        for (int axis = 0; axis < index.length; axis++) {
          at += index[axis] * steps[axis];
        }
        System.arraycopy(all, (int) at * width, picked, i * width, width);
        for (int axis = index.length - 1; axis >= 0 && ++index[axis] == sizes[axis]; axis--) {
          index[axis] = 0;
        }
      }
      return storage.type().vector(buffer(picked));
    };
  }

  private ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(storage.order());
  }

  private static byte[] bytes(InputStream stream, int count) throws IOException {
    byte[] bytes = new byte[count];
    if (stream.readNBytes(bytes, 0, count) < count) {
      throw new EOFException("the file ends in its numbers");
    }
    return bytes;
  }
}
