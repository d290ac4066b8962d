package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxOperators.Translator;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Pooling over windows and over whole maps. */
final class OnnxPooling {

  private OnnxPooling() {}

  /** The largest values, or means, of windows. */
  static Translator pool(Node.Pool.Kind kind) {
    return (node, to) -> {
      long[] kernel = node.integers("kernel_shape");
      boolean counts = node.integer("count_include_pad", 0) != 0;
      boolean ceil = node.integer("ceil_mode", 0) != 0;
      if (kernel.length == 3) {
        ofColumns(node, to, kind, kernel, counts, ceil);
        return;
      }
      OnnxConvolutions.onMaps(
          node,
          to,
          kernel.length,
          (name, x, copies) -> {
            OnnxWindow w = OnnxWindow.of(node, kernel, x.shape());
            if (kind == Node.Pool.Kind.AVERAGE && w.isDilated()) {
              throw node.unsupported(
                  "dilations %s; supported are undilated means"
                      .formatted(Arrays.toString(w.dilation())));
            }
            return to.add(
                new Node.Pool(
                    name,
                    x.node(),
                    kind,
                    w.kernel(),
                    w.stride(),
                    w.pads(),
                    w.dilation(),
                    ceil,
                    counts));
          });
    };
  }

  /**
   * Over three axes with windows that reach along the first only, as PyTorch writes a local
   * response normalization: a map whose rows are that axis.
   */
  private static void ofColumns(
      OnnxNode node,
      OnnxTranslation to,
      Node.Pool.Kind kind,
      long[] kernel,
      boolean counts,
      boolean ceil) {
    OnnxActivation x = to.activation(node, 0);
    long[] s = x.example();
    long[] stride = node.integers("strides", 1, 1, 1);
    long[] pads = node.integers("pads", 0, 0, 0, 0, 0, 0);
    long[] rest = {kernel[1], kernel[2], stride[1], stride[2]};
    long[] border = {pads[1], pads[2], pads[4], pads[5]};
    if (x.rank() != 5
        || s.length != 4
        || x.batch() != 0
        || Arrays.stream(rest).anyMatch(n -> n != 1)
        || Arrays.stream(border).anyMatch(n -> n != 0)
        || Arrays.stream(node.integers("dilations")).anyMatch(n -> n != 1)
        || !node.text("auto_pad", "NOTSET").equals("NOTSET")) {
      throw node.unsupported(
          "kernel %s of %s; supported are windows of maps".formatted(Arrays.toString(kernel), x));
    }
    String name = node.output();
    Tensor map =
        to.add(new Node.Reshape(name + "/map", x.node(), new long[] {s[0], s[1], s[2] * s[3]}));
    Tensor pooled =
        to.add(
            new Node.Pool(
                name + "/pooled",
                map.node(),
                kind,
                OnnxAxes.ints(new long[] {kernel[0], 1}),
                OnnxAxes.ints(new long[] {stride[0], 1}),
                OnnxAxes.ints(new long[] {pads[0], 0, pads[3], 0}),
                new int[] {1, 1},
                ceil,
                counts));
    long[] shape = {s[0], pooled.shape()[1], s[2], s[3]};
    to.output(node, x.alike(to.add(new Node.Reshape(name, pooled.node(), shape))));
  }

  /** The 1-norms or 2-norms of windows. */
  static void norms(OnnxNode node, OnnxTranslation to) {
    long p = node.integer("p", 2);
    if ((p != 1 && p != 2) || node.integer("ceil_mode", 0) != 0) {
      throw node.unsupported("p = %d, or ceil_mode = 1; supported are p = 1 and 2".formatted(p));
    }
    long[] kernel = node.integers("kernel_shape");
    OnnxConvolutions.onMaps(
        node,
        to,
        kernel.length,
        (name, x, copies) -> {
          OnnxWindow w = OnnxWindow.of(node, kernel, x.shape());
          Tensor powers =
              to.add(
                  p == 1
                      ? new Node.Activation(name + "/absolute", x.node(), Function.ABS)
                      : new Node.Multiply(name + "/squares", List.of(x.node(), x.node())));
          int channels = Math.toIntExact(x.channels());
          Node.Convolution sum =
              new Node.Convolution(
                  p == 1 ? name : name + "/sum",
                  powers.node(),
                  Nd4j.ones(DataType.FLOAT, channels, 1, w.kernel()[0], w.kernel()[1]),
                  null,
                  w.stride(),
                  w.pads(),
                  w.dilation(),
                  channels);
          Tensor sums = to.add(sum);
          return p == 1 ? sums : to.add(new Node.Activation(name, sums.node(), Function.SQRT));
        });
  }

  /** One number a channel. */
  static Translator global(Reduction reduction) {
    return (node, to) -> {
      OnnxActivation x = to.activation(node, 0);
      to.output(
          node,
          x.alike(to.add(new Node.Reduce(node.output(), x.node(), reduction, spatial(node, x)))));
    };
  }

  /** The 1-norm or 2-norm of each channel. */
  static void globalNorms(OnnxNode node, OnnxTranslation to) {
    long p = node.integer("p", 2);
    if (p == 2) {
      global(Reduction.L2).translate(node, to);
      return;
    }
    if (p != 1) {
      throw node.unsupported("p = %d; supported are 1 and 2".formatted(p));
    }
    OnnxActivation x = to.activation(node, 0);
    Tensor absolute =
        to.add(new Node.Activation(node.output() + "/absolute", x.node(), Function.ABS));
    int[] axes = spatial(node, x);
    Node sum = new Node.Reduce(node.output(), absolute.node(), Reduction.SUM, axes);
    to.output(node, x.alike(to.add(sum)));
  }

  /** All axes of the example after the channels. */
  private static int[] spatial(OnnxNode node, OnnxActivation x) {
    if (x.batch() != 0 || x.example().length < 2 || x.rank() == x.example().length) {
      throw node.unsupported("of %s; supported are maps [N, C, H, W]".formatted(x));
    }
    int[] axes = new int[x.example().length - 1];
    Arrays.setAll(axes, i -> i + 1);
    return axes;
  }
}
