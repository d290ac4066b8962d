package io.metamer.network;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One operation of a network, with its weights.
 *
 * <p>Shapes are those of one example, without the batch axis: {@code [C, H, W]} for maps, {@code
 * [D]} for vectors. The output of a node carries the node's name. Weights are finite, and never
 * changed after construction.
 *
 * @since 0.1
 */
public sealed interface Node {

  /**
   * The name of the node and of its output.
   *
   * @return unique in its graph
   */
  String name();

  /**
   * The nodes whose outputs this one reads.
   *
   * @return their names, in order
   */
  List<String> inputs();

  /**
   * The shape of the output.
   *
   * @param inputs the shapes of the nodes it reads, in order, each of one example
   * @return of one example
   * @throws IllegalArgumentException if the node cannot read these shapes; the message names the
   *     node
   */
  long[] outputShape(List<long[]> inputs);

  /**
   * The images that enter the network, {@code [C, H, W]}.
   *
   * @param name unique in its graph
   * @param shape of one example
   */
  record Input(String name, long[] shape) implements Node {

    public Input {
      if (shape.length == 0 || Arrays.stream(shape).anyMatch(n -> n < 1)) {
        throw new IllegalArgumentException(
            "node '%s': expected a shape of sizes of at least 1, got %s"
                .formatted(name, Arrays.toString(shape)));
      }
    }

    @Override
    public List<String> inputs() {
      return List.of();
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      return shape.clone();
    }
  }

