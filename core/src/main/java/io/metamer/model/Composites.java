package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Layers that are more than one node. The last node has the layer's name, the others that name with
 * an ending.
 */
final class Composites {

  // Klambauer et al. (2017), as ONNX, PyTorch and Keras write them.
  static final double SELU_ALPHA = 1.6732632423543772;
  static final double SELU_SCALE = 1.0507009873554805;

  private final GraphBuilder graph;

  Composites(GraphBuilder graph) {
    this.graph = graph;
  }

  /**
   * Zeros around a map that let windows begin at every stride, as "same" has it: top, left, bottom,
   * right; of an odd number the bottom and the right get more.
   */
  static int[] samePads(Tensor x, int[] kernel, int[] stride, int[] dilation) {
    int[] pads = new int[4];
    for (int i = 0; i < 2; i++) {
      long size = x.shape()[1 + i];
      long windows = (size + stride[i] - 1) / stride[i];
      long reach = (windows - 1) * stride[i] + dilation[i] * (kernel[i] - 1L) + 1;
      int total = Math.toIntExact(Math.max(0, reach - size));
      pads[i] = total / 2;
      pads[i + 2] = total - total / 2;
    }
    return pads;
  }

  /** {@code scale * x + shift} with one number each. */
  Tensor affine(String name, Tensor x, double scale, double shift) {
    return graph.add(line(name, x, scale, shift));
  }

  private Tensor step(String name, Tensor x, double scale, double shift) {
    return graph.step(line(name, x, scale, shift));
  }

  private Tensor step(String name, Tensor x, Function function) {
    return graph.step(new Node.Activation(name, x.node(), function));
  }

  private static Node line(String name, Tensor x, double scale, double shift) {
    return new Node.Affine(
        name,
        x.node(),
        Nd4j.createFromArray(new double[] {scale}),
        Nd4j.createFromArray(new double[] {shift}));
  }

  private Tensor product(String name, Tensor a, Tensor b) {
    return graph.add(new Node.Multiply(name, List.of(a.node(), b.node())));
  }

  // Arithmetic. Shapes broadcast, and have as many axes.

  Tensor difference(String name, Tensor a, Tensor b) {
    Tensor negated = step(name + "/negated", b, -1, 0);
    return graph.called(
        "difference", graph.add(new Node.Add(name, List.of(a.node(), negated.node()))));
  }

  Tensor quotient(String name, Tensor a, Tensor b) {
    Tensor reciprocal = step(name + "/reciprocal", b, Function.RECIPROCAL);
    return graph.called("quotient", product(name, a, reciprocal));
  }

  Tensor minimum(String name, Tensor a, Tensor b) {
    Tensor largest =
        graph.step(
            new Node.Maximum(
                name + "/maximum",
                step(name + "/left", a, -1, 0).node(),
                step(name + "/right", b, -1, 0).node()));
    return graph.called("minimum", affine(name, largest, -1, 0));
  }

  // Functions of each element.

  /** {@code min(max(x, low), high)}; either bound may be infinite. */
  Tensor clip(String name, Tensor x, double low, double high) {
    boolean relu = low == 0 && high >= Float.MAX_VALUE;
    return graph.add(
        relu
            ? new Node.Activation(name, x.node(), Function.RELU)
            : new Node.Activation(name, x.node(), Function.CLIP, low, high));
  }

  /** {@code min(max(alpha * x + beta, 0), 1)}. */
  Tensor hardSigmoid(String name, Tensor x, double alpha, double beta) {
    Tensor line = step(name + "/line", x, alpha, beta);
    return graph.called(
        "hard sigmoid", graph.add(new Node.Activation(name, line.node(), Function.CLIP, 0, 1)));
  }

  /** {@code x * min(max(x / 6 + 1 / 2, 0), 1)}. */
  Tensor hardSwish(String name, Tensor x) {
    Tensor line = step(name + "/line", x, 1.0 / 6, 0.5);
    Tensor gate = graph.step(new Node.Activation(name + "/gate", line.node(), Function.CLIP, 0, 1));
    return graph.called("hard swish", product(name, x, gate));
  }

  /** {@code x / (1 + exp(-beta * x))}. */
  Tensor swish(String name, Tensor x, double beta) {
    Tensor line = beta == 1 ? x : step(name + "/line", x, beta, 0);
    return graph.called("swish", product(name, x, step(name + "/gate", line, Function.SIGMOID)));
  }

  /** {@code x * tanh(log(1 + exp(x)))}. */
  Tensor mish(String name, Tensor x) {
    Tensor softplus = step(name + "/softplus", x, Function.SOFTPLUS);
    return graph.called("mish", product(name, x, step(name + "/gate", softplus, Function.TANH)));
  }

