package io.metamer.model;

import static java.util.Map.entry;

import io.metamer.model.Dl4jModel.Step;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationMish;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.activations.impl.ActivationRationalTanh;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationRectifiedTanh;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.activations.impl.ActivationSoftSign;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The table of DL4J's activation functions, as its code computes them in inference. What is not in
 * it is refused.
 */
final class Dl4jActivations {

  /** Adds an activation that has the step's name. */
  @FunctionalInterface
  private interface Translator {
    Tensor translate(Step step, Tensor x, IActivation function, GraphBuilder graph);
  }

  /** So steep a line that, cut to 0 and 1, it is a step for any two numbers that differ. */
  private static final double STEEP = 1e20;

  private static final Map<Class<?>, Translator> TABLE =
      Map.ofEntries(
          entry(ActivationCube.class, Dl4jActivations::cube),
          entry(
              ActivationELU.class,
              (step, x, f, graph) ->
                  elementwise(step, x, Function.ELU, ((ActivationELU) f).getAlpha(), 0, graph)),
          entry(ActivationGELU.class, Dl4jActivations::gelu),
          entry(
              ActivationHardSigmoid.class,
              (step, x, f, graph) -> new Composites(graph).hardSigmoid(step.name(), x, 0.2, 0.5)),
          entry(
              ActivationHardTanH.class,
              (step, x, f, graph) -> elementwise(step, x, Function.CLIP, -1, 1, graph)),
          entry(ActivationIdentity.class, (step, x, f, graph) -> x),
          entry(
              ActivationLReLU.class,
              (step, x, f, graph) ->
                  elementwise(
                      step, x, Function.LEAKY_RELU, ((ActivationLReLU) f).getAlpha(), 0, graph)),
          entry(
              ActivationMish.class,
              (step, x, f, graph) -> new Composites(graph).mish(step.name(), x)),
          entry(ActivationRReLU.class, Dl4jActivations::randomizedRelu),
          entry(ActivationRationalTanh.class, Dl4jActivations::rationalTanh),
          entry(ActivationReLU.class, Dl4jActivations::relu),
          entry(
              ActivationReLU6.class,
              (step, x, f, graph) -> elementwise(step, x, Function.CLIP, 0, 6, graph)),
          entry(ActivationRectifiedTanh.class, Dl4jActivations::rectifiedTanh),
          entry(
              ActivationSELU.class,
              (step, x, f, graph) ->
                  new Composites(graph)
                      .selu(step.name(), x, Composites.SELU_ALPHA, Composites.SELU_SCALE)),
          entry(
              ActivationSigmoid.class,
              (step, x, f, graph) -> elementwise(step, x, Function.SIGMOID, 0, 0, graph)),
          entry(
              ActivationSoftPlus.class,
              (step, x, f, graph) -> elementwise(step, x, Function.SOFTPLUS, 0, 0, graph)),
          entry(ActivationSoftSign.class, Dl4jActivations::softSign),
          entry(ActivationSoftmax.class, Dl4jActivations::softmax),
          entry(
              ActivationSwish.class,
              (step, x, f, graph) -> new Composites(graph).swish(step.name(), x, 1)),
          entry(
              ActivationTanH.class,
              (step, x, f, graph) -> elementwise(step, x, Function.TANH, 0, 0, graph)),
          entry(ActivationThresholdedReLU.class, Dl4jActivations::thresholdedRelu));

  private Dl4jActivations() {}

