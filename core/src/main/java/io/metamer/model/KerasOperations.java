package io.metamer.model;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Operations on tensors among the layers, such as {@code x + 1}: those of Keras 3 by their class,
 * those of TensorFlow in Keras 2 by their function. Names are compared without case and
 * underscores.
 */
final class KerasOperations {

  /** Adds the nodes of an operation; the last one has the step's name. */
  @FunctionalInterface
  private interface Translator {
    KerasTensor translate(KerasStep step);
  }

  private static final Map<String, Translator> TABLE =
      Map.ofEntries(
          entry("abs", s -> function(s, Function.ABS)),
          entry("absolute", s -> function(s, Function.ABS)),
          entry("add", KerasOperations::add),
          entry("cast", KerasOperations::same),
          entry("clip", KerasOperations::clip),
          entry("clipbyvalue", KerasOperations::clip),
          entry("concat", KerasOperations::concatenate),
          entry("concatenate", KerasOperations::concatenate),
          entry("divide", KerasOperations::divide),
          entry("elu", s -> activation(s, "elu")),
          entry("exp", s -> function(s, Function.EXP)),
          entry("gelu", KerasOperations::gelu),
          entry("getitem", KerasOperations::item),
          entry("hardsigmoid", s -> activation(s, "hard_sigmoid")),
          entry("hardsilu", s -> activation(s, "hard_silu")),
          entry("hardswish", s -> activation(s, "hard_silu")),
          entry("identity", KerasOperations::same),
          entry("leakyrelu", KerasOperations::leakyRelu),
          entry("log", s -> function(s, Function.LOG)),
          entry("logsoftmax", s -> softmax(s, true)),
          entry("max", s -> reduce(s, Reduction.MAX)),
          entry("maximum", KerasOperations::maximum),
          entry("mean", s -> reduce(s, Reduction.MEAN)),
          entry("minimum", KerasOperations::minimum),
          entry("multiply", KerasOperations::multiply),
          entry("negative", s -> line(s, -1, 0)),
          entry("pow", KerasOperations::power),
          entry("power", KerasOperations::power),
          entry("reciprocal", s -> function(s, Function.RECIPROCAL)),
          entry("reducemax", s -> reduce(s, Reduction.MAX)),
          entry("reducemean", s -> reduce(s, Reduction.MEAN)),
          entry("reducesum", s -> reduce(s, Reduction.SUM)),
          entry("relu", s -> activation(s, "relu")),
          entry("relu6", s -> activation(s, "relu6")),
          entry("reshape", KerasOperations::reshape),
          entry("rsqrt", s -> power(s, -0.5)),
          entry("selu", s -> activation(s, "selu")),
          entry("sigmoid", s -> activation(s, "sigmoid")),
          entry("silu", s -> activation(s, "silu")),
          entry("softmax", s -> softmax(s, false)),
          entry("softplus", s -> activation(s, "softplus")),
          entry("softsign", s -> activation(s, "softsign")),
          entry("sqrt", s -> function(s, Function.SQRT)),
          entry("square", KerasOperations::square),
          entry("subtract", KerasOperations::subtract),
          entry("sum", s -> reduce(s, Reduction.SUM)),
          entry("swish", s -> activation(s, "silu")),
          entry("tanh", s -> activation(s, "tanh")),
          entry("truedivide", KerasOperations::divide),
          entry("truediv", KerasOperations::divide));

  /** What TensorFlow and Keras 3 call the first argument of an operation. */
  private static final List<String> FIRST =
      List.of("x", "x1", "input", "inputs", "features", "tensor", "input_tensor", "logits", "t");

  private KerasOperations() {}

  /** The operations that are supported, in small letters and without underscores. */
  static Set<String> names() {
    return new TreeSet<>(TABLE.keySet());
  }

  /** An operation of Keras 3. */
  static KerasTensor translate(KerasStep step) {
    return translate(step, step.layer().kind());
  }

  /** A function of TensorFlow, by its whole name, such as {@code math.reduce_mean}. */
  static KerasTensor tensorFlow(KerasStep step) {
    return translate(step, step.layer().text("function", ""));
  }

