package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Layers of windows and of matrices: convolutions, dense layers and pooling. */
final class KerasConvolutions {

  private KerasConvolutions() {}

  // Convolutions.

  static KerasTensor convolution(KerasStep step) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    int groups = Math.max(1, layer.integer("groups", 1));
    int[] kernel = kernel(layer);
    long filters = layer.integer("filters", 0);
    INDArray weights =
        layer
            .weight("kernel", kernel[0], kernel[1], x.channels() / groups, filters)
            .permute(3, 2, 0, 1)
            .dup('c');
    INDArray bias = layer.bias("bias", filters);
    return step.activated(step.mapsLast(), name -> convolved(step, name, x, weights, bias, groups));
  }

  private static Tensor convolved(
      KerasStep step,
      String name,
      Tensor x,
      INDArray weights,
      @Nullable INDArray bias,
      int groups) {
    KerasLayer layer = step.layer();
    int[] stride = layer.pair("strides", 1);
    int[] dilation = layer.pair("dilation_rate", 1);
    int[] kernel = {(int) weights.size(2), (int) weights.size(3)};
    return step.graph()
        .add(
            new Node.Convolution(
                name,
                x.node(),
                weights,
                bias,
                stride,
                pads(layer, x, kernel, stride, dilation),
                dilation,
                groups));
  }

  static KerasTensor depthwiseConvolution(KerasStep step) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    String name = layer.version() == 2 ? "depthwise_kernel" : "kernel";
    INDArray weights = depthwise(layer, name, x);
    INDArray bias = layer.bias("bias", weights.size(0));
    int channels = Math.toIntExact(x.channels());
    return step.activated(step.mapsLast(), own -> convolved(step, own, x, weights, bias, channels));
  }

  private static INDArray depthwise(KerasLayer layer, String name, Tensor x) {
    int[] kernel = kernel(layer);
    long multiplier = layer.integer("depth_multiplier", 1);
    return layer
        .weight(name, kernel[0], kernel[1], x.channels(), multiplier)
        .permute(2, 3, 0, 1)
        .dup('c')
        .reshape(x.channels() * multiplier, 1, kernel[0], kernel[1]);
  }

  static KerasTensor separableConvolution(KerasStep step) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    INDArray depthwise = depthwise(layer, "depthwise_kernel", x);
    long filters = layer.integer("filters", 0);
    INDArray pointwise =
        layer
            .weight("pointwise_kernel", 1, 1, depthwise.size(0), filters)
            .permute(3, 2, 0, 1)
            .dup('c');
    INDArray bias = layer.bias("bias", filters);
    Tensor spread =
        convolved(
            step, step.name() + "/depthwise", x, depthwise, null, Math.toIntExact(x.channels()));
    int[] ones = {1, 1};
    return step.activated(
        step.mapsLast(),
        name ->
            step.graph()
                .add(
                    new Node.Convolution(
                        name, spread.node(), pointwise, bias, ones, new int[4], ones, 1)));
  }

  static KerasTensor transposedConvolution(KerasStep step) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    int[] kernel = kernel(layer);
    int[] stride = layer.pair("strides", 1);
    int[] dilation = layer.pair("dilation_rate", 1);
    long filters = layer.integer("filters", 0);
    if (layer.integer("groups", 1) != 1) {
      throw layer.unsupported("with groups; supported is one");
    }
    INDArray weights =
        layer
            .weight("kernel", kernel[0], kernel[1], filters, x.channels())
            .permute(3, 2, 0, 1)
            .dup('c');
    INDArray bias = layer.bias("bias", filters);
    boolean same = isSame(layer);
    int[] pads = new int[4];
    int[] more = new int[2];
    for (int i = 0; i < 2; i++) {
      int size = Math.toIntExact(x.shape()[1 + i]);
      int reach = dilation[i] * (kernel[i] - 1) + 1;
      int whole = Math.addExact(Math.multiplyExact(size - 1, stride[i]), reach);
      int out;
      if (layer.has("output_padding")) {
        out = whole + layer.pairOrZero("output_padding")[i] - (same ? 2 * (reach / 2) : 0);
      } else {
        out = same ? size * stride[i] : whole + Math.max(0, stride[i] - reach);
      }
      int cut = Math.max(0, whole - out);
      pads[i] = same ? cut / 2 : 0;
      pads[i + 2] = cut - pads[i];
      more[i] = Math.max(0, out - whole);
    }
    return step.activated(
        step.mapsLast(),
        name ->
            step.graph()
                .add(
                    new Node.Deconvolution(
                        name, x.node(), weights, bias, stride, pads, more, dilation, 1)));
  }

  private static int[] kernel(KerasLayer layer) {
    return layer.pair("kernel_size", 1);
  }

  private static boolean isSame(KerasLayer layer) {
    String padding = layer.text("padding", "valid");
    return switch (padding) {
      case "same" -> true;
      case "valid" -> false;
      default ->
          throw layer.unsupported("padding %s; supported are valid and same".formatted(padding));
    };
  }

  /** Top, left, bottom, right. */
  private static int[] pads(
      KerasLayer layer, Tensor x, int[] kernel, int[] stride, int[] dilation) {
    return isSame(layer) ? Composites.samePads(x, kernel, stride, dilation) : new int[4];
  }

  static KerasTensor dense(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    long units = layer.integer("units", 0);
    long size = x.shape()[x.rank() - 1];
    INDArray weights = layer.weight("kernel", size, units).transpose().dup('c');
    INDArray bias = layer.bias("bias", units);
    int[] ones = {1, 1};
    // On a map it is a convolution with windows of one pixel.
    return step.activated(
        x.moved(),
        name ->
            step.graph()
                .add(
                    x.moved()
                        ? new Node.Convolution(
                            name,
                            x.node(),
                            weights.reshape(units, size, 1, 1),
                            bias,
                            ones,
                            new int[4],
                            ones,
                            1)
                        : new Node.Dense(name, x.node(), weights, bias)));
  }

  // Pooling.

  static KerasTensor pool(KerasStep step, Node.Pool.Kind kind) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    int[] kernel = layer.pair("pool_size", 2);
    int[] stride = layer.has("strides") ? layer.pair("strides", 1) : kernel.clone();
    int[] ones = {1, 1};
    return step.ofMap(
        step.graph()
            .add(
                new Node.Pool(
                    step.name(),
                    x.node(),
                    kind,
                    kernel,
                    stride,
                    pads(layer, x, kernel, stride, ones),
                    ones,
                    false,
                    false)));
  }

  static KerasTensor globalPool(KerasStep step, Reduction reduction) {
    Tensor x = step.map();
    int[] map = {1, 2};
    if (step.layer().flag("keepdims", false)) {
      return step.ofMap(step.graph().add(new Node.Reduce(step.name(), x.node(), reduction, map)));
    }
    Tensor pooled =
        step.graph().step(new Node.Reduce(step.name() + "/pool", x.node(), reduction, map));
    Tensor flat =
        step.graph().add(new Node.Reshape(step.name(), pooled.node(), new long[] {x.channels()}));
    String kind = reduction == Reduction.MAX ? "global max pool" : "global average pool";
    return new KerasTensor(step.graph().called(kind, flat), false);
  }

  /** Over the positions of {@code [T, D]}. */
  static KerasTensor globalPoolOfPositions(KerasStep step, Reduction reduction) {
    KerasTensor x = step.input();
    if (x.rank() != 2) {
      throw step.layer()
          .unsupported(
              "its input has the shape %s without the batch; supported are two axes"
                  .formatted(Arrays.toString(x.shape())));
    }
    boolean last = !step.layer().text("data_format", "channels_last").equals("channels_first");
    int[] axes = {last ? 0 : 1};
    if (step.layer().flag("keepdims", false)) {
      return new KerasTensor(
          step.graph().add(new Node.Reduce(step.name(), x.node(), reduction, axes)), false);
    }
    Tensor pooled =
        step.graph().step(new Node.Reduce(step.name() + "/pool", x.node(), reduction, axes));
    return step.reshaped(new KerasTensor(pooled, false), new long[] {x.shape()[last ? 1 : 0]});
  }
}
