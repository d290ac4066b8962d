package io.metamer.weights;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The types of numbers that files hold, and what they become as arrays. */
enum ElementType {
  FLOAT64("F64", "DoubleStorage", "f8", 8, DataType.DOUBLE),
  FLOAT32("F32", "FloatStorage", "f4", 4, DataType.FLOAT),
  FLOAT16("F16", "HalfStorage", "f2", 2, DataType.FLOAT),
  BFLOAT16("BF16", "BFloat16Storage", null, 2, DataType.FLOAT),
  INT64("I64", "LongStorage", "i8", 8, DataType.INT64),
  INT32("I32", "IntStorage", "i4", 4, DataType.INT32),
  INT16("I16", "ShortStorage", "i2", 2, DataType.INT16),
  INT8("I8", "CharStorage", "i1", 1, DataType.INT8),
  UINT32("U32", null, "u4", 4, DataType.INT64),
  UINT16("U16", null, "u2", 2, DataType.INT32),
  UINT8("U8", "ByteStorage", "u1", 1, DataType.UINT8),
  BOOL("BOOL", "BoolStorage", "b1", 1, DataType.BOOL);

  /** For messages. */
  static final String SUPPORTED =
      Arrays.stream(values()).map(ElementType::word).collect(Collectors.joining(", "));

  /** What safetensors calls it. */
  final String safetensors;

  /** The class of torch that holds it, where there is one. */
  final @Nullable String storage;

  /** What NumPy calls it, without the byte order, where it has it. */
  final @Nullable String numpy;

  final int bytes;

  /** The type of the arrays, which holds each of these numbers exactly. */
  final DataType array;

  ElementType(
      String safetensors,
      @Nullable String storage,
      @Nullable String numpy,
      int bytes,
      DataType array) {
    this.safetensors = safetensors;
    this.storage = storage;
    this.numpy = numpy;
    this.bytes = bytes;
    this.array = array;
  }

  /** What torch and NumPy call it: float32. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All numbers of a buffer, as a vector. */
  INDArray vector(ByteBuffer buffer) {
    int n = buffer.remaining() / bytes;
    return switch (this) {
      case FLOAT64 -> {
        double[] x = new double[n];
        buffer.asDoubleBuffer().get(x);
        yield Nd4j.createFromArray(x);
      }
      case FLOAT32 -> {
        float[] x = new float[n];
        buffer.asFloatBuffer().get(x);
        yield Nd4j.createFromArray(x);
      }
      case FLOAT16 -> {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
          x[i] = half(buffer.getShort());
        }
        yield Nd4j.createFromArray(x);
      }
      case BFLOAT16 -> {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
          x[i] = Float.intBitsToFloat(buffer.getShort() << 16);
        }
        yield Nd4j.createFromArray(x);
      }
      case INT64 -> {
        long[] x = new long[n];
        buffer.asLongBuffer().get(x);
        yield Nd4j.createFromArray(x);
      }
      case UINT32 -> {
        long[] x = new long[n];
        Arrays.setAll(x, i -> Integer.toUnsignedLong(buffer.getInt()));
        yield Nd4j.createFromArray(x);
      }
      case INT32 -> {
        int[] x = new int[n];
        buffer.asIntBuffer().get(x);
        yield Nd4j.createFromArray(x);
      }
      case UINT16 -> {
        int[] x = new int[n];
        Arrays.setAll(x, i -> Short.toUnsignedInt(buffer.getShort()));
        yield Nd4j.createFromArray(x);
      }
      case INT16 -> {
        short[] x = new short[n];
        buffer.asShortBuffer().get(x);
        yield Nd4j.createFromArray(x);
      }
      case INT8 -> {
        byte[] x = new byte[n];
        buffer.get(x);
        yield Nd4j.createFromArray(x);
      }
      case UINT8 -> {
        short[] x = new short[n];
        for (int i = 0; i < n; i++) {
          x[i] = (short) Byte.toUnsignedInt(buffer.get());
        }
        yield Nd4j.createFromArray(x).castTo(DataType.UINT8);
      }
      case BOOL -> {
        boolean[] x = new boolean[n];
        for (int i = 0; i < n; i++) {
          x[i] = buffer.get() != 0;
        }
        yield Nd4j.createFromArray(x);
      }
    };
  }

  /** A number of IEEE 754's 16 bits: a sign, 5 bits of exponent, 10 of fraction. */
  static float half(short bits) {
    int exponent = (bits >> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    float size =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1f -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat(((exponent + 127 - 15) << 23) | (fraction << 13));
        };
    return bits < 0 ? -size : size;
  }
}
