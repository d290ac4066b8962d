package io.metamer.model;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.linalg.factory.Nd4j;

/** Keras' activation functions by their names. */
final class KerasActivations {

  /** What is above a bound is 1 and what is below 0; a slope that no number falls on. */
  private static final double CLIFF = 1e30;

  /** Adds the nodes of a function; the last one has the step's name. */
  @FunctionalInterface
  interface Translator {
    Tensor translate(KerasStep step, KerasTensor x);
  }

  private static final Map<String, Translator> TABLE =
      Map.ofEntries(
          entry("celu", (s, x) -> function(s, x, Function.ELU, 1, 0)),
          entry("elu", (s, x) -> function(s, x, Function.ELU, 1, 0)),
          entry("exponential", (s, x) -> function(s, x, Function.EXP, 0, 0)),
          entry("gelu", (s, x) -> s.composites().gelu(s.name(), x.tensor())),
          entry("hard_shrink", (s, x) -> hardShrink(s, x, 0.5)),
          entry("hard_sigmoid", KerasActivations::hardSigmoid),
          entry("hard_silu", (s, x) -> s.composites().hardSwish(s.name(), x.tensor())),
          entry("hard_swish", (s, x) -> s.composites().hardSwish(s.name(), x.tensor())),
          entry("hard_tanh", (s, x) -> function(s, x, Function.CLIP, -1, 1)),
          entry("leaky_relu", (s, x) -> function(s, x, Function.LEAKY_RELU, 0.2, 0)),
          entry("log_sigmoid", KerasActivations::logSigmoid),
          entry("log_softmax", (s, x) -> softmax(s, x, new int[] {-1}, true)),
          entry("mish", (s, x) -> s.composites().mish(s.name(), x.tensor())),
          entry("relu", (s, x) -> function(s, x, Function.RELU, 0, 0)),
          entry("relu6", (s, x) -> function(s, x, Function.CLIP, 0, 6)),
          entry("selu", KerasActivations::selu),
          entry("sigmoid", (s, x) -> function(s, x, Function.SIGMOID, 0, 0)),
          entry("silu", (s, x) -> s.composites().swish(s.name(), x.tensor(), 1)),
          entry("soft_shrink", (s, x) -> softShrink(s, x, 0.5)),
          entry("softmax", (s, x) -> softmax(s, x, new int[] {-1}, false)),
          entry("softplus", (s, x) -> function(s, x, Function.SOFTPLUS, 0, 0)),
          entry("softsign", KerasActivations::softsign),
          entry("sparse_plus", KerasActivations::sparsePlus),
          entry(
              "sparse_sigmoid",
              (s, x) -> s.composites().hardSigmoid(s.name(), x.tensor(), 0.5, 0.5)),
          entry("squareplus", (s, x) -> squareplus(s, x, 4)),
          entry("swish", (s, x) -> s.composites().swish(s.name(), x.tensor(), 1)),
          entry("tanh", (s, x) -> function(s, x, Function.TANH, 0, 0)),
          entry("tanh_shrink", KerasActivations::tanhShrink));

  private static final Set<String> IDENTITIES = Set.of("", "linear", "identity");

  /** Functions of users' own whose names have one meaning. */
  private static final Set<String> OWN = Set.of("relu6", "hard_swish", "swish", "silu", "mish");

  /** Functions of several nodes that are made here. */
  private static final Set<String> COMPOSED =
      Set.of(
          "hard_shrink",
          "log_sigmoid",
          "soft_shrink",
          "softsign",
          "sparse_plus",
          "squareplus",
          "tanh_shrink");

  private KerasActivations() {}

  /** The names of the functions that are supported. */
  static Set<String> names() {
    Set<String> names = new TreeSet<>(TABLE.keySet());
    names.add("linear");
    return names;
  }

  /** Whether an option of a layer is no function, or the one that changes nothing. */
  static boolean isIdentity(JsonNode activation) {
    return activation.isMissingNode()
        || activation.isNull()
        || (activation.isTextual() && IDENTITIES.contains(activation.asText()));
  }