  private static KerasTensor translate(KerasStep step, String function) {
    String plain =
        function.substring(function.lastIndexOf('.') + 1).replace("_", "").toLowerCase(Locale.ROOT);
    Translator translator = function.startsWith("image.") ? null : TABLE.get(plain);
    if (translator == null) {
      throw step.layer()
          .unsupported(
              "operation %s is not supported; KerasNetwork.supported() lists those that are"
                  .formatted(function));
    }
    return translator.translate(step);
  }

  // Arguments.

  private static KerasTensor input(KerasStep step) {
    if (step.arguments().isEmpty()) {
      for (String name : FIRST) {
        if (step.options().get(name) instanceof KerasTensor tensor) {
          return tensor;
        }
      }
    }
    return step.input();
  }

  /** A number or flag among the arguments or, in Keras 3, the options of the operation. */
  private static @Nullable JsonNode constant(KerasStep step, int position, String key) {
    Object value = step.argument(position, key);
    if (value == null && step.layer().has(key)) {
      return step.layer().config().get(key);
    }
    if (value != null && !(value instanceof JsonNode)) {
      throw step.layer().unsupported("its %s is computed; supported are constants".formatted(key));
    }
    return (JsonNode) value;
  }

  private static KerasLayer constants(KerasStep step, String key, JsonNode value) {
    return step.layer()
        .as(step.layer().kind(), JsonNodeFactory.instance.objectNode().set(key, value));
  }

  // Arithmetic.

  /** How two activations are joined. */
  @FunctionalInterface
  private interface Joining {
    Tensor join(String name, Tensor a, Tensor b);
  }

  /** What an activation and a constant make. */
  @FunctionalInterface
  private interface WithNumbers {
    KerasTensor join(KerasTensor x, JsonNode numbers);
  }

  /**
   * An operation of two.
   *
   * @param both activations
   * @param right where the second is a constant
   * @param left where the first is
   */
  private static KerasTensor binary(
      KerasStep step, Joining both, WithNumbers right, WithNumbers left) {
    Object a = operand(step, 0, "x", "x1");
    Object b = operand(step, 1, "y", "x2");
    if (a instanceof KerasTensor x && b instanceof JsonNode numbers) {
      return right.join(x, numbers);
    }
    if (a instanceof JsonNode numbers && b instanceof KerasTensor x) {
      return left.join(x, numbers);
    }
    if (!(a instanceof KerasTensor x && b instanceof KerasTensor y)) {
      throw step.layer().unsupported("expected two activations, or one and a constant");
    }
    if (x.rank() != y.rank()) {
      throw step.layer()
          .unsupported(
              "of shapes %s and %s; supported are as many axes"
                  .formatted(Arrays.toString(x.shape()), Arrays.toString(y.shape())));
    }
    KerasTensor other = step.arranged(y, x.moved(), "input");
    return new KerasTensor(both.join(step.name(), x.tensor(), other.tensor()), x.moved());
  }

  private static @Nullable Object operand(
      KerasStep step, int position, String name, String otherName) {
    Object operand = step.argument(position, name);
    return operand == null ? step.argument(position, otherName) : operand;
  }

  private static KerasTensor add(KerasStep step) {
    WithNumbers sum = (x, numbers) -> affine(step, x, null, spread(step, x, numbers));
    return binary(
        step,
        (name, a, b) -> step.graph().add(new Node.Add(name, List.of(a.node(), b.node()))),
        sum,
        sum);
  }

  private static KerasTensor subtract(KerasStep step) {
    return binary(
        step,
        step.composites()::difference,
        (x, numbers) -> affine(step, x, null, spread(step, x, numbers).neg()),
        (x, numbers) -> affine(step, x, number(-1), spread(step, x, numbers)));
  }

  private static KerasTensor multiply(KerasStep step) {
    WithNumbers product = (x, numbers) -> affine(step, x, spread(step, x, numbers), null);
    return binary(
        step,
        (name, a, b) -> step.graph().add(new Node.Multiply(name, List.of(a.node(), b.node()))),
        product,
        product);
  }

