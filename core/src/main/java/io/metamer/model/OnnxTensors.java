package io.metamer.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import onnx.Onnx.TensorProto;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Tensors of ONNX files as arrays. */
final class OnnxTensors {

  /** ND4J's own bound. */
  static final int MOST_AXES = 32;

  private static final int CHUNK = 1 << 16;

  private OnnxTensors() {}

  /** Where the numbers of a tensor stand, little endian. */
  interface Bytes {

    long length();

    /** Fills a buffer with what stands from a place on. */
    void read(long from, ByteBuffer into) throws IOException;

    /** Numbers that are in memory. */
    static Bytes of(ByteBuffer bytes) {
      return new Bytes() {
        @Override
        public long length() {
          return bytes.remaining();
        }

        @Override
        public void read(long from, ByteBuffer into) {
          int n = into.remaining();
          into.put(bytes.slice(bytes.position() + (int) from, n));
        }
      };
    }
  }

  /** The tensor of a node's attribute, short enough that its numbers are in its message. */
  static INDArray attribute(OnnxNode node, TensorProto tensor) {
    try {
      return array(tensor, "its value");
    } catch (IOException | UnsupportedModelException e) {
      throw node.unsupported(String.valueOf(e.getMessage()));
    }
  }

  /** Reads a tensor whose numbers are in its message. */
  static INDArray array(TensorProto tensor, String what) throws IOException {
    return array(tensor, inside(tensor), what);
  }

  /**
   * Reads a tensor.
   *
   * @param bytes its numbers
   * @param what names it in messages
   * @throws IOException if there are others than its shape says
   * @throws UnsupportedModelException if its type is none that ND4J has
   */
  static INDArray array(TensorProto tensor, Bytes bytes, String what) throws IOException {
    DataType type = type(tensor, what);
    long[] shape = shape(tensor, what);
    int width = width(tensor);
    if (bytes.length() != length(shape) * width) {
      throw new IOException(
          "%s has shape %s and %s numbers: the file is damaged"
              .formatted(what, Arrays.toString(shape), bytes.length() / (double) width));
    }
    if (bytes.length() > Integer.MAX_VALUE / 2) {
      throw new UnsupportedModelException(
          "%s has %d bytes; supported are up to %d a tensor"
              .formatted(what, bytes.length(), Integer.MAX_VALUE / 2));
    }
    INDArray array = Nd4j.createUninitialized(type, shape, 'c');
    if (bytes.length() == 0) {
      return array;
    }
    ByteBuffer into = contents(array);
    if (type != DataType.BOOL && width == type.width()) {
      bytes.read(0, into);
      return array;
    }
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    for (long from = 0; from < bytes.length(); from += chunk.limit()) {
      chunk.clear().limit((int) Math.min(CHUNK, bytes.length() - from));
      bytes.read(from, chunk);
      chunk.flip();
      while (chunk.hasRemaining()) {
        switch (tensor.getDataType()) {
          case TensorProto.DataType.BOOL_VALUE -> into.put((byte) (chunk.get() == 0 ? 0 : 1));
          case TensorProto.DataType.FLOAT16_VALUE -> into.putFloat(half(chunk.getShort()));
          default -> into.putFloat(Float.intBitsToFloat(chunk.getShort() << 16));
        }
      }
    }
    return array;
  }

  private static DataType type(TensorProto tensor, String what) {
    TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
    return switch (type == null ? TensorProto.DataType.UNDEFINED : type) {
      case FLOAT, FLOAT16, BFLOAT16 -> DataType.FLOAT;
      case DOUBLE -> DataType.DOUBLE;
      case BOOL -> DataType.BOOL;
      case INT8 -> DataType.INT8;
      case UINT8 -> DataType.UINT8;
      case INT16 -> DataType.INT16;
      case UINT16 -> DataType.UINT16;
      case INT32 -> DataType.INT32;
      case UINT32 -> DataType.UINT32;
      case INT64 -> DataType.INT64;
      case UINT64 -> DataType.UINT64;
      default ->
          throw new UnsupportedModelException(
              "%s has type %s; supported are float, double, float16, bfloat16, whole numbers and bool"
                  .formatted(what, type == null ? "number " + tensor.getDataType() : type));
    };
  }

  /** How many bytes the file takes for a number. */
  private static int width(TensorProto tensor) {
    return switch (tensor.getDataType()) {
      case TensorProto.DataType.DOUBLE_VALUE,
          TensorProto.DataType.INT64_VALUE,
          TensorProto.DataType.UINT64_VALUE ->
          8;
      case TensorProto.DataType.FLOAT_VALUE,
          TensorProto.DataType.INT32_VALUE,
          TensorProto.DataType.UINT32_VALUE ->
          4;
      case TensorProto.DataType.BOOL_VALUE,
          TensorProto.DataType.INT8_VALUE,
          TensorProto.DataType.UINT8_VALUE ->
          1;
      default -> 2;
    };
  }

