package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxOperands.Operand;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Arithmetic that broadcasts: with a constant an affine map, between activations a node. */
final class OnnxBroadcasting {

  private OnnxBroadcasting() {}

  static void add(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    to.output(node, inputs.result(sum(to, inputs, node.output())));
  }

  static void mean(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    Tensor sum = sum(to, inputs, node.output() + "/sum");
    double share = 1.0 / inputs.count();
    to.output(node, inputs.result(to.composites().affine(node.output(), sum, share, 0)));
  }

  private static Tensor sum(OnnxTranslation to, OnnxOperands inputs, String name) {
    List<Operand> operands = inputs.activationsFirst();
    List<Tensor> terms = operands.stream().map(Operand::tensor).filter(Objects::nonNull).toList();
    boolean alike =
        terms.stream().allMatch(term -> Arrays.equals(term.shape(), terms.get(0).shape()));
    if (terms.size() > 2 && terms.size() == operands.size() && alike) {
      return to.add(new Node.Add(name, terms.stream().map(Tensor::node).toList()));
    }
    return folded(
        operands,
        name,
        (part, a, b) ->
            b.constant() == null
                ? to.add(new Node.Add(part, List.of(a.node(), inputs.tensor(part, b).node())))
                : shifted(to, part, a, b.constant()));
  }

  static void subtract(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    String name = node.output();
    Tensor result;
    if (inputs.isConstant(0)) {
      Tensor negated = to.composites().affine(name + "/negated", inputs.tensor(1), -1, 0);
      result = shifted(to, name, negated, inputs.constant(0));
    } else if (inputs.isConstant(1)) {
      result = shifted(to, name, inputs.tensor(0), inputs.constant(1).neg());
    } else {
      result = to.composites().difference(name, inputs.tensor(0), inputs.tensor(1));
    }
    to.output(node, inputs.result(result));
  }

  static void multiply(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    to.output(
        node,
        inputs.result(
            inputs.isConstant(0)
                ? scaled(to, node.output(), inputs.tensor(1), inputs.constant(0))
                : inputs.isConstant(1)
                    ? scaled(to, node.output(), inputs.tensor(0), inputs.constant(1))
                    : product(to, node.output(), inputs.tensor(0), inputs.tensor(1))));
  }

  static void divide(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    String name = node.output();
    Tensor result;
    if (inputs.isConstant(1)) {
      INDArray reciprocal = inputs.constant(1).castTo(DataType.DOUBLE).rdiv(1);
      result = scaled(to, name, inputs.tensor(0), reciprocal);
    } else if (inputs.isConstant(0)) {
      Tensor reciprocal =
          to.add(
              new Node.Activation(
                  name + "/reciprocal", inputs.tensor(1).node(), Function.RECIPROCAL));
      result = scaled(to, name, reciprocal, inputs.constant(0));
    } else {
      result = to.composites().quotient(name, inputs.tensor(0), inputs.tensor(1));
    }
    to.output(node, inputs.result(result));
  }

  static void maximum(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    Tensor result =
        folded(
            inputs.activationsFirst(),
            node.output(),
            (name, a, b) -> {
              Double bound = b.bound(a);
              return bound != null
                  ? to.composites().clip(name, a, bound, Double.POSITIVE_INFINITY)
                  : to.add(new Node.Maximum(name, a.node(), inputs.tensor(name, b).node()));
            });
    to.output(node, inputs.result(result));
  }

  static void minimum(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    Tensor result =
        folded(
            inputs.activationsFirst(),
            node.output(),
            (name, a, b) -> {
              Double bound = b.bound(a);
              return bound != null
                  ? to.composites().clip(name, a, Double.NEGATIVE_INFINITY, bound)
                  : to.composites().minimum(name, a, inputs.tensor(name, b));
            });
    to.output(node, inputs.result(result));
  }

  /** A constant exponent, the same for all elements. */
  static void power(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    INDArray exponents = to.required(node, 1, "exponent");
    Double exponent = OnnxAxes.uniform(exponents);
    if (exponent == null) {
      throw node.unsupported("its exponents differ; supported is one for all elements");
    }
    if (enlarges(exponents.shape(), x.shape())) {
      throw node.unsupported(
          "exponents of shape %s for %s; supported are those that leave its shape"
              .formatted(Arrays.toString(exponents.shape()), x));
    }
    String name = node.output();
    if (exponent == 1) {
      to.output(node, x);
      return;
    }
    Node result;
    if (exponent == 0) {
      // As a power it would have the derivative 0 * x^-1.
      result = new Node.Affine(name, x.node(), OnnxAxes.number(0), OnnxAxes.number(1));
    } else if (exponent == 2 || exponent == 3) {
      List<String> factors = new ArrayList<>();
      for (int i = 0; i < exponent; i++) {
        factors.add(x.node());
      }
      result = new Node.Multiply(name, factors);
    } else if (exponent == 0.5) {
      result = new Node.Activation(name, x.node(), Function.SQRT);
    } else if (exponent == -1) {
      result = new Node.Activation(name, x.node(), Function.RECIPROCAL);
    } else {
      result = new Node.Activation(name, x.node(), Function.POWER, exponent, 0);
    }
    to.output(node, x.alike(to.add(result)));
  }

  /** Whether broadcasting one shape with another makes the other larger. */
  private static boolean enlarges(long[] shape, long[] other) {
    boolean larger = shape.length > other.length;
    for (int i = 1; !larger && i <= shape.length; i++) {
      long size = shape[shape.length - i];
      larger = size != 1 && size != other[other.length - i];
    }
    return larger;
  }

  /** {@code x + c} of one example; the constant has as many axes. */
  static Tensor shifted(OnnxTranslation to, String name, Tensor x, INDArray c) {
    INDArray shift = OnnxAxes.bounded(c);
    if (OnnxAxes.fits(c, x.shape())) {
      return to.add(new Node.Affine(name, x.node(), OnnxAxes.number(1), OnnxAxes.scale(shift)));
    }
    Tensor constant = to.add(new Node.Constant(name + "/constant", shift));
    return to.add(new Node.Add(name, List.of(x.node(), constant.node())));
  }

  /** {@code c * x} of one example; the constant has as many axes. */
  static Tensor scaled(OnnxTranslation to, String name, Tensor x, INDArray c) {
    if (OnnxAxes.fits(c, x.shape())) {
      return to.add(new Node.Affine(name, x.node(), OnnxAxes.scale(c), OnnxAxes.number(0)));
    }
    Tensor constant = to.add(new Node.Constant(name + "/constant", c));
    return product(to, name, x, constant);
  }

  static Tensor product(OnnxTranslation to, String name, Tensor a, Tensor b) {
    return to.add(new Node.Multiply(name, List.of(a.node(), b.node())));
  }

  /** An operation on an activation and something else. */
  @FunctionalInterface
  private interface Pairwise {
    Tensor of(String name, Tensor a, Operand b);
  }

  /** The first two operands, then the result and the third, and so on. */
  private static Tensor folded(List<Operand> operands, String name, Pairwise operation) {
    Tensor result = Objects.requireNonNull(operands.get(0).tensor());
    for (int i = 1; i < operands.size(); i++) {
      String part = i == operands.size() - 1 ? name : name + "/part" + i;
      result = operation.of(part, result, operands.get(i));
    }
    return result;
  }
}