  private static KerasTensor divide(KerasStep step) {
    return binary(
        step,
        step.composites()::quotient,
        (x, numbers) -> affine(step, x, spread(step, x, numbers).rdiv(1), null),
        (x, numbers) -> {
          String name = step.name() + "/reciprocal";
          Tensor reciprocal =
              step.graph().step(new Node.Activation(name, x.node(), Function.RECIPROCAL));
          return affine(
              step, new KerasTensor(reciprocal, x.moved()), spread(step, x, numbers), null);
        });
  }

  private static KerasTensor maximum(KerasStep step) {
    WithNumbers least =
        (x, numbers) -> clipped(step, x, one(step, numbers), Double.POSITIVE_INFINITY);
    return binary(
        step,
        (name, a, b) -> step.graph().add(new Node.Maximum(name, a.node(), b.node())),
        least,
        least);
  }

  private static KerasTensor minimum(KerasStep step) {
    WithNumbers most =
        (x, numbers) -> clipped(step, x, Double.NEGATIVE_INFINITY, one(step, numbers));
    return binary(step, step.composites()::minimum, most, most);
  }

  private static KerasTensor power(KerasStep step) {
    if (!(operand(step, 0, "x", "x1") instanceof KerasTensor x)
        || !(operand(step, 1, "y", "x2") instanceof JsonNode numbers)) {
      throw step.layer().unsupported("its exponent is computed; supported are constants");
    }
    return power(step, x, one(step, numbers));
  }

  private static KerasTensor power(KerasStep step, double exponent) {
    return power(step, input(step), exponent);
  }

  private static KerasTensor power(KerasStep step, KerasTensor x, double exponent) {
    return exponent == 2
        ? squared(step, x)
        : new KerasTensor(
            KerasActivations.function(step, x, Function.POWER, exponent, 0), x.moved());
  }

  private static KerasTensor square(KerasStep step) {
    return squared(step, input(step));
  }

  private static KerasTensor squared(KerasStep step, KerasTensor x) {
    return new KerasTensor(
        step.graph().add(new Node.Multiply(step.name(), List.of(x.node(), x.node()))), x.moved());
  }

  private static double one(KerasStep step, JsonNode numbers) {
    double[] all = constants(step, "constant", numbers).numbers("constant");
    if (all.length != 1) {
      throw step.layer().unsupported("with %d numbers; supported is one".formatted(all.length));
    }
    return all[0];
  }

  private static INDArray number(double number) {
    return Nd4j.createFromArray(new double[] {number});
  }

  /** A constant in the form in which it broadcasts to an activation's node. */
  private static INDArray spread(KerasStep step, KerasTensor x, JsonNode numbers) {
    INDArray all = Nd4j.createFromArray(constants(step, "constant", numbers).numbers("constant"));
    if (all.length() == 1) {
      return all;
    }
    List<Long> sizes = new ArrayList<>();
    JsonNode inner = numbers.has("config") ? numbers.path("config").path("value") : numbers;
    for (JsonNode part = inner; part.isArray(); part = part.path(0)) {
      sizes.add((long) part.size());
    }
    while (sizes.size() > x.rank() && sizes.get(0) == 1) {
      sizes.remove(0);
    }
    while (sizes.size() < x.rank()) {
      sizes.add(0, 1L);
    }
    long[] shape = sizes.stream().mapToLong(Long::longValue).toArray();
    long[] own = x.shape();
    boolean fits = shape.length == own.length && Translation.length(shape) == all.length();
    for (int i = 0; fits && i < own.length; i++) {
      fits = shape[i] == 1 || shape[i] == own[i];
    }
    if (!fits) {
      throw step.layer()
          .unsupported(
              "a constant of shape %s for %s"
                  .formatted(Arrays.toString(shape), Arrays.toString(own)));
    }
    INDArray full = all.reshape(shape);
    return x.moved() ? full.permute(2, 0, 1).dup('c') : full;
  }