  /** Applies what a layer has as its activation: a name, or a layer of its own. */
  static KerasTensor translate(KerasStep step, JsonNode activation, KerasTensor x) {
    if (isIdentity(activation)) {
      return x;
    }
    if (activation.isTextual()) {
      return new KerasTensor(named(step, activation.asText(), x), x.moved());
    }
    String kind = activation.path("class_name").asText();
    JsonNode config = activation.path("config");
    if (kind.equals("function")) {
      String name = config.asText();
      if (!OWN.contains(name)) {
        throw step.layer()
            .unsupported("its activation %s is a function of its own; none is run".formatted(name));
      }
      return new KerasTensor(named(step, name, x), x.moved());
    }
    JsonNode options = config.isObject() ? config : JsonNodeFactory.instance.objectNode();
    return KerasLayers.translate(step.as(step.layer().as(kind, options), step.name(), x));
  }

  static Tensor named(KerasStep step, String function, KerasTensor x) {
    Translator translator = TABLE.get(function);
    if (translator == null) {
      throw step.layer()
          .unsupported(
              "activation %s is not supported; KerasNetwork.supported() lists those that are"
                  .formatted(function));
    }
    Tensor result = translator.translate(step, x);
    return COMPOSED.contains(function)
        ? step.graph().called(function.replace('_', ' '), result)
        : result;
  }

  static Tensor function(
      KerasStep step, KerasTensor x, Function function, double alpha, double beta) {
    return step.graph().add(new Node.Activation(step.name(), x.node(), function, alpha, beta));
  }

  /** exp(x) normalised to sum 1 over one axis, or over several at once. */
  static Tensor softmax(KerasStep step, KerasTensor x, int[] axes, boolean logarithm) {
    if (axes.length != 1) {
      throw step.layer().unsupported("over %d axes; supported is one".formatted(axes.length));
    }
    int axis = x.nodeAxis(step.axis(axes[0], x));
    return step.graph().add(new Node.Softmax(step.name(), x.node(), axis, logarithm));
  }

  /** Keras 3 has another slope than Keras 2. */
  private static Tensor hardSigmoid(KerasStep step, KerasTensor x) {
    double slope = step.layer().version() == 2 ? 0.2 : 1.0 / 6;
    return step.composites().hardSigmoid(step.name(), x.tensor(), slope, 0.5);
  }

  private static Tensor selu(KerasStep step, KerasTensor x) {
    return step.composites()
        .selu(step.name(), x.tensor(), Composites.SELU_ALPHA, Composites.SELU_SCALE);
  }

  private static Tensor line(KerasStep step, String ending, Tensor x, double scale, double shift) {
    return step.graph()
        .step(
            new Node.Affine(
                step.name() + ending,
                x.node(),
                Nd4j.createFromArray(new double[] {scale}),
                Nd4j.createFromArray(new double[] {shift})));
  }

  private static Tensor step(KerasStep step, String ending, Tensor x, Function function) {
    return step.graph().step(new Node.Activation(step.name() + ending, x.node(), function));
  }

  private static Tensor sum(KerasStep step, Tensor a, Tensor b) {
    return step.graph().add(new Node.Add(step.name(), List.of(a.node(), b.node())));
  }

  /** {@code -log(1 + exp(-x))}. */
  private static Tensor logSigmoid(KerasStep step, KerasTensor x) {
    Tensor negated = line(step, "/negated", x.tensor(), -1, 0);
    Tensor softplus = step(step, "/softplus", negated, Function.SOFTPLUS);
    return step.composites().affine(step.name(), softplus, -1, 0);
  }

  /** {@code x / (1 + |x|)}. */
  private static Tensor softsign(KerasStep step, KerasTensor x) {
    Tensor size = line(step, "/size", step(step, "/abs", x.tensor(), Function.ABS), 1, 1);
    return step.composites().quotient(step.name(), x.tensor(), size);
  }

  /** {@code x - tanh(x)}. */
  private static Tensor tanhShrink(KerasStep step, KerasTensor x) {
    Tensor tanh = step(step, "/tanh", x.tensor(), Function.TANH);
    return step.composites().difference(step.name(), x.tensor(), tanh);
  }

