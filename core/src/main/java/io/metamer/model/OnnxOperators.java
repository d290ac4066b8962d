package io.metamer.model;

import static java.util.Map.entry;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxTranslation.Padded;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The table of ONNX operators on activations, and how each becomes a node. What is not in it is
 * refused.
 */
final class OnnxOperators {

  /** Adds what a node of the file computes to the graph. */
  @FunctionalInterface
  interface Translator {
    void translate(OnnxNode node, OnnxTranslation to);
  }

  private static final Map<String, Translator> TABLE =
      Map.ofEntries(
          entry("Add", OnnxOperators::add),
          entry("AveragePool", OnnxOperators::averagePool),
          entry("BatchNormalization", OnnxOperators::batchNormalization),
          entry("Clip", OnnxOperators::clip),
          entry("Concat", OnnxOperators::concat),
          entry("Conv", OnnxOperators::convolution),
          entry("Div", OnnxOperators::divide),
          entry("Dropout", OnnxOperators::dropout),
          entry("Elu", (n, to) -> activation(n, to, Function.ELU, n.number("alpha", 1), 0)),
          entry("Flatten", OnnxOperators::flatten),
          entry("Gemm", OnnxOperators::gemm),
          entry("GlobalAveragePool", (n, to) -> globalPool(n, to, Node.Reduce.Reduction.MEAN)),
          entry("GlobalMaxPool", (n, to) -> globalPool(n, to, Node.Reduce.Reduction.MAX)),
          entry("Identity", OnnxOperators::identity),
          entry(
              "LeakyRelu",
              (n, to) -> activation(n, to, Function.LEAKY_RELU, n.number("alpha", 0.01), 0)),
          entry("MatMul", OnnxOperators::matrixProduct),
          entry("MaxPool", OnnxOperators::maxPool),
          entry("Mul", OnnxOperators::multiply),
          entry("Pad", OnnxOperators::pad),
          entry("ReduceMax", (n, to) -> reduce(n, to, Node.Reduce.Reduction.MAX)),
          entry("ReduceMean", (n, to) -> reduce(n, to, Node.Reduce.Reduction.MEAN)),
          entry("Relu", (n, to) -> activation(n, to, Function.RELU, 0, 0)),
          entry("Reshape", OnnxOperators::reshape),
          entry("Shape", OnnxOperators::shape),
          entry("Sigmoid", (n, to) -> activation(n, to, Function.SIGMOID, 0, 0)),
          entry("Softmax", OnnxOperators::softmax),
          entry("Squeeze", OnnxOperators::squeeze),
          entry("Sub", OnnxOperators::subtract),
          entry("Sum", OnnxOperators::add),
          entry("Tanh", (n, to) -> activation(n, to, Function.TANH, 0, 0)),
          entry("Transpose", OnnxOperators::transpose),
          entry("Unsqueeze", OnnxOperators::unsqueeze));

  /** Rows and columns of a map. */
  private static final int[] MAP = {1, 2};

  private OnnxOperators() {}

  static boolean knows(String operator) {
    return TABLE.containsKey(operator);
  }

  static Set<String> names() {
    return TABLE.keySet();
  }

  static void translate(OnnxNode node, OnnxTranslation to) {
    Translator translator = TABLE.get(node.operator());
    if (translator == null) {
      throw node.unsupported("supported on constants only, and its input depends on the images");
    }
    translator.translate(node, to);
  }

  // Layers with weights.

  private static void convolution(OnnxNode node, OnnxTranslation to) {
    Padded x = to.paddedTensor(node, 0);
    INDArray weights = to.required(node, 1, "weights");
    if (weights.rank() != 4) {
      throw node.unsupported(
          "its weights have %d axes; supported are the 4 of images".formatted(weights.rank()));
    }
    long[] kernel = {weights.size(2), weights.size(3)};
    long[] stride = node.integers("strides", 1, 1);
    long[] dilation = node.integers("dilations", 1, 1);
    to.output(
        node,
        new Node.Convolution(
            node.output(),
            x.map().node(),
            weights,
            to.constant(node, 2, "bias"),
            ints(stride),
            pads(node, x, kernel, stride, dilation),
            ints(dilation),
            (int) node.integer("group", 1)));
  }