  private static KerasTensor affine(
      KerasStep step, KerasTensor x, @Nullable INDArray scale, @Nullable INDArray shift) {
    return new KerasTensor(
        step.graph()
            .add(
                new Node.Affine(
                    step.name(),
                    x.node(),
                    scale == null ? number(1) : scale,
                    shift == null ? number(0) : shift)),
        x.moved());
  }

  private static KerasTensor line(KerasStep step, double scale, double shift) {
    return affine(step, input(step), number(scale), number(shift));
  }

  // Functions of each element.

  private static KerasTensor same(KerasStep step) {
    return input(step);
  }

  private static KerasTensor function(KerasStep step, Function function) {
    KerasTensor x = input(step);
    return new KerasTensor(KerasActivations.function(step, x, function, 0, 0), x.moved());
  }

  private static KerasTensor activation(KerasStep step, String name) {
    KerasTensor x = input(step);
    return new KerasTensor(KerasActivations.named(step, name, x), x.moved());
  }

  /** Both defaults are to approximate: keras.ops.gelu; tf.nn.gelu does not. */
  private static KerasTensor gelu(KerasStep step) {
    KerasTensor x = input(step);
    JsonNode given = constant(step, 1, "approximate");
    boolean approximate = given == null ? step.layer().operation() : given.asBoolean();
    return new KerasTensor(
        approximate
            ? step.composites().geluByTanh(step.name(), x.tensor())
            : step.composites().gelu(step.name(), x.tensor()),
        x.moved());
  }

  private static KerasTensor leakyRelu(KerasStep step) {
    KerasTensor x = input(step);
    JsonNode slope = constant(step, 1, step.layer().operation() ? "negative_slope" : "alpha");
    double alpha = slope == null ? 0.2 : slope.asDouble();
    return new KerasTensor(
        KerasActivations.function(step, x, Function.LEAKY_RELU, alpha, 0), x.moved());
  }

  private static KerasTensor clip(KerasStep step) {
    boolean keras = step.layer().operation();
    JsonNode low = constant(step, 1, keras ? "x_min" : "clip_value_min");
    JsonNode high = constant(step, 2, keras ? "x_max" : "clip_value_max");
    if (low == null || high == null) {
      throw step.layer().unsupported("without bounds");
    }
    return clipped(step, input(step), low.asDouble(), high.asDouble());
  }

  private static KerasTensor clipped(KerasStep step, KerasTensor x, double low, double high) {
    if (!(low < high)) {
      throw step.layer().unsupported("bounds %s and %s".formatted(low, high));
    }
    return new KerasTensor(KerasActivations.function(step, x, Function.CLIP, low, high), x.moved());
  }

  private static KerasTensor softmax(KerasStep step, boolean logarithm) {
    KerasTensor x = input(step);
    JsonNode axis = constant(step, 1, "axis");
    return new KerasTensor(
        KerasActivations.softmax(step, x, new int[] {axis == null ? -1 : axis.asInt()}, logarithm),
        x.moved());
  }

  // Axes.

  private static KerasTensor reduce(KerasStep step, Reduction reduction) {
    KerasTensor x = input(step);
    JsonNode given = constant(step, 1, "axis");
    JsonNode keep = constant(step, 2, "keepdims");
    if (given == null) {
      throw step.layer().unsupported("over the batch; supported are the axes of an example");
    }
    int[] axes = constants(step, "axis", given).integers("axis");
    int[] nodeAxes = step.nodeAxes(axes, x);
    if (keep != null && keep.asBoolean()) {
      return new KerasTensor(
          step.graph().add(new Node.Reduce(step.name(), x.node(), reduction, nodeAxes)), x.moved());
    }
    Tensor kept =
        step.graph().step(new Node.Reduce(step.name() + "/reduced", x.node(), reduction, nodeAxes));
    Set<Integer> gone = new TreeSet<>();
    for (int axis : axes) {
      gone.add(step.axis(axis, x));
    }
    long[] shape =
        IntStream.range(0, x.rank())
            .filter(axis -> !gone.contains(axis))
            .mapToLong(axis -> x.shape()[axis])
            .toArray();
    return step.reshaped(
        new KerasTensor(kept, x.moved()), shape.length == 0 ? new long[] {1} : shape);
  }

