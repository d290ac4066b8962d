package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxOperators.Translator;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Functions of each element, and softmax. */
final class OnnxFunctions {

  private OnnxFunctions() {}

  /** A layer of one example. */
  @FunctionalInterface
  interface Layer {
    Tensor of(OnnxNode node, OnnxTranslation to, String name, Tensor x);
  }

  /** An operator that is a layer on its first input, wherever the batch is. */
  static Translator each(Layer layer) {
    return (node, to) -> {
      OnnxActivation x = to.activation(node, 0);
      to.output(node, x.alike(layer.of(node, to, node.output(), x.tensor())));
    };
  }

  /** A function without parameters. */
  static Translator each(Function function) {
    return each((node, to, name, x) -> to.add(new Node.Activation(name, x.node(), function)));
  }

  /** A function with a parameter, called alpha. */
  static Translator each(Function function, double otherwise) {
    return each(
        (node, to, name, x) ->
            to.add(
                new Node.Activation(name, x.node(), function, node.number("alpha", otherwise), 0)));
  }

  static Tensor clip(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    INDArray min = to.constant(node, 1, "min");
    INDArray max = to.constant(node, 2, "max");
    double low = min == null ? node.number("min", -Float.MAX_VALUE) : min.getDouble(0);
    double high = max == null ? node.number("max", Float.MAX_VALUE) : max.getDouble(0);
    return to.composites().clip(name, x, low, high);
  }

  static Tensor hardSigmoid(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    return to.composites()
        .hardSigmoid(name, x, node.number("alpha", 0.2), node.number("beta", 0.5));
  }

  static Tensor selu(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    double alpha = node.number("alpha", Composites.SELU_ALPHA);
    return to.composites().selu(name, x, alpha, node.number("gamma", Composites.SELU_SCALE));
  }

  static Tensor gelu(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    String approximate = node.text("approximate", "none");
    return switch (approximate) {
      case "none" -> to.composites().gelu(name, x);
      case "tanh" -> to.composites().geluByTanh(name, x);
      default ->
          throw node.unsupported(
              "approximate = %s; supported are none and tanh".formatted(approximate));
    };
  }

  /** Slopes of any shape that broadcasts to the activations. */
  static void prelu(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    INDArray given = to.required(node, 1, "slope");
    if (given.rank() > x.rank()) {
      throw node.unsupported(
          "slopes %s of %s; supported are slopes that broadcast to the activations"
              .formatted(Arrays.toString(given.shape()), x));
    }
    INDArray slope = OnnxAxes.scale(OnnxAxes.constant(node, to, given, x));
    to.output(node, x.alike(to.composites().prelu(node.output(), x.tensor(), slope)));
  }

  static Tensor geluByTanh(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    return to.composites().geluByTanh(name, x);
  }

  static Tensor quickGelu(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    return to.composites().swish(name, x, node.number("alpha", 1.702));
  }

  static Tensor swish(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    return to.composites().swish(name, x, node.number("alpha", 1));
  }

  static Tensor celu(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    return to.composites().celu(name, x, node.number("alpha", 1));
  }

  static Tensor softsign(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    return to.composites().softsign(name, x);
  }

  static Tensor negative(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    return to.composites().affine(name, x, -1, 0);
  }

  /** A function of a sum, as ONNX Runtime fuses them; the summand may be left out. */
  static Translator biased(Layer layer) {
    return (node, to) -> {
      if (node.input(1).isEmpty()) {
        each(layer).translate(node, to);
        return;
      }
      OnnxOperands inputs = OnnxOperands.of(node, to);
      String sumName = node.output() + "/sum";
      Tensor sum = OnnxBroadcasting.shifted(to, sumName, inputs.tensor(0), inputs.constant(1));
      to.output(node, inputs.result(layer.of(node, to, node.output(), sum)));
    };
  }

  /**
   * Softmax along one axis, or before operator set 13 over all axes from one on.
   *
   * @param logarithm whether of it is taken
   */
  static Translator softmax(boolean logarithm) {
    return (node, to) -> {
      OnnxActivation x = to.activation(node, 0);
      boolean together = node.opset() < 13;
      int first = x.onnxAxis(node, node.integer("axis", together ? 1 : -1));
      String name = node.output();
      if (!together || first == x.rank() - 1) {
        Node softmax = new Node.Softmax(name, x.node(), x.axis(node, first), logarithm);
        to.output(node, x.alike(to.add(softmax)));
        return;
      }
      int from = x.axis(node, first);
      for (int i = first; i < x.rank(); i++) {
        x.axis(node, i); // refuses the batch's
      }
      long[] shape = x.example();
      long[] merged = Arrays.copyOf(shape, from + 1);
      merged[from] = Translation.length(Arrays.copyOfRange(shape, from, shape.length));
      if (Arrays.equals(merged, shape)) {
        to.output(node, x.alike(to.add(new Node.Softmax(name, x.node(), from, logarithm))));
        return;
      }
      Tensor flat = OnnxAxes.example(to, name + "/flat", x.tensor(), merged);
      Tensor softmax = to.add(new Node.Softmax(name + "/softmax", flat.node(), from, logarithm));
      to.output(node, x.alike(to.add(new Node.Reshape(name, softmax.node(), shape))));
    };
  }

  /** What ONNX Runtime's optimizer fuses into a convolution or a matrix product. */
  static Tensor fused(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    String function = node.text("activation", "");
    double[] p = node.numbers("activation_params");
    double alpha = p.length > 0 ? p[0] : node.number("activation_alpha", 0.01);
    double beta = p.length > 1 ? p[1] : node.number("activation_beta", 0);
    return switch (function) {
      case "Relu" -> to.add(new Node.Activation(name, x.node(), Function.RELU));
      case "Sigmoid" -> to.add(new Node.Activation(name, x.node(), Function.SIGMOID));
      case "Tanh" -> to.add(new Node.Activation(name, x.node(), Function.TANH));
      case "LeakyRelu" ->
          to.add(new Node.Activation(name, x.node(), Function.LEAKY_RELU, alpha, 0));
      case "Clip" -> to.composites().clip(name, x, alpha, beta);
      case "HardSigmoid" -> to.composites().hardSigmoid(name, x, alpha, beta);
      default ->
          throw node.unsupported(
              "with activation %s; supported are %s"
                  .formatted(
                      function,
                      List.of("Relu", "Sigmoid", "Tanh", "LeakyRelu", "Clip", "HardSigmoid")));
    };
  }

  static boolean isFused(OnnxNode node) {
    return !node.text("activation", "").isEmpty();
  }
}
