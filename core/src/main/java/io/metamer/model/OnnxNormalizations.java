package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Normalizations, with stored statistics and with those of each image. */
final class OnnxNormalizations {

  private OnnxNormalizations() {}

  static void batch(OnnxNode node, OnnxTranslation to) {
    if (node.integer("training_mode", 0) != 0) {
      throw node.unsupported("training_mode = 1; supported is inference");
    }
    // Before opset 14 the statistics as further outputs are what says training.
    if (node.opset() < 14 && node.outputs().size() > 1) {
      throw node.unsupported("with statistics as further outputs; supported is inference");
    }
    OnnxActivation x = to.activation(node, 0);
    INDArray gamma = to.required(node, 1, "scale");
    double[] beta = OnnxTensors.doubles(to.required(node, 2, "bias"));
    double[] mean = OnnxTensors.doubles(to.required(node, 3, "mean"));
    double[] variance = OnnxTensors.doubles(to.required(node, 4, "variance"));
    double epsilon = node.number("epsilon", 1e-5);
    double[] scale = OnnxTensors.doubles(gamma);
    double[] shift = new double[scale.length];
    checkLengths(node, scale, beta, mean, variance);
    for (int c = 0; c < scale.length; c++) {
      scale[c] /= Math.sqrt(variance[c] + epsilon);
      shift[c] = beta[c] - mean[c] * scale[c];
    }
    int axis = x.axis(node, 1);
    to.output(
        node,
        x.alike(
            to.add(
                new Node.Affine(
                    node.output(),
                    x.node(),
                    along(scale, gamma.dataType(), axis, x),
                    along(shift, gamma.dataType(), axis, x)))));
  }

  private static void checkLengths(OnnxNode node, double[]... numbers) {
    for (double[] of : numbers) {
      if (of.length != numbers[0].length) {
        throw node.unsupported(
            "with %d scales and %d of another kind; supported is one of each a channel"
                .formatted(numbers[0].length, of.length));
      }
    }
  }

  private static INDArray along(double[] numbers, DataType type, int axis, OnnxActivation x) {
    return OnnxAxes.along(Nd4j.createFromArray(numbers).castTo(type), axis, x.example().length);
  }

  static void instance(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = channelsFirst(node, to);
    int rank = x.example().length;
    to.output(
        node,
        x.alike(
            to.composites()
                .standardized(
                    node.output(),
                    x.tensor(),
                    IntStream.range(1, rank).toArray(),
                    node.number("epsilon", 1e-5),
                    to.required(node, 1, "scale"),
                    to.required(node, 2, "bias"))));
  }

  /** Scale and bias are those of the groups in operator set 18, of the channels from 21 on. */
  static void group(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = channelsFirst(node, to);
    long groups = node.integer("num_groups", 0);
    long channels = x.tensor().channels();
    if (groups < 1 || channels % groups != 0) {
      throw node.unsupported("%d groups of %d channels".formatted(groups, channels));
    }
    to.output(
        node,
        x.alike(
            to.composites()
                .groupNormalization(
                    node.output(),
                    x.tensor(),
                    groups,
                    node.number("epsilon", 1e-5),
                    ofChannels(node, to.required(node, 1, "scale"), channels, groups),
                    ofChannels(node, to.required(node, 2, "bias"), channels, groups))));
  }

  private static INDArray ofChannels(OnnxNode node, INDArray numbers, long channels, long groups) {
    if (numbers.length() == channels) {
      return numbers;
    }
    if (numbers.length() != groups) {
      throw node.unsupported(
          "%d scales or biases; supported is one a group or a channel".formatted(numbers.length()));
    }
    int each = Math.toIntExact(channels / groups);
    return numbers
        .dup('c')
        .reshape('c', groups, 1)
        .broadcast(groups, each)
        .dup('c')
        .reshape(new long[] {channels});
  }

  static void layer(OnnxNode node, OnnxTranslation to) {
    layer(node, to, to.activation(node, 0), 1, 2, node.integer("axis", -1));
  }

