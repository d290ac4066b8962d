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

  /** A node that reads one other. */
  sealed interface OfOne extends Node {

    /**
     * The node it reads.
     *
     * @return its name
     */
    String input();

    @Override
    default List<String> inputs() {
      return List.of(input());
    }
  }

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
   * Numbers that are the same for every image, such as a class token.
   *
   * @param name unique in its graph
   * @param value of one example, without a batch axis
   */
  record Constant(String name, INDArray value) implements Node {

    public Constant {
      if (value.rank() == 0 || value.isEmpty()) {
        throw new IllegalArgumentException(
            "node '%s': expected a value of one or more axes, got %s"
                .formatted(name, Arrays.toString(value.shape())));
      }
      Shapes.checkFinite(name, value);
    }

    @Override
    public List<String> inputs() {
      return List.of();
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      return value.shape().clone();
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
      implements OfOne {

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
   * Transposed convolution, the gradient of a convolution with respect to its input: {@code [C, H,
   * W]} to {@code [O, H', W']} with {@code H' = stride * (H - 1) + dilation * (kH - 1) + 1 +
   * outputPadding - pads}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param weights {@code [C, O / groups, kH, kW]}
   * @param bias {@code [O]}, or none
   * @param stride rows, columns
   * @param pads what is cut off the output before and after: top, left, bottom, right
   * @param outputPadding further rows below and columns to the right, each below the stride or the
   *     dilation
   * @param dilation rows, columns
   * @param groups number of channel groups; C and O are multiples of it
   */
  record Deconvolution(
      String name,
      String input,
      INDArray weights,
      @Nullable INDArray bias,
      int[] stride,
      int[] pads,
      int[] outputPadding,
      int[] dilation,
      int groups)
      implements OfOne {

    public Deconvolution {
      if (weights.rank() != 4 || groups < 1 || weights.size(0) % groups != 0) {
        throw new IllegalArgumentException(
            "node '%s': expected weights [C, O / groups, kH, kW] with C a multiple of groups = %d, got %s"
                .formatted(name, groups, Arrays.toString(weights.shape())));
      }
      Shapes.checkBias(name, bias, weights.size(1) * groups);
      Shapes.checkNumbers(name, "stride", stride, 2, 1);
      Shapes.checkNumbers(name, "pads", pads, 4, 0);
      Shapes.checkNumbers(name, "output padding", outputPadding, 2, 0);
      Shapes.checkNumbers(name, "dilation", dilation, 2, 1);
      for (int axis = 0; axis < 2; axis++) {
        if (outputPadding[axis] >= Math.max(stride[axis], dilation[axis])) {
          throw new IllegalArgumentException(
              "node '%s': expected output padding below stride %s or dilation %s, got %s"
                  .formatted(
                      name,
                      Arrays.toString(stride),
                      Arrays.toString(dilation),
                      Arrays.toString(outputPadding)));
        }
      }
      Shapes.checkFinite(name, weights, bias);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      if (in.length != 3 || in[0] != weights.size(0)) {
        throw Shapes.misfit(name, "[%d, H, W]".formatted(weights.size(0)), in);
      }
      long[] out = {weights.size(1) * groups, 0, 0};
      for (int axis = 0; axis < 2; axis++) {
        out[1 + axis] =
            (in[1 + axis] - 1) * stride[axis]
                + dilation[axis] * (weights.size(2 + axis) - 1)
                + 1
                + outputPadding[axis]
                - pads[axis]
                - pads[axis + 2];
        if (out[1 + axis] < 1) {
          throw Shapes.misfit(
              name, "a map that pads %s leave something of".formatted(Arrays.toString(pads)), in);
        }
      }
      return out;
    }
  }

  /**
   * A product with a constant matrix along the last axis, {@code [..., D]} to {@code [..., O]}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param weights {@code [O, D]}
   * @param bias {@code [O]}, or none
   */
  record Dense(String name, String input, INDArray weights, @Nullable INDArray bias)
      implements OfOne {

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
    public long[] outputShape(List<long[]> inputs) {
      long[] out = inputs.get(0).clone();
      int last = out.length - 1;
      if (out[last] != weights.size(1)) {
        throw Shapes.misfit(name, "[..., %d]".formatted(weights.size(1)), out);
      }
      out[last] = weights.size(0);
      return out;
    }
  }

  /**
   * The product of two activations, {@code [..., M, K]} times {@code [..., K, N]} to {@code [...,
   * M, N]}; what stands for the dots is the same on both sides.
   *
   * @param name unique in its graph
   * @param left the node on the left
   * @param right the node on the right
   */
  record MatrixProduct(String name, String left, String right) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(left, right);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] a = inputs.get(0);
      long[] b = inputs.get(1);
      int last = a.length - 1;
      if (a.length < 2
          || b.length != a.length
          || a[last] != b[last - 1]
          || !Arrays.equals(a, 0, last - 1, b, 0, last - 1)) {
        throw new IllegalArgumentException(
            "node '%s': expected [..., M, K] and [..., K, N], got %s"
                .formatted(name, Shapes.text(inputs)));
      }
      long[] out = a.clone();
      out[last] = b[last];
      return out;
    }
  }

  /**
   * A constant matrix applied along an axis, {@code y[..., i, ...] = sum_j matrix[i, j] x[..., j,
   * ...]}: what resizes, reflects at borders or picks, all of which are linear.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param axis axis of the example, 0 is the first after the batch's
   * @param matrix {@code [n, m]} for an axis of size m
   */
  record AxisProduct(String name, String input, int axis, INDArray matrix) implements OfOne {

    public AxisProduct {
      if (matrix.rank() != 2) {
        throw new IllegalArgumentException(
            "node '%s': expected a matrix, got %s"
                .formatted(name, Arrays.toString(matrix.shape())));
      }
      Shapes.checkFinite(name, matrix);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] out = inputs.get(0).clone();
      Shapes.checkAxis(name, axis, out);
      if (out[axis] != matrix.size(1)) {
        throw Shapes.misfit(name, "size %d along axis %d".formatted(matrix.size(1), axis), out);
      }
      out[axis] = matrix.size(0);
      return out;
    }
  }

  /**
   * {@code scale * x + shift} with constants: one for all elements, one a channel, or any shape
   * that broadcasts to the example's. A batch normalization in inference is one of these.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param scale {@code [1]}; {@code [C]} along the first axis; or as many axes as the example has,
   *     each of the example's size or 1
   * @param shift likewise
   */
  record Affine(String name, String input, INDArray scale, INDArray shift) implements OfOne {

    public Affine {
      for (INDArray numbers : List.of(scale, shift)) {
        if (numbers.rank() == 0 || numbers.isEmpty()) {
          throw new IllegalArgumentException(
              "node '%s': expected scale and shift of one or more axes, got %s and %s"
                  .formatted(name, Arrays.toString(scale.shape()), Arrays.toString(shift.shape())));
        }
      }
      Shapes.checkFinite(name, scale, shift);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      for (INDArray numbers : List.of(scale, shift)) {
        long[] shape = numbers.shape();
        boolean fits =
            shape.length == 1 ? shape[0] == 1 || shape[0] == in[0] : shape.length == in.length;
        for (int i = 0; fits && shape.length > 1 && i < shape.length; i++) {
          fits = shape[i] == 1 || shape[i] == in[i];
        }
        if (!fits) {
          throw Shapes.misfit(
              name, "a shape that %s broadcasts to".formatted(Arrays.toString(shape)), in);
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
      implements OfOne {

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

    /**
     * A function without parameters.
     *
     * @param name unique in its graph
     * @param input the node it reads
     * @param function which function
     */
    public Activation(String name, String input, Function function) {
      this(name, input, function, 0, 0);
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
      TANH,
      /** max(x, 0) whose derivative is taken to be 1 everywhere. */
      FAKE_RELU,
      /** log(1 + exp(x)). */
      SOFTPLUS,
      /** The error function. */
      ERF,
      /** exp(x). */
      EXP,
      /** Natural logarithm. */
      LOG,
      /** Square root; its derivative is taken to be 0 at 0. */
      SQRT,
      /** |x|; its derivative is 0 at 0. */
      ABS,
      /** 1 / x. */
      RECIPROCAL,
      /** x to the power of alpha. */
      POWER
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
   * @param pads top, left, bottom, right; each below the kernel's extent
   * @param dilation rows, columns; 1 for {@link Kind#AVERAGE}
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
      int[] dilation,
      boolean ceil,
      boolean countPadding)
      implements OfOne {

    public Pool {
      Shapes.checkNumbers(name, "kernel", kernel, 2, 1);
      Shapes.checkNumbers(name, "stride", stride, 2, 1);
      Shapes.checkNumbers(name, "pads", pads, 4, 0);
      Shapes.checkNumbers(name, "dilation", dilation, 2, 1);
      if (kind == Kind.AVERAGE && (dilation[0] != 1 || dilation[1] != 1)) {
        throw new IllegalArgumentException(
            "node '%s': expected dilation 1 of an average, got %s"
                .formatted(name, Arrays.toString(dilation)));
      }
      for (int i = 0; i < 4; i++) {
        if (pads[i] > dilation[i % 2] * (kernel[i % 2] - 1)) {
          throw new IllegalArgumentException(
              "node '%s': expected pads below the extent of kernel %s, got %s"
                  .formatted(name, Arrays.toString(kernel), Arrays.toString(pads)));
        }
      }
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      if (in.length != 3) {
        throw Shapes.misfit(name, "[C, H, W]", in);
      }
      long[] out = {in[0], 0, 0};
      for (int axis = 0; axis < 2; axis++) {
        long extent = dilation[axis] * (kernel[axis] - 1L) + 1;
        long room = in[1 + axis] + pads[axis] + pads[axis + 2] - extent;
        boolean partial = ceil && room + stride[axis] > 0;
        if (room < 0 && !partial) {
          throw Shapes.misfit(name, "a map that its kernel, %d, fits in".formatted(extent), in);
        }
        long windows = Math.floorDiv(room, stride[axis]) + 1L;
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
   * What is left of whole axes, which become of size 1. Over the rows and columns of maps it is
   * global pooling.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param reduction what is left
   * @param axes axes of the example, each once, in rising order
   */
  record Reduce(String name, String input, Reduction reduction, int[] axes) implements OfOne {

    public Reduce {
      Shapes.checkAxes(name, axes);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] out = inputs.get(0).clone();
      for (int axis : axes) {
        Shapes.checkAxis(name, axis, out);
        out[axis] = 1;
      }
      return out;
    }

    /** What is left of an axis. */
    public enum Reduction {
      /** The sum. */
      SUM,
      /** The mean. */
      MEAN,
      /** The largest value; the first in row order takes the gradient of a tie. */
      MAX,
      /** The square root of the sum of squares; its derivative is taken to be 0 at 0. */
      L2
    }
  }

  /**
   * {@code (x - mean) / sqrt(variance + epsilon)} with mean and variance over axes of the example:
   * what layer, group and instance normalization have in common.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param axes axes of the example, each once, in rising order
   * @param epsilon above 0, or 0 where the variance never is
   */
  record Standardize(String name, String input, int[] axes, double epsilon) implements OfOne {

    public Standardize {
      Shapes.checkAxes(name, axes);
      if (!(epsilon >= 0) || Double.isInfinite(epsilon)) {
        throw new IllegalArgumentException(
            "node '%s': expected a finite epsilon of at least 0, got %s".formatted(name, epsilon));
      }
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      for (int axis : axes) {
        Shapes.checkAxis(name, axis, in);
      }
      return in.clone();
    }
  }

  /**
   * The sum of two or more arrays of as many axes; axes of size 1 are repeated ({@code [C, 1, 1]}
   * to {@code [C, H, W]}). Of more than two, at least one is of the output's shape.
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
   * The product of two or more arrays of as many axes; axes of size 1 are repeated ({@code [C, 1,
   * 1]} to {@code [C, H, W]}). Of more than two, at least one is of the output's shape.
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
   * The larger of two arrays, element by element; axes of size 1 are repeated. Of a tie both take
   * half of the gradient.
   *
   * @param name unique in its graph
   * @param left one node
   * @param right the other
   */
  record Maximum(String name, String left, String right) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(left, right);
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
   * A part: along each axis {@code size} elements from {@code start}, each {@code step} after the
   * one before.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param start one number an axis of the example, at least 0
   * @param size one number an axis, at least 1
   * @param step one number an axis, at least 1
   */
  record Slice(String name, String input, long[] start, long[] size, long[] step) implements OfOne {
    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      boolean fits =
          start.length == in.length && size.length == in.length && step.length == in.length;
      for (int i = 0; fits && i < in.length; i++) {
        fits =
            start[i] >= 0
                && size[i] >= 1
                && step[i] >= 1
                && start[i] < in[i]
                && size[i] - 1 <= (in[i] - 1 - start[i]) / step[i];
      }
      if (!fits) {
        throw Shapes.misfit(
            name,
            "a shape that holds start %s, size %s, step %s"
                .formatted(Arrays.toString(start), Arrays.toString(size), Arrays.toString(step)),
            in);
      }
      return size.clone();
    }
  }

  /**
   * One number put around an array.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param before how many elements before each axis of the example, at least 0
   * @param after how many after each axis
   * @param value the number
   */
  record Pad(String name, String input, long[] before, long[] after, double value)
      implements OfOne {

    public Pad {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "node '%s': expected a finite value, got %s".formatted(name, value));
      }
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] out = inputs.get(0).clone();
      if (before.length != out.length
          || after.length != out.length
          || Arrays.stream(before).anyMatch(n -> n < 0)
          || Arrays.stream(after).anyMatch(n -> n < 0)) {
        throw Shapes.misfit(
            name,
            "as many axes as pads %s and %s, of at least 0"
                .formatted(Arrays.toString(before), Arrays.toString(after)),
            out);
      }
      for (int i = 0; i < out.length; i++) {
        out[i] = Math.addExact(out[i], Math.addExact(before[i], after[i]));
      }
      return out;
    }
  }

  /**
   * Axes in another order.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param axes which axis of the input each axis of the output is; 0 is the first after the
   *     batch's
   */
  record Transpose(String name, String input, int[] axes) implements OfOne {

    public Transpose {
      boolean[] seen = new boolean[axes.length];
      for (int axis : axes) {
        if (axis < 0 || axis >= axes.length || seen[axis]) {
          throw new IllegalArgumentException(
              "node '%s': expected each axis once, got %s".formatted(name, Arrays.toString(axes)));
        }
        seen[axis] = true;
      }
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      if (in.length != axes.length) {
        throw Shapes.misfit(name, "%d axes".formatted(axes.length), in);
      }
      return Arrays.stream(axes).mapToLong(axis -> in[axis]).toArray();
    }
  }

  /**
   * The same elements in row order under another shape; flattening is {@code [D]}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param shape of one example
   */
  record Reshape(String name, String input, long[] shape) implements OfOne {
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
   * exp(x) normalised to sum 1 along an axis of the example, or the logarithm of that.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param axis axis of the example, 0 is the first after the batch's
   * @param logarithm whether the logarithm is taken
   */
  record Softmax(String name, String input, int axis, boolean logarithm) implements OfOne {

    /**
     * Without the logarithm.
     *
     * @param name unique in its graph
     * @param input the node it reads
     * @param axis axis of the example, 0 is the first after the batch's
     */
    public Softmax(String name, String input, int axis) {
      this(name, input, axis, false);
    }

    @Override
    public long[] outputShape(List<long[]> inputs) {
      long[] in = inputs.get(0);
      Shapes.checkAxis(name, axis, in);
      return in.clone();
    }
  }
}