  /**
   * Cross-correlation with zero padding: {@code [C, H, W]} to {@code [O, H', W']}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param weights {@code [O, C / groups, kH, kW]}
   * @param bias {@code [O]}, or none
   * @param stride rows, columns
   * @param pads zeros before and after: top, left, bottom, right (ONNX order)
   * @param dilation rows, columns
   * @param groups number of channel groups; C and O are multiples of it
   */
  record Convolution(
      String name,
      String input,
      INDArray weights,
      @Nullable INDArray bias,
      int[] stride,
      int[] pads,
      int[] dilation,
      int groups)
      implements Node {

    public Convolution {
      if (weights.rank() != 4 || groups < 1 || weights.size(0) % groups != 0) {
        throw new IllegalArgumentException(
            "node '%s': expected weights [O, C / groups, kH, kW] with O a multiple of groups = %d, got %s"
                .formatted(name, groups, Arrays.toString(weights.shape())));
      }
      Shapes.checkBias(name, bias, weights.size(0));
      Shapes.checkNumbers(name, "stride", stride, 2, 1);
      Shapes.checkNumbers(name, "pads", pads, 4, 0);
      Shapes.checkNumbers(name, "dilation", dilation, 2, 1);
      Shapes.checkFinite(name, weights, bias);
    }

    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      long channels = weights.size(1) * groups;
      if (in.length != 3 || in[0] != channels) {
        throw Shapes.misfit(name, "[%d, H, W]".formatted(channels), in);
      }
      long[] out = {weights.size(0), 0, 0};
      for (int axis = 0; axis < 2; axis++) {
        long extent = dilation[axis] * (weights.size(2 + axis) - 1) + 1;
        long room = in[1 + axis] + pads[axis] + pads[axis + 2] - extent;
        if (room < 0) {
          throw Shapes.misfit(name, "a map that its kernel, %d, fits in".formatted(extent), in);
        }
        out[1 + axis] = room / stride[axis] + 1;
      }
      return out;
    }
  }

  /**
   * A matrix product, {@code [D]} to {@code [O]}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param weights {@code [O, D]}
   * @param bias {@code [O]}, or none
   */
  record Dense(String name, String input, INDArray weights, @Nullable INDArray bias)
      implements Node {

    public Dense {
      if (weights.rank() != 2) {
        throw new IllegalArgumentException(
            "node '%s': expected weights [O, D], got %s"
                .formatted(name, Arrays.toString(weights.shape())));
      }
      Shapes.checkBias(name, bias, weights.size(0));
      Shapes.checkFinite(name, weights, bias);
    }

    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      if (in.length != 1 || in[0] != weights.size(1)) {
        throw Shapes.misfit(name, "[%d]".formatted(weights.size(1)), in);
      }
      return new long[] {weights.size(0)};
    }
  }

  /**
   * {@code scale * x + shift}, per channel (the first axis). A batch normalization in inference is
   * one of these.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param scale {@code [C]}, or {@code [1]} for all channels alike
   * @param shift {@code [C]} or {@code [1]}
   */
  record Affine(String name, String input, INDArray scale, INDArray shift) implements Node {

    public Affine {
      for (INDArray numbers : List.of(scale, shift)) {
        if (numbers.rank() != 1) {
          throw new IllegalArgumentException(
              "node '%s': expected scale and shift [C] or [1], got %s and %s"
                  .formatted(name, Arrays.toString(scale.shape()), Arrays.toString(shift.shape())));
        }
      }
      Shapes.checkFinite(name, scale, shift);
    }

    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      for (INDArray numbers : List.of(scale, shift)) {
        if (numbers.length() != 1 && numbers.length() != in[0]) {
          throw Shapes.misfit(name, "%d channels".formatted(numbers.length()), in);
        }
      }
      return in.clone();
    }
  }

  /**
   * A function of each element.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param function which function
   * @param alpha the function's first parameter (see {@link Function}); 0 where it has none
   * @param beta its second parameter
   */
  record Activation(String name, String input, Function function, double alpha, double beta)
      implements Node {

    public Activation {
      if (!(Double.isFinite(alpha) || function == Function.CLIP) || Double.isNaN(alpha)) {
        throw new IllegalArgumentException(
            "node '%s': expected a finite alpha, got %s".formatted(name, alpha));
      }
      if (function == Function.CLIP && !(alpha < beta)) {
        throw new IllegalArgumentException(
            "node '%s': expected bounds alpha < beta, got %s and %s".formatted(name, alpha, beta));
      }
    }

    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      return inputs.get(0).clone();
    }

    /** Elementwise functions. */
    public enum Function {
      /** max(x, 0). */
      RELU,
      /** x where x &gt; 0, else alpha * x. */
      LEAKY_RELU,
      /** x where x &gt; 0, else alpha * (exp(x) - 1). */
      ELU,
      /** min(max(x, alpha), beta); its derivative is 1 strictly inside and 0 elsewhere. */
      CLIP,
      /** 1 / (1 + exp(-x)). */
      SIGMOID,
      /** Hyperbolic tangent. */
      TANH
    }
  }

  /**
   * Pooling over windows, {@code [C, H, W]} to {@code [C, H', W']}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param kind what is taken of a window
   * @param kernel rows, columns
   * @param stride rows, columns
   * @param pads top, left, bottom, right; each below the kernel's size
   * @param ceil whether a last partial window counts, if it starts inside the map or the padding
   *     before it, as in PyTorch and ONNX
   * @param countPadding for {@link Kind#AVERAGE}: whether padding counts in the divisor; what a
   *     last partial window has beyond the padding never does
   */
  record Pool(
      String name,
      String input,
      Kind kind,
      int[] kernel,
      int[] stride,
      int[] pads,
      boolean ceil,
      boolean countPadding)
      implements Node {

    public Pool {
      Shapes.checkNumbers(name, "kernel", kernel, 2, 1);
      Shapes.checkNumbers(name, "stride", stride, 2, 1);
      Shapes.checkNumbers(name, "pads", pads, 4, 0);
      for (int i = 0; i < 4; i++) {
        if (pads[i] >= kernel[i % 2]) {
          throw new IllegalArgumentException(
              "node '%s': expected pads below the kernel's size %s, got %s"
                  .formatted(name, Arrays.toString(kernel), Arrays.toString(pads)));
        }
      }
    }

    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      if (in.length != 3) {
        throw Shapes.misfit(name, "[C, H, W]", in);
      }
      long[] out = {in[0], 0, 0};
      for (int axis = 0; axis < 2; axis++) {
        long room = in[1 + axis] + pads[axis] + pads[axis + 2] - kernel[axis];
        if (room < 0) {
          throw Shapes.misfit(
              name, "a map that its kernel, %d, fits in".formatted(kernel[axis]), in);
        }
        long windows = room / stride[axis] + 1;
        if (ceil
            && room % stride[axis] != 0
            && windows * stride[axis] < in[1 + axis] + pads[axis]) {
          windows++;
        }
        out[1 + axis] = windows;
      }
      return out;
    }

    /** What is taken of a window. */
    public enum Kind {
      /** The largest value; the first in row order takes the gradient of a tie. */
      MAX,
      /** The mean. */
      AVERAGE
    }
  }

  /**
   * Pooling over the whole map, {@code [C, H, W]} to {@code [C, 1, 1]}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param kind what is taken of a window
   */
  record GlobalPool(String name, String input, Pool.Kind kind) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      if (in.length != 3) {
        throw Shapes.misfit(name, "[C, H, W]", in);
      }
      return new long[] {in[0], 1, 1};
    }
  }

  /**
   * The sum of two or more arrays, of the output's shape or with axes of size 1 that are repeated
   * ({@code [C, 1, 1]} to {@code [C, H, W]}); at least one is of the output's shape.
   *
   * @param name unique in its graph
   * @param inputs the nodes it reads
   */
  record Add(String name, List<String> inputs) implements Node {

    public Add {
      inputs = Shapes.atLeastTwo(name, inputs);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      return Shapes.broadcast(name, inputs);
    }
  }

  /**
   * The product of two or more arrays, of the output's shape or with axes of size 1 that are
   * repeated ({@code [C, 1, 1]} to {@code [C, H, W]}); at least one is of the output's shape.
   *
   * @param name unique in its graph
   * @param inputs the nodes it reads
   */
  record Multiply(String name, List<String> inputs) implements Node {

    public Multiply {
      inputs = Shapes.atLeastTwo(name, inputs);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      return Shapes.broadcast(name, inputs);
    }
  }

  /**
   * Arrays joined along an axis of the example (0 is the channel axis).
   *
   * @param name unique in its graph
   * @param inputs the nodes it reads
   * @param axis axis of the example, 0 is the first after the batch's
   */
  record Concat(String name, List<String> inputs, int axis) implements Node {

    public Concat {
      inputs = Shapes.atLeastTwo(name, inputs);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] out = inputs.get(0).clone();
      Shapes.checkAxis(name, axis, out);
      for (long[] in : inputs.subList(1, inputs.size())) {
        for (int i = 0; i < out.length; i++) {
          if (in.length != out.length || (i != axis && in[i] != out[i])) {
            throw new IllegalArgumentException(
                "node '%s': expected shapes that differ along axis %d only, got %s"
                    .formatted(name, axis, Shapes.text(inputs)));
          }
        }
        out[axis] += in[axis];
      }
      return out;
    }
  }

  /**
   * The same elements in row order under another shape; flattening is {@code [D]}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param shape of one example
   */
  record Reshape(String name, String input, long[] shape) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      if (shape.length == 0
          || Arrays.stream(shape).anyMatch(n -> n < 1)
          || Shapes.length(shape) != Shapes.length(in)) {
        throw Shapes.misfit(name, "as many elements as " + Arrays.toString(shape), in);
      }
      return shape.clone();
    }
  }

  /**
   * exp(x) normalised to sum 1 along an axis of the example.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param axis axis of the example, 0 is the first after the batch's
   */
  record Softmax(String name, String input, int axis) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      Shapes.checkAxis(name, axis, in);
      return in.clone();
    }
  }
}