  /** {@code x * (1 + erf(x / sqrt(2))) / 2}. */
  Tensor gelu(String name, Tensor x) {
    Tensor scaled = step(name + "/scaled", x, Math.sqrt(0.5), 0);
    Tensor erf = step(name + "/erf", scaled, Function.ERF);
    return graph.called("gelu", product(name, x, step(name + "/gate", erf, 0.5, 0.5)));
  }

  /** {@code x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2}, GELU's approximation. */
  Tensor geluByTanh(String name, Tensor x) {
    Tensor square = graph.step(new Node.Multiply(name + "/square", List.of(x.node(), x.node())));
    double c = Math.sqrt(2 / Math.PI);
    Tensor slope = step(name + "/slope", square, c * 0.044715, c);
    Tensor inner = graph.step(new Node.Multiply(name + "/inner", List.of(x.node(), slope.node())));
    Tensor tanh = step(name + "/tanh", inner, Function.TANH);
    return graph.called("gelu", product(name, x, step(name + "/gate", tanh, 0.5, 0.5)));
  }

  /** {@code gamma * x} where x &gt; 0, else {@code gamma * alpha * (exp(x) - 1)}. */
  Tensor selu(String name, Tensor x, double alpha, double gamma) {
    Tensor elu = graph.step(new Node.Activation(name + "/elu", x.node(), Function.ELU, alpha, 0));
    return graph.called("selu", affine(name, elu, gamma, 0));
  }

  /** x where x &gt; 0, else {@code alpha * (exp(x / alpha) - 1)}. */
  Tensor celu(String name, Tensor x, double alpha) {
    Tensor scaled = step(name + "/scaled", x, 1 / alpha, 0);
    Tensor elu = graph.step(new Node.Activation(name + "/elu", scaled.node(), Function.ELU, 1, 0));
    return affine(name, elu, alpha, 0);
  }

  /** {@code x / (1 + |x|)}. */
  Tensor softsign(String name, Tensor x) {
    Tensor absolute = step(name + "/absolute", x, Function.ABS);
    return quotient(name, x, step(name + "/divisor", absolute, 1, 1));
  }

  /**
   * x where x &gt; 0, else {@code slope * x}.
   *
   * @param slope of a shape as {@link Node.Affine} takes it
   */
  Tensor prelu(String name, Tensor x, INDArray slope) {
    // slope * x + (1 - slope) * relu(x), whose derivative at 0 is the slope.
    INDArray zero = Nd4j.createFromArray(new double[] {0});
    INDArray wide = slope.castTo(DataType.DOUBLE);
    Tensor line = graph.step(new Node.Affine(name + "/line", x.node(), wide, zero));
    Tensor relu = step(name + "/relu", x, Function.RELU);
    Tensor rest = graph.step(new Node.Affine(name + "/rest", relu.node(), wide.rsub(1), zero));
    return graph.called("prelu", graph.add(new Node.Add(name, List.of(line.node(), rest.node()))));
  }

  // Normalizations.

  /**
   * Mean 0 and variance 1 over axes, then {@code scale * x + shift}.
   *
   * @param scale of a shape as {@link Node.Affine} takes it, or none for 1
   * @param shift likewise, or none for 0
   */
  Tensor standardized(
      String name,
      Tensor x,
      int[] axes,
      double epsilon,
      @Nullable INDArray scale,
      @Nullable INDArray shift) {
    if (scale == null && shift == null) {
      return graph.add(new Node.Standardize(name, x.node(), axes, epsilon));
    }
    Tensor standard =
        graph.step(new Node.Standardize(name + "/standardized", x.node(), axes, epsilon));
    return graph.called(
        Kinds.normalization(axes, x.shape().length),
        graph.add(
            new Node.Affine(
                name,
                standard.node(),
                scale == null ? Nd4j.createFromArray(new double[] {1}) : scale,
                shift == null ? Nd4j.createFromArray(new double[] {0}) : shift)));
  }

  /**
   * Mean 0 and variance 1 over each group of channels, then {@code scale * x + shift}.
   *
   * @param x {@code [C, ...]}
   * @param groups divides C
   * @param scale of a shape as {@link Node.Affine} takes it, or none for 1
   * @param shift likewise, or none for 0
   */
  Tensor groupNormalization(
      String name,
      Tensor x,
      long groups,
      double epsilon,
      @Nullable INDArray scale,
      @Nullable INDArray shift) {
    long[] split = {groups, x.length() / groups};
    Tensor grouped = graph.step(new Node.Reshape(name + "/groups", x.node(), split));
    Tensor standard =
        graph.step(
            new Node.Standardize(name + "/standardized", grouped.node(), new int[] {1}, epsilon));
    if (scale == null && shift == null) {
      return graph.called(
          "group normalization", graph.add(new Node.Reshape(name, standard.node(), x.shape())));
    }
    Tensor together = graph.step(new Node.Reshape(name + "/channels", standard.node(), x.shape()));
    return graph.called(
        "group normalization",
        graph.add(
            new Node.Affine(
                name,
                together.node(),
                scale == null ? Nd4j.createFromArray(new double[] {1}) : scale,
                shift == null ? Nd4j.createFromArray(new double[] {0}) : shift)));
  }