  private static void gemm(OnnxNode node, OnnxTranslation to) {
    if (node.integer("transA", 0) != 0) {
      throw node.unsupported("transA = 1; supported is 0");
    }
    Tensor x = to.tensor(node, 0);
    INDArray weights = to.required(node, 1, "matrix");
    double alpha = node.number("alpha", 1);
    INDArray outByIn = node.integer("transB", 0) == 0 ? transposed(weights) : weights;
    INDArray bias = to.constant(node, 2, "bias");
    to.output(
        node,
        new Node.Dense(
            node.output(),
            x.node(),
            alpha == 1 ? outByIn : outByIn.mul(alpha),
            bias == null ? null : bias(node, bias, outByIn.size(0), node.number("beta", 1))));
  }

  private static INDArray bias(OnnxNode node, INDArray bias, long length, double beta) {
    boolean column = bias.rank() > 1 && bias.size(0) != 1; // one number an image
    if (column || (bias.length() != length && bias.length() != 1)) {
      throw node.unsupported(
          "its bias has shape %s; supported is a vector of %d"
              .formatted(Arrays.toString(bias.shape()), length));
    }
    INDArray full = Nd4j.zeros(bias.dataType(), length);
    return full.addi(bias.dup('c').reshape(bias.length())).muli(beta);
  }

  private static void matrixProduct(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    INDArray weights = to.required(node, 1, "matrix");
    if (x.shape().length != 1 || weights.rank() != 2) {
      throw node.unsupported(
          "of %s and %s; supported are vectors times a constant matrix"
              .formatted(Arrays.toString(x.shape()), Arrays.toString(weights.shape())));
    }
    to.output(node, new Node.Dense(node.output(), x.node(), transposed(weights), null));
  }

  private static INDArray transposed(INDArray matrix) {
    return matrix.transpose().dup('c');
  }

  private static void batchNormalization(OnnxNode node, OnnxTranslation to) {
    if (node.integer("training_mode", 0) != 0) {
      throw node.unsupported("training_mode = 1; supported is inference");
    }
    // Before opset 14 the statistics as further outputs are what says training.
    if (node.proto().getOutputCount() > 1) {
      throw node.unsupported("with statistics as further outputs; supported is inference");
    }
    Tensor x = to.tensor(node, 0);
    double[] gamma = OnnxTensors.doubles(to.required(node, 1, "scale"));
    double[] beta = OnnxTensors.doubles(to.required(node, 2, "bias"));
    double[] mean = OnnxTensors.doubles(to.required(node, 3, "mean"));
    double[] variance = OnnxTensors.doubles(to.required(node, 4, "variance"));
    DataType type = to.required(node, 1, "scale").dataType();
    double epsilon = node.number("epsilon", 1e-5);
    to.output(
        node,
        GraphBuilder.normalization(node.output(), x, gamma, beta, mean, variance, epsilon, type));
  }

  // Arithmetic: with a constant an affine map, between activations a node of its own.

  private static void add(OnnxNode node, OnnxTranslation to) {
    int constant = constantInput(node, to);
    if (node.inputs().size() == 1) {
      identity(node, to);
      return;
    }
    if (constant < 0) {
      to.output(node, new Node.Add(node.output(), tensors(node, to)));
      return;
    }
    Tensor x = to.tensor(node, 1 - constant);
    INDArray c = to.required(node, constant, "summand");
    to.output(
        node,
        GraphBuilder.affine(
            node.output(), x, new double[] {1}, perChannel(node, c, x), c.dataType()));
  }