  /** ONNX Runtime's sum of two or three inputs and its normalization. */
  static void skipLayer(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    OnnxActivation skip = to.activation(node, 1);
    OnnxProducts.checkSamePlace(node, x, skip);
    String sumName = node.proto().getOutputCount() > 3 ? node.proto().getOutput(3) : "";
    boolean named = !sumName.isEmpty();
    String name = named ? sumName : node.output() + "/sum";
    INDArray bias = to.constant(node, 4, "bias");
    String first = bias == null ? name : name + "/unbiased";
    Tensor sum = to.add(new Node.Add(first, List.of(x.node(), skip.node())));
    if (bias != null) {
      INDArray c = OnnxAxes.constant(node, to, bias, x);
      sum = OnnxBroadcasting.shifted(to, name, sum, c);
    }
    if (named) {
      to.output(sumName, x.alike(sum));
    }
    layer(node, to, x.alike(sum), 2, 3, -1);
  }

  private static void layer(
      OnnxNode node, OnnxTranslation to, OnnxActivation x, int scale, int bias, long axis) {
    int[] axes = from(node, x, axis);
    to.output(
        node,
        x.alike(
            to.composites()
                .standardized(
                    node.output(),
                    x.tensor(),
                    axes,
                    node.number("epsilon", node.key().startsWith("com") ? 1e-12 : 1e-5),
                    constant(node, to, scale, x),
                    constant(node, to, bias, x))));
  }

  /** Division by the root of the mean square, over the axes from one on. */
  static void rootMeanSquare(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    int[] axes = from(node, x, node.integer("axis", -1));
    double epsilon = node.number("epsilon", 1e-5);
    INDArray scale = constant(node, to, 1, x);
    to.output(
        node,
        x.alike(to.composites().rootMeanSquare(node.output(), x.tensor(), axes, epsilon, scale)));
  }

  /** The axes of the example from one of the ONNX tensor on. */
  private static int[] from(OnnxNode node, OnnxActivation x, long axis) {
    return x.axes(node, IntStream.range(x.onnxAxis(node, axis), x.rank()).asLongStream().toArray());
  }

  private static @Nullable INDArray constant(
      OnnxNode node, OnnxTranslation to, int i, OnnxActivation x) {
    INDArray given = to.constant(node, i, "scale or bias");
    return given == null ? null : OnnxAxes.scale(OnnxAxes.constant(node, to, given, x));
  }

  static void localResponse(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.map(node, 0);
    to.output(
        node,
        x.alike(
            to.composites()
                .localResponse(
                    node.output(),
                    x.tensor(),
                    Math.toIntExact(node.integer("size", 1)),
                    node.number("alpha", 1e-4),
                    node.number("beta", 0.75),
                    node.number("bias", 1))));
  }

  /** Division by the 1-norm or 2-norm along an axis. */
  static void unitNorm(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    int[] axes = {x.axis(node, node.integer("axis", -1))};
    String name = node.output();
    Tensor norm =
        switch ((int) node.integer("p", 2)) {
          case 1 -> {
            Tensor absolute =
                to.add(new Node.Activation(name + "/absolute", x.node(), Function.ABS));
            yield to.add(new Node.Reduce(name + "/norm", absolute.node(), Reduction.SUM, axes));
          }
          case 2 -> to.add(new Node.Reduce(name + "/norm", x.node(), Reduction.L2, axes));
          default ->
              throw node.unsupported(
                  "p = %d; supported are 1 and 2".formatted(node.integer("p", 2)));
        };
    to.output(node, x.alike(to.composites().quotient(name, x.tensor(), norm)));
  }

  static void meanVariance(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    int[] axes = x.axes(node, node.integers("axes", 0, 2, 3));
    to.output(node, x.alike(to.add(new Node.Standardize(node.output(), x.node(), axes, 1e-18))));
  }

  /** {@code [N, C, ...]}. */
  private static OnnxActivation channelsFirst(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    if (x.batch() != 0 || x.rank() == x.example().length || x.example().length < 2) {
      throw node.unsupported("of %s; supported is [N, C, ...]".formatted(x));
    }
    return x;
  }
}
