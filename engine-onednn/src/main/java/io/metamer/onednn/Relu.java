package io.metamer.onednn;

import io.metamer.network.Node.Activation.Function;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.post_ops;
import org.jspecify.annotations.Nullable;

/** The ReLU after a node, as a part of its primitive. */
enum Relu {
  /** There is none. */
  NONE,
  /** max(x, 0). */
  TRUE,
  /** max(x, 0), whose derivative is taken to be 1. */
  FAKE;

  static Relu of(@Nullable Function function) {
    if (function == null) {
      return NONE;
    }
    return switch (function) {
      case RELU -> TRUE;
      case FAKE_RELU -> FAKE;
      default -> throw new IllegalArgumentException(function.toString());
    };
  }

  void append(post_ops after) {
    if (this != NONE) {
      after.append_eltwise(dnnl.algorithm.eltwise_relu, 0, 0);
    }
  }

  /** The gradient before the ReLU; the given one itself where that is the same. */
  Tensor backward(Tensor y, Gradients.Turn turn) {
    Tensor g = turn.gradient();
    return this == TRUE
        ? Activations.backward(dnnl.algorithm.eltwise_relu_use_dst_for_bwd, 0, 0, y, g, turn)
        : g;
  }
}
