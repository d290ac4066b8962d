package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The inputs of an operator that broadcasts, brought to as many axes with the batch in the same
 * place. Axes are matched from the last one.
 */
final class OnnxOperands {

  /** An activation of one example, or a constant of as many axes. */
  record Operand(@Nullable Tensor tensor, @Nullable INDArray constant) {

    /** The one number that a constant is, everywhere the same, that leaves the shape of x. */
    @Nullable Double bound(Tensor x) {
      return constant == null || !OnnxAxes.fits(constant, x.shape())
          ? null
          : OnnxAxes.uniform(constant);
    }
  }

  private final OnnxNode node;
  private final OnnxTranslation to;
  private final OnnxActivation like;
  private final List<Operand> operands = new ArrayList<>();

  private OnnxOperands(OnnxNode node, OnnxTranslation to, OnnxActivation like) {
    this.node = node;
    this.to = to;
    this.like = like;
  }

  static OnnxOperands of(OnnxNode node, OnnxTranslation to) {
    int count = node.inputs().size();
    int rank = 0;
    for (int i = 0; i < count; i++) {
      rank =
          Math.max(
              rank,
              to.isConstant(node, i)
                  ? to.required(node, i, "constant").rank()
                  : to.activation(node, i).rank());
    }
    OnnxOperands operands = null;
    List<@Nullable OnnxActivation> raised = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      OnnxActivation x = null;
      if (!to.isConstant(node, i)) {
        x = OnnxAxes.raised(to, node.output() + "/raised" + i, to.activation(node, i), rank);
        if (operands == null) {
          operands = new OnnxOperands(node, to, x);
        }
        OnnxProducts.checkSamePlace(node, operands.like, x);
      }
      raised.add(x);
    }
    if (operands == null) {
      throw node.unsupported("of constants only; supported are activations");
    }
    for (int i = 0; i < count; i++) {
      OnnxActivation x = raised.get(i);
      operands.operands.add(
          x == null
              ? new Operand(
                  null,
                  OnnxAxes.constant(node, to, to.required(node, i, "constant"), operands.like))
              : new Operand(x.tensor(), null));
    }
    return operands;
  }

  /** The axis of the examples that an axis of the ONNX tensors is. */
  int axis(long axis) {
    return like.axis(node, axis);
  }

  int count() {
    return operands.size();
  }

  boolean isConstant(int i) {
    return operands.get(i).constant() != null;
  }

  /** A constant input, of as many axes as the examples have. */
  INDArray constant(int i) {
    INDArray constant = operands.get(i).constant();
    if (constant == null) {
      throw node.unsupported("its input %d is computed; supported are constants".formatted(i));
    }
    return constant;
  }

  /** Any input as a tensor. */
  Tensor tensor(int i) {
    return tensor(node.output() + "/input" + i, operands.get(i));
  }

  /** Any operand as a tensor; a constant becomes a node, of this name with an ending. */
  Tensor tensor(String name, Operand operand) {
    if (operand.tensor() != null) {
      return operand.tensor();
    }
    INDArray constant = Objects.requireNonNull(operand.constant());
    return to.add(new Node.Constant(name + "/constant", OnnxAxes.bounded(constant)));
  }

  /** The inputs of an operator that does not mind their order. The first is an activation. */
  List<Operand> activationsFirst() {
    return operands.stream().sorted(Comparator.comparing(o -> o.tensor() == null)).toList();
  }

  /** The result of the operation, with the batch where the inputs have it. */
  OnnxActivation result(Tensor tensor) {
    return like.alike(tensor);
  }
}
