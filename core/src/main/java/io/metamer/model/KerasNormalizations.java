package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Layers that scale and move. */
final class KerasNormalizations {

  // Keras' own defaults, where a file does not say.
  private static final double NORMALIZATION_EPSILON = 1e-3;
  private static final double SMALLEST_DEVIATION = 1e-7;
  private static final double SHORTEST = 1e-6;

  private KerasNormalizations() {}

  static KerasTensor batchNormalization(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    int[] given = layer.has("axis") ? layer.integers("axis") : new int[] {-1};
    if (given.length != 1) {
      throw layer.unsupported("over %d axes; supported is one".formatted(given.length));
    }
    int axis = step.axis(given[0], x);
    long size = x.shape()[axis];
    double[] mean = OnnxTensors.doubles(layer.weight("moving_mean", size));
    double[] variance = OnnxTensors.doubles(layer.weight("moving_variance", size));
    double[] gamma = perChannel(layer, "gamma", "scale", size, 1);
    double[] beta = perChannel(layer, "beta", "center", size, 0);
    double epsilon = layer.number("epsilon", NORMALIZATION_EPSILON);
    double[] scale = new double[mean.length];
    double[] shift = new double[mean.length];
    for (int c = 0; c < scale.length; c++) {
      scale[c] = gamma[c] / Math.sqrt(variance[c] + epsilon);
      shift[c] = beta[c] - mean[c] * scale[c];
    }
    return affine(step, x, scale, shift, new int[] {axis});
  }

  private static double[] perChannel(
      KerasLayer layer, String weight, String option, long size, double otherwise) {
    if (layer.flag(option, true)) {
      return OnnxTensors.doubles(layer.weight(weight, size));
    }
    double[] all = new double[Math.toIntExact(size)];
    Arrays.fill(all, otherwise);
    return all;
  }

  /** {@code scale * x + shift} with numbers that belong to some axes, or one for all. */
  private static KerasTensor affine(
      KerasStep step, KerasTensor x, double[] scale, double[] shift, int[] axes) {
    INDArray a = Nd4j.createFromArray(scale).castTo(DataType.FLOAT);
    INDArray b = Nd4j.createFromArray(shift).castTo(DataType.FLOAT);
    return new KerasTensor(
        step.graph()
            .add(
                new Node.Affine(
                    step.name(),
                    x.node(),
                    scale.length == 1 ? a : step.spread(a, axes, x),
                    shift.length == 1 ? b : step.spread(b, axes, x))),
        x.moved());
  }

  static KerasTensor layerNormalization(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    if (layer.flag("rms_scaling", false)) {
      throw layer.unsupported("with rms_scaling; supported is without");
    }
    int[] axes = normalized(step, x);
    long[] sizes = Arrays.stream(axes).mapToLong(a -> x.shape()[a]).toArray();
    return new KerasTensor(
        step.composites()
            .standardized(
                step.name(),
                x.tensor(),
                nodeAxes(axes, x),
                layer.number("epsilon", NORMALIZATION_EPSILON),
                layer.flag("scale", true)
                    ? step.spread(layer.weight("gamma", sizes), axes, x)
                    : null,
                layer.flag("center", true)
                    ? step.spread(layer.weight("beta", sizes), axes, x)
                    : null),
        x.moved());
  }

  /** {@code scale * x / sqrt(mean of x^2 + epsilon)}. */
  static KerasTensor rootMeanSquare(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    int[] axes = normalized(step, x);
    long[] sizes = Arrays.stream(axes).mapToLong(a -> x.shape()[a]).toArray();
    String name = step.name();
    Tensor square =
        step.graph().step(new Node.Multiply(name + "/square", List.of(x.node(), x.node())));
    Tensor mean =
        step.graph()
            .step(
                new Node.Reduce(name + "/mean", square.node(), Reduction.MEAN, nodeAxes(axes, x)));
    Tensor biased =
        step.graph()
            .step(
                new Node.Affine(
                    name + "/biased",
                    mean.node(),
                    Nd4j.createFromArray(new double[] {1}),
                    Nd4j.createFromArray(new double[] {layer.number("epsilon", 1e-6)})));
    Tensor inverse =
        step.graph()
            .step(new Node.Activation(name + "/inverse", biased.node(), Function.POWER, -0.5, 0));
    Tensor unit =
        step.graph().step(new Node.Multiply(name + "/unit", List.of(x.node(), inverse.node())));
    return affine(
        step,
        new KerasTensor(unit, x.moved()),
        OnnxTensors.doubles(layer.weight("scale", sizes)),
        new double[] {0},
        axes);
  }