  private static void subtract(OnnxNode node, OnnxTranslation to) {
    int constant = constantInput(node, to);
    if (constant < 0) {
      Tensor y = to.tensor(node, 1);
      Node negated =
          GraphBuilder.affine(
              node.output() + "/negated", y, new double[] {-1}, new double[] {0}, DataType.FLOAT);
      List<String> terms = List.of(to.tensor(node, 0).node(), to.step(negated).node());
      to.output(node, new Node.Add(node.output(), terms));
      return;
    }
    Tensor x = to.tensor(node, 1 - constant);
    INDArray c = to.required(node, constant, "constant");
    int sign = constant == 0 ? -1 : 1;
    double[] shift = Arrays.stream(perChannel(node, c, x)).map(v -> -sign * v).toArray();
    to.output(
        node, GraphBuilder.affine(node.output(), x, new double[] {sign}, shift, c.dataType()));
  }

  private static void multiply(OnnxNode node, OnnxTranslation to) {
    int constant = constantInput(node, to);
    if (constant < 0) {
      to.output(node, new Node.Multiply(node.output(), tensors(node, to)));
      return;
    }
    Tensor x = to.tensor(node, 1 - constant);
    INDArray c = to.required(node, constant, "factor");
    to.output(
        node,
        GraphBuilder.affine(
            node.output(), x, perChannel(node, c, x), new double[] {0}, c.dataType()));
  }

  private static void divide(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    INDArray c = to.required(node, 1, "divisor");
    double[] scale = Arrays.stream(perChannel(node, c, x)).map(v -> 1 / v).toArray();
    to.output(node, GraphBuilder.affine(node.output(), x, scale, new double[] {0}, c.dataType()));
  }

  private static int constantInput(OnnxNode node, OnnxTranslation to) {
    for (int i = 0; i < node.inputs().size(); i++) {
      if (to.isConstant(node, i)) {
        if (node.inputs().size() != 2) {
          throw node.unsupported("with more than two inputs, supported are activations only");
        }
        return i;
      }
    }
    return -1;
  }

