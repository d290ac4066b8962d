package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxActivation.Place;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Normalizations, with stored statistics and with those of each image. */
final class OnnxNormalizations {

  /** Lets what is all zeros stay so; as PyTorch's normalize has it. */
  private static final double SMALLEST_NORM = 1e-12;

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
    int axis = channels(node, x);
    double epsilon = node.number("epsilon", 1e-5);
    if (!to.isConstant(node, 3) || !to.isConstant(node, 4)) {
      computed(node, to, x, axis, epsilon);
      return;
    }
    DataType type = to.required(node, 1, "scale").dataType();
    double[] scale = perChannel(node, to, 1, x);
    double[] shift = perChannel(node, to, 2, x);
    double[] mean = perChannel(node, to, 3, x);
    double[] variance = perChannel(node, to, 4, x);
    for (int c = 0; c < scale.length; c++) {
      scale[c] /= Math.sqrt(variance[c] + epsilon);
      shift[c] -= mean[c] * scale[c];
    }
    to.output(
        node,
        x.alike(
            to.add(
                new Node.Affine(
                    node.output(),
                    x.node(),
                    along(scale, type, axis, x),
                    along(shift, type, axis, x)))));
  }

  /** With mean or variance computed, as tf2onnx writes the layer normalization of Keras 2. */
  private static void computed(
      OnnxNode node, OnnxTranslation to, OnnxActivation x, int axis, double epsilon) {
    String name = node.output();
    Tensor mean = alongside(node, to, 3, x, axis, name + "/mean");
    Tensor variance = alongside(node, to, 4, x, axis, name + "/variance");
    Tensor centred = to.composites().difference(name + "/centred", x.tensor(), mean);
    Tensor above = to.composites().affine(name + "/above 0", variance, 1, epsilon);
    Tensor deviation =
        to.add(new Node.Activation(name + "/deviation", above.node(), Function.SQRT));
    Tensor standard = to.composites().quotient(name + "/standardized", centred, deviation);
    DataType type = to.required(node, 1, "scale").dataType();
    to.output(
        node,
        x.alike(
            to.add(
                new Node.Affine(
                    name,
                    standard.node(),
                    along(perChannel(node, to, 1, x), type, axis, x),
                    along(perChannel(node, to, 2, x), type, axis, x)))));
  }

  /**
   * The channels' axis of the example. They may be those of all images, [1, N * C, ...]; -1 stands
   * for one channel an image, [1, N, ...].
   */
  private static int channels(OnnxNode node, OnnxActivation x) {
    if (x.batch() != 1 || x.place() == Place.INNER) {
      return x.axis(node, 1);
    }
    return x.place() == Place.OUTER ? 1 : -1;
  }

  /** Numbers of channels; those of all images are to be the same for each. */
  private static double[] perChannel(OnnxNode node, OnnxTranslation to, int i, OnnxActivation x) {
    double[] all = OnnxTensors.doubles(to.required(node, i, "input %d".formatted(i)));
    int axis = channels(node, x);
    int channels = axis < 0 ? 1 : Math.toIntExact(x.example()[axis]);
    double[] own = Arrays.copyOf(all, channels);
    long copies = x.batch() == 1 ? to.batch() : 1;
    boolean fits = all.length == copies * channels;
    for (int c = 0; fits && c < all.length; c++) {
      fits = all[c] == own[c % channels];
    }
    if (!fits) {
      throw node.unsupported(
          "its input %d has %d numbers; supported is one for each channel of %s"
              .formatted(i, all.length, x));
    }
    return own;
  }

  /** Numbers of channels, constant or computed, in a shape that broadcasts. */
  private static Tensor alongside(
      OnnxNode node, OnnxTranslation to, int i, OnnxActivation x, int axis, String name) {
    long[] shape = new long[x.example().length];
    Arrays.fill(shape, 1);
    long channels = axis < 0 ? 1 : x.example()[axis];
    if (axis >= 0) {
      shape[axis] = channels;
    }
    if (to.isConstant(node, i)) {
      INDArray numbers = Nd4j.createFromArray(perChannel(node, to, i, x));
      return to.add(new Node.Constant(name, numbers.reshape(shape)));
    }
    OnnxActivation given = to.activation(node, i);
    if (x.batch() != 1
        || given.place() != Place.OUTER
        || given.rank() != 1
        || given.example()[0] != channels) {
      throw node.unsupported(
          "its input %d is computed, %s; supported are constants".formatted(i, given));
    }
    return OnnxAxes.example(to, name, given.tensor(), shape);
  }

  private static INDArray along(double[] numbers, DataType type, int axis, OnnxActivation x) {
    return axis < 0
        ? Nd4j.createFromArray(numbers)
        : OnnxAxes.along(Nd4j.createFromArray(numbers).castTo(type), axis, x.example().length);
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
    OnnxAxes.checkedMatrix(x.tensor().channels(), x.tensor().channels());
    int size = Math.toIntExact(node.integer("size", 1));
    if (size < 1) {
      throw node.unsupported("size %d; supported is 1 or more".formatted(size));
    }
    to.output(
        node,
        x.alike(
            to.composites()
                .localResponse(
                    node.output(),
                    x.tensor(),
                    size,
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
    Tensor divisor =
        to.add(
            new Node.Activation(
                name + "/divisor", norm.node(), Function.CLIP, SMALLEST_NORM, Float.MAX_VALUE));
    to.output(node, x.alike(to.composites().quotient(name, x.tensor(), divisor)));
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