  /**
   * {@code scale * x / sqrt(mean of x^2 over axes + epsilon)}.
   *
   * @param scale of a shape as {@link Node.Affine} takes it, or none for 1
   */
  Tensor rootMeanSquare(
      String name, Tensor x, int[] axes, double epsilon, @Nullable INDArray scale) {
    Tensor square = graph.step(new Node.Multiply(name + "/square", List.of(x.node(), x.node())));
    Tensor mean =
        graph.step(
            new Node.Reduce(name + "/mean", square.node(), Node.Reduce.Reduction.MEAN, axes));
    Tensor root = step(name + "/root", step(name + "/biased", mean, 1, epsilon), Function.SQRT);
    if (scale == null) {
      return quotient(name, x, root);
    }
    Tensor normalized = quotient(name + "/normalized", x, root);
    INDArray zero = Nd4j.createFromArray(new double[] {0});
    return graph.add(new Node.Affine(name, normalized.node(), scale, zero));
  }

  /**
   * {@code x * (bias + alpha / size * sum of squares)^-beta}, the sum over the channels from {@code
   * (size - 1) / 2} before to {@code size / 2} after each (ONNX LRN).
   *
   * @param x {@code [C, H, W]}
   */
  Tensor localResponse(String name, Tensor x, int size, double alpha, double beta, double bias) {
    int channels = Math.toIntExact(x.channels());
    double[][] near = new double[channels][channels];
    double[] biases = new double[channels];
    for (int c = 0; c < channels; c++) {
      biases[c] = bias;
      int first = Math.max(0, c - (size - 1) / 2);
      int last = (int) Math.min(channels - 1, (long) c + size / 2);
      Arrays.fill(near[c], first, last + 1, alpha / size);
    }
    Tensor square = graph.step(new Node.Multiply(name + "/square", List.of(x.node(), x.node())));
    Tensor sum =
        graph.step(
            new Node.Convolution(
                name + "/sum",
                square.node(),
                Nd4j.createFromArray(near).reshape(channels, channels, 1, 1),
                Nd4j.createFromArray(biases),
                new int[] {1, 1},
                new int[4],
                new int[] {1, 1},
                1));
    Tensor power =
        graph.step(new Node.Activation(name + "/power", sum.node(), Function.POWER, -beta, 0));
    return graph.called("local response normalization", product(name, x, power));
  }

  // Shapes.

  /** {@code [C, H, W]} to {@code [H, W, C]}. */
  Tensor channelsLast(String name, Tensor x) {
    return graph.add(new Node.Transpose(name, x.node(), new int[] {1, 2, 0}));
  }

  /** {@code [H, W, C]} to {@code [C, H, W]}. */
  Tensor channelsFirst(String name, Tensor x) {
    return graph.add(new Node.Transpose(name, x.node(), new int[] {2, 0, 1}));
  }

  /**
   * Zeros cut from or put around the rows and columns of a map: top, left, bottom, right; negative
   * numbers cut.
   */
  Tensor framed(String name, Tensor x, long[] pads) {
    return padded(name, x, new long[] {0, pads[0], pads[1]}, new long[] {0, pads[2], pads[3]}, 0);
  }

  /** One number put before and after each axis; negative counts cut. */
  Tensor padded(String name, Tensor x, long[] before, long[] after, double value) {
    int rank = before.length;
    long[] start = new long[rank];
    long[] size = x.shape().clone();
    long[] ones = new long[rank];
    Arrays.fill(ones, 1);
    for (int i = 0; i < rank; i++) {
      start[i] = Math.max(0, -before[i]);
      size[i] += Math.min(0, before[i]) + Math.min(0, after[i]);
    }
    boolean cuts = !Arrays.equals(size, x.shape());
    long[] more = Arrays.stream(before).map(p -> Math.max(0, p)).toArray();
    long[] less = Arrays.stream(after).map(p -> Math.max(0, p)).toArray();
    if (Arrays.stream(more).sum() + Arrays.stream(less).sum() == 0) {
      return graph.add(new Node.Slice(name, x.node(), start, size, ones));
    }
    Tensor cut = cuts ? graph.step(new Node.Slice(name + "/cut", x.node(), start, size, ones)) : x;
    return graph.add(new Node.Pad(name, cut.node(), more, less, value));
  }
}