  /** {@code x / |x|}, the length over some axes, and not below a small one. */
  static KerasTensor unitNormalization(KerasStep step) {
    KerasTensor x = step.input();
    String name = step.name();
    int[] axes = nodeAxes(normalized(step, x), x);
    Tensor length =
        step.graph().step(new Node.Reduce(name + "/length", x.node(), Reduction.L2, axes));
    Tensor bounded =
        step.graph()
            .step(
                new Node.Activation(
                    name + "/bounded",
                    length.node(),
                    Function.CLIP,
                    SHORTEST,
                    Double.POSITIVE_INFINITY));
    return new KerasTensor(step.composites().quotient(name, x.tensor(), bounded), x.moved());
  }

  /** The axes that a normalization names, in rising order, the last where it names none. */
  private static int[] normalized(KerasStep step, KerasTensor x) {
    int[] given = step.layer().has("axis") ? step.layer().integers("axis") : new int[] {-1};
    return Arrays.stream(given).map(a -> step.axis(a, x)).distinct().sorted().toArray();
  }

  private static int[] nodeAxes(int[] axes, KerasTensor x) {
    return Arrays.stream(axes).map(x::nodeAxis).sorted().toArray();
  }

  static KerasTensor groupNormalization(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    int axis = step.axis(layer.integer("axis", -1), x);
    if (x.nodeAxis(axis) != 0) {
      throw layer.unsupported(
          "along axis %d of %s; supported are the channels of maps"
              .formatted(axis + 1, Arrays.toString(x.shape())));
    }
    long size = x.shape()[axis];
    long groups = layer.integer("groups", 32);
    groups = groups == -1 ? size : groups;
    if (groups < 1 || size % groups != 0) {
      throw layer.unsupported("%d channels in %d groups".formatted(size, groups));
    }
    return new KerasTensor(
        step.composites()
            .groupNormalization(
                step.name(),
                x.tensor(),
                groups,
                layer.number("epsilon", NORMALIZATION_EPSILON),
                layer.flag("scale", true) ? layer.weight("gamma", size) : null,
                layer.flag("center", true) ? layer.weight("beta", size) : null),
        x.moved());
  }

  /** ConvNeXt's: a learned factor for each channel. */
  static KerasTensor layerScale(KerasStep step) {
    KerasTensor x = step.input();
    int last = x.rank() - 1;
    double[] gamma = OnnxTensors.doubles(step.layer().weight("gamma", x.shape()[last]));
    return affine(step, x, gamma, new double[] {0}, new int[] {last});
  }

  /** {@code (x - mean) / sqrt(variance)}, or the other way round. */
  static KerasTensor normalization(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    boolean own = layer.has("mean");
    int[] axes =
        !layer.config().has("axis")
            ? new int[] {x.rank() - 1}
            : layer.has("axis")
                ? Arrays.stream(layer.integers("axis")).map(a -> step.axis(a, x)).sorted().toArray()
                : new int[0];
    long[] sizes = Arrays.stream(axes).mapToLong(a -> x.shape()[a]).toArray();
    double[] mean = own ? layer.numbers("mean") : moments(layer, "mean", sizes);
    double[] variance = own ? layer.numbers("variance") : moments(layer, "variance", sizes);
    if (mean.length != variance.length) {
      throw layer.unsupported("%d means and %d variances".formatted(mean.length, variance.length));
    }
    boolean invert = layer.flag("invert", false);
    double[] scale = new double[mean.length];
    double[] shift = new double[mean.length];
    for (int i = 0; i < scale.length; i++) {
      double deviation = Math.max(Math.sqrt(variance[i]), SMALLEST_DEVIATION);
      scale[i] = invert ? deviation : 1 / deviation;
      shift[i] = invert ? mean[i] : -mean[i] / deviation;
    }
    return affine(step, x, scale, shift, axes);
  }

  private static double[] moments(KerasLayer layer, String name, long[] sizes) {
    return OnnxTensors.doubles(layer.weight(name, sizes.length == 0 ? new long[] {1} : sizes));
  }

  static KerasTensor rescaling(KerasStep step) {
    KerasTensor x = step.input();
    double[] scale = step.layer().has("scale") ? step.layer().numbers("scale") : new double[] {1};
    double[] offset =
        step.layer().has("offset") ? step.layer().numbers("offset") : new double[] {0};
    return affine(step, x, scale, offset, new int[] {x.rank() - 1});
  }
}