  private static long[] shape(TensorProto tensor, String what) throws IOException {
    if (tensor.getDimsCount() > MOST_AXES) {
      throw new IOException(
          "%s has %d axes, more than %d: the file is damaged"
              .formatted(what, tensor.getDimsCount(), MOST_AXES));
    }
    long[] shape = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    if (Arrays.stream(shape).anyMatch(d -> d < 0) || length(shape) > Long.MAX_VALUE / Long.BYTES) {
      throw new IOException(
          "%s has shape %s: the file is damaged".formatted(what, Arrays.toString(shape)));
    }
    return shape;
  }

  /** The numbers in the message itself, raw or in the field of their type. */
  static Bytes inside(TensorProto tensor) {
    if (!tensor.getRawData().isEmpty()) {
      return Bytes.of(tensor.getRawData().asReadOnlyByteBuffer());
    }
    int width = width(tensor);
    return switch (tensor.getDataType()) {
      case TensorProto.DataType.FLOAT_VALUE ->
          typed(tensor.getFloatDataList(), width, ByteBuffer::putFloat);
      case TensorProto.DataType.DOUBLE_VALUE ->
          typed(tensor.getDoubleDataList(), width, ByteBuffer::putDouble);
      case TensorProto.DataType.INT64_VALUE ->
          typed(tensor.getInt64DataList(), width, ByteBuffer::putLong);
      case TensorProto.DataType.UINT64_VALUE ->
          typed(tensor.getUint64DataList(), width, ByteBuffer::putLong);
      case TensorProto.DataType.UINT32_VALUE ->
          typed(tensor.getUint64DataList(), width, (b, v) -> b.putInt(v.intValue()));
      case TensorProto.DataType.INT32_VALUE ->
          typed(tensor.getInt32DataList(), width, ByteBuffer::putInt);
      default ->
          typed(
              tensor.getInt32DataList(),
              width,
              width == 1 ? (b, v) -> b.put(v.byteValue()) : (b, v) -> b.putShort(v.shortValue()));
    };
  }

  /** How a number is put into a buffer. */
  @FunctionalInterface
  private interface Put<T> {
    ByteBuffer into(ByteBuffer buffer, T number);
  }

  /** Numbers in the field of their type; they are put into chunks as they are asked for. */
  private static <T> Bytes typed(List<T> numbers, int width, Put<T> put) {
    return new Bytes() {
      @Override
      public long length() {
        return (long) width * numbers.size();
      }

      @Override
      public void read(long from, ByteBuffer into) {
        for (int i = (int) (from / width); into.hasRemaining(); i++) {
          put.into(into, numbers.get(i));
        }
      }
    };
  }

  /**
   * A number of 16 bits: one of sign, five of exponent, ten of fraction.
   *
   * @see <a href="https://en.wikipedia.org/wiki/Half-precision_floating-point_format">IEEE 754
   *     binary16</a>
   */
  static float half(short bits) {
    int exponent = (bits >> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    float magnitude =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1f -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat((exponent + 112) << 23 | fraction << 13);
        };
    return bits < 0 ? -magnitude : magnitude;
  }

  /** The count of numbers of a shape, or the largest long where that is not enough. */
  static long length(long... shape) {
    long length = 1;
    boolean overflows = false;
    for (long d : shape) {
      if (d == 0) {
        return 0;
      }
      overflows |= Math.multiplyHigh(length, d) != 0 || length * d < 0;
      length = overflows ? Long.MAX_VALUE : length * d;
    }
    return length;
  }

  /** The memory of an array that was just made and is not empty, to be written once. */
  static ByteBuffer contents(INDArray array) {
    Nd4j.getAffinityManager().tagLocation(array, AffinityManager.Location.HOST);
    long bytes = array.length() * array.dataType().width();
    return new BytePointer(array.data().pointer())
        .capacity(bytes)
        .asByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A constant as whole numbers. */
  static long[] longs(INDArray array) {
    if (array.isEmpty()) {
      return new long[0];
    }
    return array.castTo(DataType.INT64).dup('c').reshape(array.length()).toLongVector();
  }

  /** A constant as numbers. */
  static double[] doubles(INDArray array) {
    if (array.isEmpty()) {
      return new double[0];
    }
    return array.castTo(DataType.DOUBLE).dup('c').reshape(array.length()).toDoubleVector();
  }
}
