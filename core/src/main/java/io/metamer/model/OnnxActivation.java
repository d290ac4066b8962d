package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import java.util.Arrays;

/**
 * A tensor of an ONNX file that depends on the images. The engine's array has the batch first
 * always; an ONNX tensor has it anywhere: {@code [N, C, H, W]}, {@code [T, N, D]}, {@code [N *
 * heads, T, D]}, {@code [T * N, D]}.
 *
 * @param tensor the engine's, of one example: without the batch's axis where that is the batch
 *     alone, otherwise with the ONNX shape for a batch of one
 * @param batch the axis of the ONNX tensor in which the batch lies
 * @param place where in that axis
 */
record OnnxActivation(Tensor tensor, int batch, Place place) {

  /** What else an axis holds that holds the batch. */
  enum Place {
    /** Nothing: N. */
    ALONE,
    /** Something for each image: N * size. A vector of one number an image, too, with size 1. */
    OUTER,
    /** All images for each of something: size * N. */
    INNER
  }

  /** A tensor whose first axis is the batch. */
  static OnnxActivation batchFirst(Tensor tensor) {
    return new OnnxActivation(tensor, 0, Place.ALONE);
  }

  /** Another tensor with the batch where this one has it. */
  OnnxActivation alike(Tensor other) {
    return new OnnxActivation(other, batch, place);
  }

  String node() {
    return tensor.node();
  }

  /** The shape of one example. */
  long[] example() {
    return tensor.shape();
  }

  /** How many axes the ONNX tensor has. */
  int rank() {
    return example().length + (place == Place.ALONE ? 1 : 0);
  }

  /** The ONNX shape for a batch of one. */
  long[] shape() {
    return shape(1);
  }

  /** The ONNX shape for a batch. */
  long[] shape(long images) {
    long[] shape = example().clone();
    if (place == Place.ALONE) {
      shape = new long[rank()];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = i == batch ? 1 : example()[i < batch ? i : i - 1];
      }
    }
    shape[batch] *= images;
    return shape;
  }

  /** Whether it is {@code [N, C, H, W]}. */
  boolean isMap() {
    return batch == 0 && place == Place.ALONE && tensor.isMap();
  }

  /**
   * The axis of the example that an axis of the ONNX tensor is.
   *
   * @param axis negative numbers count from the end
   * @throws UnsupportedModelException if it is the batch's, along which an operation would mix
   *     images
   */
  int axis(OnnxNode node, long axis) {
    int i = onnxAxis(node, axis);
    if (i == batch) {
      throw node.unsupported(
          "along axis %d of %s, which holds the batch; supported are the other axes"
              .formatted(axis, this));
    }
    return place == Place.ALONE && i > batch ? i - 1 : i;
  }

  /** An axis of the ONNX tensor, counted from the front. */
  int onnxAxis(OnnxNode node, long axis) {
    return node.axis(axis, rank());
  }

  /** The axes of the example that some axes of the ONNX tensor are, in rising order. */
  int[] axes(OnnxNode node, long[] axes) {
    return Arrays.stream(axes).mapToInt(a -> axis(node, a)).sorted().distinct().toArray();
  }

  /** The shape, with N for the batch. */
  @Override
  public String toString() {
    String[] sizes = Arrays.stream(shape()).mapToObj(Long::toString).toArray(String[]::new);
    sizes[batch] =
        switch (place) {
          case ALONE -> "N";
          case OUTER -> sizes[batch].equals("1") ? "N" : "N*" + sizes[batch];
          case INNER -> sizes[batch] + "*N";
        };
    return Arrays.toString(sizes);
  }
}
