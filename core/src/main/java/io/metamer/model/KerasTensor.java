package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;

/**
 * The output of a layer of Keras.
 *
 * @param tensor the node that holds it
 * @param moved whether the node has Keras' last axis, of three, as its first: maps {@code [H, W,
 *     C]} are kept as {@code [C, H, W]}, all else in Keras' order
 */
record KerasTensor(Tensor tensor, boolean moved) {

  String node() {
    return tensor.node();
  }

  int rank() {
    return tensor.shape().length;
  }

  /** In Keras' order, of one example. */
  long[] shape() {
    long[] s = tensor.shape();
    return moved ? new long[] {s[1], s[2], s[0]} : s.clone();
  }

  /** The node's axis for one of Keras', where 0 is the first after the batch's. */
  int nodeAxis(int axis) {
    return moved ? (axis + 1) % 3 : axis;
  }

  /** The shape of a node that holds a shape of Keras'. */
  static long[] nodeShape(long[] shape, boolean moved) {
    return moved ? new long[] {shape[2], shape[0], shape[1]} : shape.clone();
  }

  /** Whether the elements of a shape of Keras' come in one order however it is held. */
  static boolean isEitherWay(long[] shape) {
    return shape.length == 3 && (shape[0] * shape[1] == 1 || shape[2] == 1);
  }
}
