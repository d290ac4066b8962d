package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxActivation.Place;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Convolutions and transposed convolutions, of maps and of sequences. */
final class OnnxConvolutions {

  private static final long MOST_COPIED = 1L << 26;

  private OnnxConvolutions() {}

  static void convolution(OnnxNode node, OnnxTranslation to) {
    int axes = kernel(weights(node, to)).length;
    onMaps(node, to, axes, (name, x, copies) -> convolution(node, to, name, x, copies));
  }

  /** A convolution, a sum and an activation, as ONNX Runtime's optimizer puts them into one. */
  static void fused(OnnxNode node, OnnxTranslation to) {
    String name = node.output();
    OnnxActivation x = to.map(node, 0);
    Tensor y = convolution(node, to, name + "/convolution", x.tensor(), 1);
    if (!node.input(3).isEmpty()) {
      OnnxActivation z = to.map(node, 3);
      y = to.add(new Node.Add(name + "/sum", List.of(y.node(), z.node())));
    }
    to.output(node, x.alike(OnnxFunctions.fused(node, to, name, y)));
  }

  private static Tensor convolution(
      OnnxNode node, OnnxTranslation to, String name, Tensor x, int copies) {
    INDArray weights = weights(node, to);
    OnnxWindow window = OnnxWindow.of(node, kernel(weights), x.shape());
    return to.add(
        new Node.Convolution(
            name,
            x.node(),
            Objects.requireNonNull(copied(ofMaps(weights), copies)),
            copied(to.constant(node, 2, "bias"), copies),
            window.stride(),
            window.pads(),
            window.dilation(),
            Math.toIntExact(copies * node.integer("group", 1))));
  }

  static void deconvolution(OnnxNode node, OnnxTranslation to) {
    int axes = kernel(weights(node, to)).length;
    onMaps(node, to, axes, (name, x, copies) -> deconvolution(node, to, name, x, copies));
  }

  private static Tensor deconvolution(
      OnnxNode node, OnnxTranslation to, String name, Tensor x, int copies) {
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
              "an output of size %d, more than its windows reach; supported is up to %d"
                  .formatted(size, full));
        }
        window.pad(i, full - size, mode.equals("SAME_UPPER"));
      }
    }
    return to.add(
        new Node.Deconvolution(
            name,
            x.node(),
            Objects.requireNonNull(copied(ofMaps(weights), copies)),
            copied(to.constant(node, 2, "bias"), copies),
            window.stride(),
            window.pads(),
            more,
            window.dilation(),
            Math.toIntExact(copies * node.integer("group", 1))));
  }

  /** What a layer does to maps [C, H, W], or to some of them, with a copy of its weights each. */
  @FunctionalInterface
  interface OfMaps {
    Tensor of(String name, Tensor x, int copies);
  }

  /**
   * A layer of maps; also of windows {@code [N * windows, C, H, W]}, as maps of so many times the
   * channels, and of sequences {@code [N, C, T]}, as maps of one row.
   */
  static void onMaps(OnnxNode node, OnnxTranslation to, int axes, OfMaps layer) {
    String name = node.output();
    OnnxActivation x = to.activation(node, 0);
    long[] s = x.example();
    if (axes != 1 && x.batch() == 0 && x.place() == Place.OUTER && s.length == 4) {
      long[] merged = {s[0] * s[1], s[2], s[3]};
      Tensor maps = to.add(new Node.Reshape(name + "/maps", x.node(), merged));
      long[] y = layer.of(name + "/map", maps, Math.toIntExact(s[0])).shape();
      long[] split = {s[0], y[0] / s[0], y[1], y[2]};
      to.output(node, x.alike(to.add(new Node.Reshape(name, name + "/map", split))));
    } else if (axes != 1) {
      x = to.map(node, 0);
      to.output(node, x.alike(layer.of(name, x.tensor(), 1)));
    } else if (x.batch() == 0 && x.place() == Place.ALONE && s.length == 2) {
      Tensor rows = to.add(new Node.Reshape(name + "/rows", x.node(), new long[] {s[0], 1, s[1]}));
      long[] y = layer.of(name + "/map", rows, 1).shape();
      long[] sequence = {y[0], y[2]};
      to.output(node, x.alike(to.add(new Node.Reshape(name, name + "/map", sequence))));
    } else {
      throw node.unsupported("of %s; supported are sequences [N, C, T]".formatted(x));
    }
  }

  /** The same numbers again and again along the first axis. */
  private static @Nullable INDArray copied(@Nullable INDArray numbers, int copies) {
    if (numbers == null || copies == 1) {
      return numbers;
    }
    if (numbers.length() > MOST_COPIED / copies) {
      throw new IllegalArgumentException(
          "expected at most %d weights for all windows, got %d times %d"
              .formatted(MOST_COPIED, copies, numbers.length()));
    }
    INDArray[] all = new INDArray[copies];
    Arrays.fill(all, numbers);
    return Nd4j.concat(0, all);
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
