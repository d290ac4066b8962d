package io.metamer.model;

import java.nio.ByteBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A constant while it is computed: whole numbers are exact to their last bit, and fractions are
 * rounded to their type after each operator.
 *
 * @param type of the array that it comes from or becomes
 * @param shape of that array
 * @param bits in the order of rows, whole numbers as they are and fractions as the bits of doubles
 */
record Numbers(DataType type, long[] shape, long[] bits) {

  /** Zeros. */
  static Numbers zeros(DataType type, long... shape) {
    return new Numbers(type, shape, new long[Math.toIntExact(OnnxTensors.length(shape))]);
  }

  static Numbers of(INDArray array) {
    long[] shape = array.shape();
    if (array.isEmpty()) {
      return zeros(array.dataType(), shape);
    }
    if (!array.dataType().isFPType()) {
      return new Numbers(array.dataType(), shape, OnnxTensors.longs(array));
    }
    double[] x = OnnxTensors.doubles(array);
    long[] bits = new long[x.length];
    for (int i = 0; i < x.length; i++) {
      bits[i] = Double.doubleToRawLongBits(x[i]);
    }
    return new Numbers(array.dataType(), shape, bits);
  }

  INDArray array() {
    INDArray array = Nd4j.createUninitialized(type, shape, 'c');
    if (bits.length == 0) {
      return array;
    }
    ByteBuffer into = OnnxTensors.contents(array);
    for (int i = 0; i < bits.length; i++) {
      switch (type) {
        case FLOAT -> into.putFloat((float) real(i));
        case BOOL, BYTE, UBYTE -> into.put((byte) bits[i]);
        case SHORT, UINT16 -> into.putShort((short) bits[i]);
        case INT, UINT32 -> into.putInt((int) bits[i]);
        default -> into.putLong(bits[i]);
      }
    }
    return array;
  }

  int length() {
    return bits.length;
  }

  int rank() {
    return shape.length;
  }

  boolean isReal() {
    return type.isFPType();
  }

  /** An element, towards zero if it is a fraction. */
  long whole(int i) {
    return isReal() ? (long) real(i) : bits[i];
  }

  /** An element, rounded if it is whole and above 2^53. */
  double real(int i) {
    return isReal() ? Double.longBitsToDouble(bits[i]) : bits[i];
  }

  long[] wholes() {
    long[] x = new long[bits.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = whole(i);
    }
    return x;
  }

  /** Puts a number in, in the way that the type keeps it. */
  void set(int i, long value) {
    bits[i] =
        switch (type) {
          case BOOL -> value != 0 ? 1 : 0;
          case BYTE -> (byte) value;
          case UBYTE -> value & 0xff;
          case SHORT -> (short) value;
          case UINT16 -> value & 0xffff;
          case INT -> (int) value;
          case UINT32 -> value & 0xffffffffL;
          case FLOAT -> Double.doubleToRawLongBits((float) value);
          case DOUBLE -> Double.doubleToRawLongBits((double) value);
          default -> value;
        };
  }

  /** Puts a number in, in the way that the type keeps it. */
  void set(int i, double value) {
    switch (type) {
      case BOOL -> bits[i] = value != 0 ? 1 : 0;
      case FLOAT -> bits[i] = Double.doubleToRawLongBits((float) value);
      case DOUBLE -> bits[i] = Double.doubleToRawLongBits(value);
      default -> set(i, (long) value);
    }
  }

  /** Takes an element over from numbers of any type. */
  void set(int i, Numbers from, int j) {
    if (from.isReal()) {
      set(i, from.real(j));
    } else {
      set(i, from.bits[j]);
    }
  }

  /** The same numbers in another shape. */
  Numbers shaped(long... other) {
    return new Numbers(type, other, bits);
  }
}
