package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Convolutions and transposed convolutions, of maps and of sequences. */
final class OnnxConvolutions {

  private OnnxConvolutions() {}

  static void convolution(OnnxNode node, OnnxTranslation to) {
    int axes = kernel(weights(node, to)).length;
    onMaps(node, to, axes, (name, x) -> convolution(node, to, name, x));
  }

  /** A convolution, a sum and an activation, as ONNX Runtime's optimizer puts them into one. */
  static void fused(OnnxNode node, OnnxTranslation to) {
    String name = node.output();
    OnnxActivation x = to.map(node, 0);
    Tensor y = convolution(node, to, name + "/convolution", x.tensor());
    if (!node.input(3).isEmpty()) {
      OnnxActivation z = to.map(node, 3);
      y = to.add(new Node.Add(name + "/sum", List.of(y.node(), z.node())));
    }
    to.output(node, x.alike(OnnxFunctions.fused(node, to, name, y)));
  }

  private static Tensor convolution(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    INDArray weights = weights(node, to);
    OnnxWindow window = OnnxWindow.of(node, kernel(weights), x.shape());
    return to.add(
        new Node.Convolution(
            name,
            x.node(),
            ofMaps(weights),
            to.constant(node, 2, "bias"),
            window.stride(),
            window.pads(),
            window.dilation(),
            Math.toIntExact(node.integer("group", 1))));
  }

  static void deconvolution(OnnxNode node, OnnxTranslation to) {
    int axes = kernel(weights(node, to)).length;
    onMaps(node, to, axes, (name, x) -> deconvolution(node, to, name, x));
  }

  private static Tensor deconvolution(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    INDArray weights = weights(node, to);
    long[] kernel = kernel(weights);
    OnnxWindow window = OnnxWindow.of(node, kernel, x.shape());
    int[] more =
        OnnxWindow.two(
            node, "output_padding", node.integers("output_padding", new long[kernel.length]), 0);
    String mode = node.text("auto_pad", "NOTSET");
    boolean same = mode.startsWith("SAME");
    long[] given = node.integers("output_shape");
    if (same || given.length > 0) {
      // The padding is what is cut off the output, so as to leave the size that is asked for.
      for (int i = 0; i < 2; i++) {
        long size = x.shape()[1 + i] * window.stride()[i];
        if (given.length > 0) {
          // Some files give the batch and the channels, too.
          int first = given.length - kernel.length;
          size = kernel.length == 1 && i == 0 ? 1 : given[first + i - (2 - kernel.length)];
        }
        long full = (x.shape()[1 + i] - 1) * window.stride()[i] + more[i] + window.extent(i);
        if (size > full) {
          throw node.unsupported(
              "output_shape %s, more than its windows reach; supported is up to %d"
                  .formatted(Arrays.toString(given), full));
        }
        window.pad(i, full - size, mode.equals("SAME_UPPER"));
      }
    }
    return to.add(
        new Node.Deconvolution(
            name,
            x.node(),
            ofMaps(weights),
            to.constant(node, 2, "bias"),
            window.stride(),
            window.pads(),
            more,
            window.dilation(),
            Math.toIntExact(node.integer("group", 1))));
  }

  /** A layer of maps, also on sequences {@code [N, C, T]}, as maps of one row. */
  static void onMaps(
      OnnxNode node, OnnxTranslation to, int axes, BiFunction<String, Tensor, Tensor> layer) {
    String name = node.output();
    if (axes != 1) {
      OnnxActivation x = to.map(node, 0);
      to.output(node, x.alike(layer.apply(name, x.tensor())));
      return;
    }
    OnnxActivation x = to.activation(node, 0);
    long[] shape = x.example();
    if (x.rank() != 3 || x.batch() != 0 || shape.length != 2) {
      throw node.unsupported("of %s; supported are sequences [N, C, T]".formatted(x));
    }
    Tensor rows =
        to.add(new Node.Reshape(name + "/rows", x.node(), new long[] {shape[0], 1, shape[1]}));
    Tensor y = layer.apply(name + "/map", rows);
    long[] sequence = {y.shape()[0], y.shape()[2]};
    to.output(node, x.alike(to.add(new Node.Reshape(name, y.node(), sequence))));
  }

  private static INDArray weights(OnnxNode node, OnnxTranslation to) {
    INDArray weights = to.required(node, 1, "weights");
    if (weights.rank() != 4 && weights.rank() != 3) {
      throw node.unsupported(
          "its weights have %d axes; supported are 4 for maps and 3 for sequences"
              .formatted(weights.rank()));
    }
    return weights;
  }

  private static long[] kernel(INDArray weights) {
    return Arrays.copyOfRange(weights.shape(), 2, weights.rank());
  }

  /** Weights of sequences as weights of maps of one row. */
  private static INDArray ofMaps(INDArray weights) {
    return weights.rank() == 4
        ? weights
        : weights.reshape('c', weights.size(0), weights.size(1), 1, weights.size(2));
  }
}
