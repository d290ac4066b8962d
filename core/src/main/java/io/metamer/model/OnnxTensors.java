package io.metamer.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import onnx.Onnx.TensorProto;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Tensors of ONNX files as arrays. */
final class OnnxTensors {

  private OnnxTensors() {}

  /**
   * Reads a tensor, whether its numbers are raw bytes (little endian) or typed.
   *
   * @throws IOException if it holds another count of numbers than its shape says
   * @throws UnsupportedModelException if its type is not float, double, int32, int64 or bool
   */
  static INDArray array(TensorProto tensor, String origin) throws IOException {
    if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      throw new UnsupportedModelException(
          "tensor %s of %s is kept in another file; supported are weights inside the model"
              .formatted(tensor.getName(), origin));
    }
    long[] shape = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    long length = Translation.length(shape);
    boolean raw = !tensor.getRawData().isEmpty();
    ByteBuffer bytes = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
    String name = tensor.getName();
    switch (type == null ? TensorProto.DataType.UNDEFINED : type) {
      case FLOAT -> {
        check(raw ? bytes.remaining() / 4.0 : tensor.getFloatDataCount(), shape, name, origin);
        float[] x = new float[(int) length];
        if (raw) {
          bytes.asFloatBuffer().get(x);
        } else {
          fill(x, tensor.getFloatDataList());
        }
        return shaped(Nd4j.createFromArray(x), shape);
      }
      case DOUBLE -> {
        check(raw ? bytes.remaining() / 8.0 : tensor.getDoubleDataCount(), shape, name, origin);
        double[] x = new double[(int) length];
        if (raw) {
          bytes.asDoubleBuffer().get(x);
        } else {
          Arrays.setAll(x, tensor::getDoubleData);
        }
        return shaped(Nd4j.createFromArray(x), shape);
      }
      case INT64 -> {
        check(raw ? bytes.remaining() / 8.0 : tensor.getInt64DataCount(), shape, name, origin);
        long[] x = new long[(int) length];
        if (raw) {
          bytes.asLongBuffer().get(x);
        } else {
          Arrays.setAll(x, tensor::getInt64Data);
        }
        return shaped(Nd4j.createFromArray(x), shape);
      }
      case INT32 -> {
        check(raw ? bytes.remaining() / 4.0 : tensor.getInt32DataCount(), shape, name, origin);
        int[] x = new int[(int) length];
        if (raw) {
          bytes.asIntBuffer().get(x);
        } else {
          Arrays.setAll(x, tensor::getInt32Data);
        }
        return shaped(Nd4j.createFromArray(x), shape);
      }
      case BOOL -> {
        check(raw ? bytes.remaining() : tensor.getInt32DataCount(), shape, name, origin);
        boolean[] x = new boolean[(int) length];
        for (int i = 0; i < x.length; i++) {
          x[i] = (raw ? bytes.get(i) : tensor.getInt32Data(i)) != 0;
        }
        return shaped(Nd4j.createFromArray(x), shape);
      }
      default ->
          throw new UnsupportedModelException(
              "tensor %s of %s has type %s; supported are FLOAT, DOUBLE, INT32, INT64 and BOOL"
                  .formatted(name, origin, type));
    }
  }

  private static void check(double count, long[] shape, String name, String origin)
      throws IOException {
    if (count != Translation.length(shape)) {
      throw new IOException(
          "tensor %s of %s has shape %s and %s numbers: the file is damaged"
              .formatted(name, origin, Arrays.toString(shape), count));
    }
  }

  private static void fill(float[] x, List<Float> numbers) {
    for (int i = 0; i < x.length; i++) {
      x[i] = numbers.get(i);
    }
  }

  private static INDArray shaped(INDArray vector, long[] shape) {
    if (vector.isEmpty()) {
      return Nd4j.empty(vector.dataType());
    }
    return vector.reshape('c', shape);
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
    return array.castTo(DataType.DOUBLE).dup('c').reshape(array.length()).toDoubleVector();
  }
}