  private static KerasTensor concatenate(KerasStep step) {
    JsonNode axis = constant(step, 1, "axis");
    return KerasJoins.concatenated(step, axis == null ? -1 : axis.asInt());
  }

  private static KerasTensor reshape(KerasStep step) {
    KerasTensor x = input(step);
    JsonNode given = constant(step, 1, step.layer().operation() ? "newshape" : "shape");
    if (given == null || !given.isArray() || given.isEmpty()) {
      throw step.layer().unsupported("expected a constant shape");
    }
    long[] shape = new long[given.size() - 1];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = given.get(i + 1).isIntegralNumber() ? given.get(i + 1).asLong() : -1;
    }
    boolean batch = given.get(0).isNull() || given.get(0).asInt() == -1;
    if (!batch || shape.length == 0) {
      throw step.layer()
          .unsupported("to %s; supported are -1 for the batch and more".formatted(given));
    }
    return step.reshaped(x, KerasShapes.known(step, x, shape));
  }

  // Parts.

  /** TensorFlow's {@code x[...]} in Keras 2. */
  static KerasTensor sliced(KerasStep step) {
    return part(step, constant(step, 1, "slice_spec"));
  }

  /** Keras 3's {@code x[...]}. */
  private static KerasTensor item(KerasStep step) {
    return part(step, constant(step, 1, "key"));
  }

  private static KerasTensor part(KerasStep step, @Nullable JsonNode key) {
    KerasTensor x = input(step);
    if (key == null || !key.isArray() || key.size() > x.rank() + 1 || !isWhole(key.path(0))) {
      throw step.layer()
          .unsupported("part %s; supported are all of the batch and ranges".formatted(key));
    }
    int rank = x.rank();
    long[] start = new long[rank];
    long[] size = x.shape();
    long[] steps = new long[rank];
    Arrays.fill(steps, 1);
    List<Long> left = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      JsonNode range = key.path(i + 1);
      JsonNode inner = range.has("config") ? range.path("config") : range;
      if (range.isIntegralNumber()) {
        start[i] = range.asLong() < 0 ? range.asLong() + size[i] : range.asLong();
        size[i] = 1;
        continue;
      }
      if (!range.isMissingNode() && !inner.isObject()) {
        throw step.layer().unsupported("part %s; supported are numbers and ranges".formatted(key));
      }
      long by = inner.path("step").asLong(1);
      long from = bound(inner.path("start"), 0, size[i]);
      long to = bound(inner.path("stop"), size[i], size[i]);
      if (by < 1 || to <= from) {
        throw step.layer().unsupported("part %s; supported are rising ranges".formatted(key));
      }
      start[i] = from;
      size[i] = (to - from + by - 1) / by;
      steps[i] = by;
      left.add(size[i]);
    }
    boolean drops = left.size() < rank;
    Node slice =
        new Node.Slice(
            drops ? step.name() + "/part" : step.name(),
            x.node(),
            node(start, x),
            node(size, x),
            node(steps, x));
    if (!drops) {
      return new KerasTensor(step.graph().add(slice), x.moved());
    }
    long[] shape =
        left.isEmpty() ? new long[] {1} : left.stream().mapToLong(Long::longValue).toArray();
    return step.reshaped(new KerasTensor(step.graph().step(slice), x.moved()), shape);
  }

  private static long[] node(long[] numbers, KerasTensor x) {
    return KerasTensor.nodeShape(numbers, x.moved());
  }

  private static boolean isWhole(JsonNode range) {
    JsonNode inner = range.has("config") ? range.path("config") : range;
    return inner.isObject()
        && !inner.hasNonNull("start")
        && !inner.hasNonNull("stop")
        && !inner.hasNonNull("step");
  }

  private static long bound(JsonNode bound, long otherwise, long size) {
    if (!bound.isIntegralNumber()) {
      return otherwise;
    }
    long at = bound.asLong() < 0 ? bound.asLong() + size : bound.asLong();
    return Math.max(0, Math.min(size, at));
  }
}