  /** The classes in the table, by DL4J's names. */
  static SortedSet<String> names() {
    return TABLE.keySet().stream()
        .map(Class::getSimpleName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  static boolean isIdentity(@Nullable IActivation function) {
    return function == null || function instanceof ActivationIdentity;
  }

  /** Adds an activation that has the step's name. The identity adds nothing. */
  static Tensor translate(Step step, Tensor x, @Nullable IActivation function, GraphBuilder graph) {
    if (function == null) {
      return x;
    }
    Translator translator = TABLE.get(function.getClass());
    if (translator == null) {
      throw step.unsupported(
          "activation %s is not supported; Dl4jNetwork.supported() lists those that are"
              .formatted(function));
    }
    return translator.translate(step, x, function, graph);
  }

  private static Tensor elementwise(
      Step step, Tensor x, Function function, double alpha, double beta, GraphBuilder graph) {
    return graph.add(new Node.Activation(step.name(), x.node(), function, alpha, beta));
  }

  private static Tensor cube(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    return graph.add(new Node.Multiply(step.name(), List.of(x.node(), x.node(), x.node())));
  }

  /**
   * {@code x / (1 + exp(-1.702 x))}; or, where it is called precise, {@code x (1 + tanh(sqrt(2 /
   * pi) (x + (0.044715 x)^3))) / 2}, in which DL4J's code cubes the factor too.
   */
  private static Tensor gelu(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    if (!((ActivationGELU) f).isPrecise()) {
      return new Composites(graph).swish(step.name(), x, 1.702);
    }
    Steps steps = new Steps(step.name(), graph);
    double c = Math.sqrt(2 / Math.PI);
    Tensor square = steps.product("square", x, x);
    Tensor slope = steps.line("slope", square, c * Math.pow(0.044715, 3), c);
    Tensor tanh = steps.function("tanh", steps.product("inner", x, slope), Function.TANH, 0, 0);
    Tensor gate = steps.line("gate", tanh, 0.5, 0.5);
    return graph.add(new Node.Multiply(step.name(), List.of(x.node(), gate.node())));
  }

  /** In inference DL4J takes the mean of the bounds of its slope as a lower bound of its output. */
  private static Tensor randomizedRelu(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    ActivationRReLU relu = (ActivationRReLU) f;
    double lower = (relu.getL() + relu.getU()) / 2;
    return elementwise(step, x, Function.CLIP, lower, Double.POSITIVE_INFINITY, graph);
  }

  /**
   * {@code 1.7159 t(2 x / 3)}, {@code t(u) = sign(u) (1 - 1 / (1 + |u| + u^2 + 1.41645 u^4))}, in
   * the form {@code u n / (1 + |u| n)}, {@code n = 1 + |u| + 1.41645 |u|^3}, which needs no sign.
   */
  private static Tensor rationalTanh(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    Steps steps = new Steps(step.name(), graph);
    Tensor u = steps.line("u", x, 2.0 / 3, 0);
    Tensor size = steps.function("size", u, Function.ABS, 0, 0);
    Tensor cube = steps.product("cube", size, size, size);
    Tensor scaled = steps.line("scaled", cube, 1.41645, 1);
    Tensor n = graph.step(new Node.Add(step.name() + "/n", List.of(size.node(), scaled.node())));
    Tensor denominator = steps.line("denominator", steps.product("sizes", size, n), 1, 1);
    Tensor reciprocal = steps.function("reciprocal", denominator, Function.RECIPROCAL, 0, 0);
    Tensor t = steps.product("t", u, n, reciprocal);
    return new Composites(graph).affine(step.name(), t, 1.7159, 0);
  }

  /** DL4J's ReLU may have an upper bound, a threshold, and a slope below the threshold. */
  private static Tensor relu(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    ActivationReLU relu = (ActivationReLU) f;
    double threshold = relu.getThreshold() == null ? 0 : relu.getThreshold();
    double slope = relu.getNegativeSlope() == null ? 0 : relu.getNegativeSlope();
    Double max = relu.getMax();
    if (max != null && !(max > 0)) {
      throw step.unsupported(
          "with a ReLU of at most %s; supported are bounds above 0".formatted(max));
    }
    if (threshold == 0 && slope == 0) {
      return max == null
          ? elementwise(step, x, Function.RELU, 0, 0, graph)
          : elementwise(step, x, Function.CLIP, 0, max, graph);
    }
    Steps steps = new Steps(step.name(), graph);
    if (threshold == 0) {
      return max == null
          ? elementwise(step, x, Function.LEAKY_RELU, slope, 0, graph)
          : bounded(step, steps.function("leaky", x, Function.LEAKY_RELU, slope, 0), max, graph);
    }
    // x where x >= threshold, else slope * (x - threshold).
    Tensor below = steps.line("below", x, -1, threshold);
    Tensor isBelow = steps.jump("isBelow", below);
    Tensor upper = steps.product("upper", x, steps.line("isAbove", isBelow, -1, 1));
    Tensor lower = steps.product("lower", steps.line("line", below, -slope, 0), isBelow);
    Node sum =
        new Node.Add(
            max == null ? step.name() : step.name() + "/unbounded",
            List.of(upper.node(), lower.node()));
    return max == null ? graph.add(sum) : bounded(step, graph.step(sum), max, graph);
  }

  private static Tensor bounded(Step step, Tensor x, double max, GraphBuilder graph) {
    return elementwise(step, x, Function.CLIP, Double.NEGATIVE_INFINITY, max, graph);
  }

  private static Tensor rectifiedTanh(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    Tensor tanh = new Steps(step.name(), graph).function("tanh", x, Function.TANH, 0, 0);
    return elementwise(step, tanh, Function.RELU, 0, 0, graph);
  }

  /** {@code x / (1 + |x|)}. */
  private static Tensor softSign(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    Steps steps = new Steps(step.name(), graph);
    Tensor size = steps.function("size", x, Function.ABS, 0, 0);
    return new Composites(graph).quotient(step.name(), x, steps.line("line", size, 1, 1));
  }

  /** DL4J's is along the last axis of its arrays: of maps [N, C, H, W] along the columns. */
  private static Tensor softmax(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    int last = x.shape().length - 1;
    return graph.add(
        new Node.Softmax(step.name(), x.node(), x.isMap() && step.channelsLast() ? 0 : last));
  }

  /** x where x &gt; theta, else 0. */
  private static Tensor thresholdedRelu(Step step, Tensor x, IActivation f, GraphBuilder graph) {
    double theta = ((ActivationThresholdedReLU) f).getTheta();
    Steps steps = new Steps(step.name(), graph);
    Tensor isAbove = steps.jump("isAbove", steps.line("above", x, 1, -theta));
    return graph.add(new Node.Multiply(step.name(), List.of(x.node(), isAbove.node())));
  }

  /** Nodes on the way to one of a name. */
  private record Steps(String name, GraphBuilder graph) {

    Tensor line(String suffix, Tensor x, double scale, double shift) {
      return graph.step(
          GraphBuilder.affine(
              name + "/" + suffix, x, new double[] {scale}, new double[] {shift}, DataType.DOUBLE));
    }

    Tensor function(String suffix, Tensor x, Function function, double alpha, double beta) {
      return graph.step(new Node.Activation(name + "/" + suffix, x.node(), function, alpha, beta));
    }

    Tensor product(String suffix, Tensor... factors) {
      return graph.step(
          new Node.Multiply(
              name + "/" + suffix, Arrays.stream(factors).map(Tensor::node).toList()));
    }

    /** 1 where x &gt; 0, else 0; its derivative is 0. */
    Tensor jump(String suffix, Tensor x) {
      Tensor steep = line(suffix + "/steep", x, STEEP, 0);
      return function(suffix, steep, Function.CLIP, 0, 1);
    }
  }
}