  private static List<String> tensors(OnnxNode node, OnnxTranslation to) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      names.add(to.tensor(node, i).node());
    }
    return names;
  }

  /** A constant as one number for all channels or one for each; other shapes are refused. */
  private static double[] perChannel(OnnxNode node, INDArray constant, Tensor x) {
    long[] shape = constant.shape();
    // Axes are matched from the last one; the channels are axis 1 of the batch.
    int channelAxis = shape.length - x.shape().length;
    boolean fits = shape.length <= x.shape().length + 1;
    for (int i = 0; i < shape.length; i++) {
      fits &= shape[i] == 1 || (i == channelAxis && shape[i] == x.shape()[0]);
    }
    if (!fits) {
      throw node.unsupported(
          "with a constant of shape %s on activations of %s; supported is one number, or one a"
                  .formatted(Arrays.toString(shape), Arrays.toString(x.shape()))
              + " channel");
    }
    return OnnxTensors.doubles(constant);
  }

  // Functions of each element.

  private static void activation(
      OnnxNode node, OnnxTranslation to, Function function, double alpha, double beta) {
    Tensor x = to.tensor(node, 0);
    to.output(node, new Node.Activation(node.output(), x.node(), function, alpha, beta));
  }

  private static void clip(OnnxNode node, OnnxTranslation to) {
    double low = node.number("min", -Float.MAX_VALUE);
    double high = node.number("max", Float.MAX_VALUE);
    INDArray min = to.constant(node, 1, "min");
    INDArray max = to.constant(node, 2, "max");
    low = min == null ? low : min.getDouble(0);
    high = max == null ? high : max.getDouble(0);
    if (low == 0 && high >= Float.MAX_VALUE) {
      activation(node, to, Function.RELU, 0, 0);
    } else {
      activation(node, to, Function.CLIP, low, high);
    }
  }

  private static void softmax(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    int rank = x.shape().length + 1;
    long axis = axis(node.integer("axis", node.opset() < 13 ? 1 : -1), rank);
    // Before opset 13 the axes from this one on are taken together.
    boolean together = node.opset() < 13 && axis != rank - 1;
    if (axis == 0 || (together && x.length() != x.channels())) {
      throw node.unsupported(
          "along axis %d of %s; supported is one axis other than the batch's"
              .formatted(axis, Arrays.toString(x.shape())));
    }
    to.output(node, new Node.Softmax(node.output(), x.node(), (int) axis - 1));
  }

  private static void dropout(OnnxNode node, OnnxTranslation to) {
    INDArray training = to.constant(node, 2, "training_mode");
    if (training != null && OnnxTensors.longs(training)[0] != 0) {
      throw node.unsupported("training_mode = 1; supported is inference");
    }
    identity(node, to);
  }

  private static void identity(OnnxNode node, OnnxTranslation to) {
    to.same(node, to.tensor(node, 0));
  }

  // Pooling.

  private static void maxPool(OnnxNode node, OnnxTranslation to) {
    pool(node, to, Node.Pool.Kind.MAX, new Padded(to.tensor(node, 0), new int[4]), false);
  }

  private static void averagePool(OnnxNode node, OnnxTranslation to) {
    Padded x = to.paddedTensor(node, 0);
    boolean counts = node.integer("count_include_pad", 0) != 0;
    boolean around = Arrays.stream(x.pads()).anyMatch(p -> p != 0);
    boolean own =
        Arrays.stream(node.integers("pads")).anyMatch(p -> p != 0)
            || node.text("auto_pad", "NOTSET").startsWith("SAME");
    if (around && own && !counts) {
      throw node.unsupported("its zeros count only in part; supported is all or none");
    }
    if (around && node.integer("ceil_mode", 0) != 0) {
      // A last window may start in the zeros of the padding before it, though not in its own.
      throw node.unsupported("ceil_mode = 1 on a padded input; supported is 0");
    }
    pool(node, to, Node.Pool.Kind.AVERAGE, x, counts || around);
  }

  private static void pool(
      OnnxNode node, OnnxTranslation to, Node.Pool.Kind kind, Padded x, boolean countPadding) {
    long[] kernel = node.integers("kernel_shape");
    long[] stride = node.integers("strides", 1, 1);
    long[] dilation = node.integers("dilations", 1, 1);
    if (kernel.length != 2 || Arrays.stream(dilation).anyMatch(d -> d != 1)) {
      throw node.unsupported(
          "kernel %s, dilations %s; supported are undilated windows on images"
              .formatted(Arrays.toString(kernel), Arrays.toString(dilation)));
    }
    if (node.proto().getOutputCount() > 1) {
      throw node.unsupported("with indices as a second output; supported is one output");
    }
    to.output(
        node,
        new Node.Pool(
            node.output(),
            x.map().node(),
            kind,
            ints(kernel),
            ints(stride),
            pads(node, x, kernel, stride, dilation),
            new int[] {1, 1},
            node.integer("ceil_mode", 0) != 0,
            countPadding));
  }

  private static void globalPool(OnnxNode node, OnnxTranslation to, Node.Reduce.Reduction kind) {
    to.output(node, new Node.Reduce(node.output(), to.tensor(node, 0).node(), kind, MAP));
  }

  private static void reduce(OnnxNode node, OnnxTranslation to, Node.Reduce.Reduction kind) {
    Tensor x = to.tensor(node, 0);
    INDArray given = to.constant(node, 1, "axes");
    long[] axes = given == null ? node.integers("axes") : OnnxTensors.longs(given);
    Set<Long> over = new HashSet<>();
    for (long a : axes) {
      over.add(axis(a, x.shape().length + 1));
    }
    if (!x.isMap() || !over.equals(Set.of(2L, 3L))) {
      throw node.unsupported(
          "over axes %s of %s; supported are the rows and columns of maps, [2, 3]"
              .formatted(Arrays.toString(axes), Arrays.toString(x.shape())));
    }
    if (node.integer("keepdims", 1) != 0) {
      globalPool(node, to, kind);
      return;
    }
    Tensor pooled = to.step(new Node.Reduce(node.output() + "/pool", x.node(), kind, MAP));
    to.output(node, new Node.Reshape(node.output(), pooled.node(), new long[] {x.channels()}));
  }

  /** Zeros that a node and a padding before it put around a map: top, left, bottom, right. */
  private static int[] pads(
      OnnxNode node, Padded x, long[] kernel, long[] stride, long[] dilation) {
    int[] pads = ints(node.integers("pads", 0, 0, 0, 0));
    String mode = node.text("auto_pad", "NOTSET");
    if (mode.startsWith("SAME")) {
      for (int i = 0; i < 2; i++) {
        long size = x.map().shape()[1 + i] + x.pads()[i] + x.pads()[i + 2];
        long windows = (size + stride[i] - 1) / stride[i];
        long reach = (windows - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1;
        int total = (int) Math.max(0, reach - size);
        int half = total / 2;
        pads[i] = mode.equals("SAME_UPPER") ? half : total - half;
        pads[i + 2] = total - pads[i];
      }
    }
    for (int i = 0; i < 4; i++) {
      pads[i] += x.pads()[i];
    }
    return pads;
  }

  private static void pad(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    if (!node.input(3).isEmpty()) {
      throw node.unsupported("with axes as an input; supported are pads of all axes");
    }
    INDArray given = to.constant(node, 1, "pads");
    long[] pads = given == null ? node.integers("pads") : OnnxTensors.longs(given);
    if (Arrays.stream(pads).allMatch(p -> p == 0)) {
      to.same(node, x);
      return;
    }
    @Nullable INDArray value = to.constant(node, 2, "value");
    double fill = value == null || value.isEmpty() ? node.number("value", 0) : value.getDouble(0);
    String mode = node.text("mode", "constant");
    boolean spatial =
        pads.length == 8 && pads[0] == 0 && pads[1] == 0 && pads[4] == 0 && pads[5] == 0;
    if (!mode.equals("constant")
        || fill != 0
        || !spatial
        || Arrays.stream(pads).anyMatch(p -> p < 0)) {
      throw node.unsupported(
          "mode %s, value %s, pads %s; supported are zeros around the rows and columns of maps"
              .formatted(mode, fill, Arrays.toString(pads)));
    }
    to.output(node, new Padded(x, ints(new long[] {pads[2], pads[3], pads[6], pads[7]})));
  }

  // Shapes.

  private static void concat(OnnxNode node, OnnxTranslation to) {
    long axis = axis(node.integer("axis", 1), to.tensor(node, 0).shape().length + 1);
    if (axis == 0) {
      throw node.unsupported("along the batch; supported are the other axes");
    }
    if (node.inputs().size() == 1) {
      identity(node, to);
      return;
    }
    to.output(node, new Node.Concat(node.output(), tensors(node, to), (int) axis - 1));
  }

  private static void flatten(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    if (axis(node.integer("axis", 1), x.shape().length + 1) != 1) {
      throw node.unsupported("axis %d; supported is 1".formatted(node.integer("axis", 1)));
    }
    reshaped(node, to, x, new long[] {x.length()});
  }

  private static void reshape(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    long[] shape = OnnxTensors.longs(to.required(node, 1, "shape"));
    if (shape.length > 0 && shape[0] == to.batch()) {
      shape[0] = 1;
    }
    batched(node, to, x, resolve(node, shape, one(x.shape())));
  }

  private static void squeeze(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    INDArray given = to.constant(node, 1, "axes");
    long[] axes = given == null ? node.integers("axes") : OnnxTensors.longs(given);
    if (axes.length == 0) {
      throw node.unsupported("without axes, which would drop a batch of one; supported are axes");
    }
    if (Arrays.stream(axes).anyMatch(a -> axis(a, x.shape().length + 1) == 0)) {
      throw node.unsupported("of the batch; supported are the other axes");
    }
    batched(node, to, x, squeezed(one(x.shape()), axes));
  }

  private static void unsqueeze(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    INDArray given = to.constant(node, 1, "axes");
    long[] axes = given == null ? node.integers("axes") : OnnxTensors.longs(given);
    if (Arrays.stream(axes).anyMatch(a -> axis(a, x.shape().length + 1 + axes.length) == 0)) {
      throw node.unsupported("before the batch; supported are the other axes");
    }
    batched(node, to, x, unsqueezed(one(x.shape()), axes));
  }

  /** Only where the elements stay in their order: where it moves nothing but axes of length 1. */
  private static void transpose(OnnxNode node, OnnxTranslation to) {
    Tensor x = to.tensor(node, 0);
    long[] batched = one(x.shape());
    long[] axes = node.integers("perm");
    long[] shape = new long[axes.length];
    long before = -1;
    boolean ordered = axes.length == batched.length && axes[0] == 0;
    for (int i = 0; i < axes.length && ordered; i++) {
      shape[i] = batched[(int) axes[i]];
      if (shape[i] != 1) {
        ordered = axes[i] > before;
        before = axes[i];
      }
    }
    if (!ordered) {
      throw node.unsupported(
          "axes %s of %s; supported is moving axes of length 1"
              .formatted(Arrays.toString(axes), Arrays.toString(batched)));
    }
    batched(node, to, x, shape);
  }

  private static void shape(OnnxNode node, OnnxTranslation to) {
    to.output(node, shape(node, one(to.tensor(node, 0).shape())));
  }

  /** The part of a shape that a node asks for; all of it before opset 15. */
  static INDArray shape(OnnxNode node, long[] shape) {
    int start = (int) axis(node.integer("start", 0), shape.length);
    int end = (int) axis(node.integer("end", shape.length), shape.length);
    return Nd4j.createFromArray(Arrays.copyOfRange(shape, start, end));
  }

  private static void batched(OnnxNode node, OnnxTranslation to, Tensor x, long[] shape) {
    if (shape.length < 2 || shape[0] != 1) {
      throw node.unsupported(
          "from %s to %s, for one image; supported are shapes that keep the batch as first axis"
              .formatted(Arrays.toString(one(x.shape())), Arrays.toString(shape)));
    }
    reshaped(node, to, x, Arrays.copyOfRange(shape, 1, shape.length));
  }

  private static void reshaped(OnnxNode node, OnnxTranslation to, Tensor x, long[] shape) {
    to.output(node, new Node.Reshape(node.output(), x.node(), shape));
  }

  /** The shape of a batch of one. */
  private static long[] one(long[] example) {
    long[] shape = new long[example.length + 1];
    shape[0] = 1;
    System.arraycopy(example, 0, shape, 1, example.length);
    return shape;
  }

  /** Puts numbers for the 0 (as in the input) and -1 (what is left) of a reshaping. */
  static long[] resolve(OnnxNode node, long[] target, long[] from) {
    long[] shape = target.clone();
    int open = -1;
    long known = 1;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] == 0 && node.integer("allowzero", 0) == 0 && i < from.length) {
        shape[i] = from[i];
      }
      if (shape[i] == -1) {
        open = i;
      } else {
        known *= shape[i];
      }
    }
    if (open >= 0 && known != 0) {
      shape[open] = Translation.length(from) / known;
    }
    if (Translation.length(shape) != Translation.length(from)) {
      throw node.unsupported(
          "from %s to %s, for one image; supported are shapes of as many elements"
              .formatted(Arrays.toString(from), Arrays.toString(target)));
    }
    return shape;
  }

  static long[] squeezed(long[] shape, long[] axes) {
    Set<Long> dropped = new HashSet<>();
    for (long a : axes) {
      dropped.add(axis(a, shape.length));
    }
    List<Long> left = new ArrayList<>();
    for (int i = 0; i < shape.length; i++) {
      if (axes.length == 0 ? shape[i] != 1 : !dropped.contains((long) i)) {
        left.add(shape[i]);
      }
    }
    return left.stream().mapToLong(Long::longValue).toArray();
  }

  static long[] unsqueezed(long[] shape, long[] axes) {
    long[] result = new long[shape.length + axes.length];
    for (long a : axes) {
      result[(int) axis(a, result.length)] = -1;
    }
    int next = 0;
    for (int i = 0; i < result.length; i++) {
      result[i] = result[i] == -1 ? 1 : shape[next++];
    }
    return result;
  }

  private static long axis(long axis, int rank) {
    return axis < 0 ? axis + rank : axis;
  }

  private static int[] ints(long[] numbers) {
    return Arrays.stream(numbers).mapToInt(Math::toIntExact).toArray();
  }
}