  /** x moved by t towards 0, and 0 within t of it. */
  private static Tensor softShrink(KerasStep step, KerasTensor x, double t) {
    Tensor above = step(step, "/relu", line(step, "/above", x.tensor(), 1, -t), Function.RELU);
    Tensor below =
        step(step, "/relu_below", line(step, "/below", x.tensor(), -1, -t), Function.RELU);
    return step.composites().difference(step.name(), above, below);
  }

  /** x where |x| &gt; t, else 0. */
  private static Tensor hardShrink(KerasStep step, KerasTensor x, double t) {
    Tensor size = step(step, "/abs", x.tensor(), Function.ABS);
    return gated(step, x.tensor(), above(step, size, t, false));
  }

  /** {@code (x + sqrt(x^2 + b)) / 2}. */
  private static Tensor squareplus(KerasStep step, KerasTensor x, double b) {
    Tensor square =
        step.graph().step(new Node.Multiply(step.name() + "/square", List.of(x.node(), x.node())));
    Tensor root = step(step, "/root", line(step, "/line", square, 1, b), Function.SQRT);
    return sum(
        step, line(step, "/half", x.tensor(), 0.5, 0), line(step, "/half_root", root, 0.5, 0));
  }

  /** 0 up to -1, x from 1, and {@code (x + 1)^2 / 4} in between. */
  private static Tensor sparsePlus(KerasStep step, KerasTensor x) {
    Tensor clipped =
        step.graph()
            .step(new Node.Activation(step.name() + "/clip", x.node(), Function.CLIP, -1, 1));
    Tensor half = line(step, "/half", clipped, 0.5, 0.5);
    Tensor curve =
        step.graph()
            .step(new Node.Multiply(step.name() + "/curve", List.of(half.node(), half.node())));
    Tensor rest = step(step, "/rest", line(step, "/beyond", x.tensor(), 1, -1), Function.RELU);
    return sum(step, curve, rest);
  }

  /** 1 where x is above t, or where it is t and that counts, else 0. */
  static Tensor above(KerasStep step, Tensor x, double t, boolean orEqual) {
    Tensor difference = line(step, "/difference", x, 1, -t);
    Tensor cliff = line(step, "/cliff", difference, CLIFF, orEqual ? 1 : 0);
    return step.graph()
        .step(new Node.Activation(step.name() + "/above", cliff.node(), Function.CLIP, 0, 1));
  }

  static Tensor gated(KerasStep step, Tensor x, Tensor gate) {
    return step.graph().add(new Node.Multiply(step.name(), List.of(x.node(), gate.node())));
  }

  /**
   * The whole of Keras' ReLU: {@code slope * (x - threshold)} below a threshold, x from there, and
   * no more than a largest value.
   */
  static Tensor relu(KerasStep step, KerasTensor x, double most, double slope, double threshold) {
    if (threshold == 0 && most == Double.POSITIVE_INFINITY) {
      return slope == 0
          ? function(step, x, Function.RELU, 0, 0)
          : function(step, x, Function.LEAKY_RELU, slope, 0);
    }
    if (threshold == 0 && slope == 0) {
      return function(step, x, Function.CLIP, 0, most);
    }
    Tensor gate = above(step, x.tensor(), threshold, true);
    Tensor upper = x.tensor();
    if (most < Double.POSITIVE_INFINITY) {
      upper =
          step.graph()
              .step(
                  new Node.Activation(
                      step.name() + "/upper",
                      x.node(),
                      Function.CLIP,
                      Double.NEGATIVE_INFINITY,
                      most));
    }
    if (slope == 0) {
      return gated(step, upper, gate);
    }
    Tensor kept =
        step.graph()
            .step(new Node.Multiply(step.name() + "/kept", List.of(upper.node(), gate.node())));
    Tensor beyond = line(step, "/beyond", x.tensor(), -1, threshold);
    Tensor lower = line(step, "/lower", step(step, "/relu", beyond, Function.RELU), -slope, 0);
    return sum(step, kept, lower);
  }
}
