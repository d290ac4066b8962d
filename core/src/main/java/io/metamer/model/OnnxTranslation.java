package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One translation of an ONNX file: what each of its tensors is, a constant or the output of a node.
 * Shapes are those of a batch of one, so that arithmetic on them is arithmetic on numbers.
 */
final class OnnxTranslation {

  /** A map with zeros around it that only a convolution or a pooling can take in. */
  record Padded(Tensor map, int[] pads) {}

  private final OnnxModel model;
  private final GraphBuilder graph = new GraphBuilder();
  private final Map<String, INDArray> constants;
  private final OnnxConstants folding;
  private final Map<String, Tensor> tensors = new HashMap<>();
  private final Map<String, Padded> padded = new HashMap<>();

  OnnxTranslation(OnnxModel model) {
    this.model = model;
    this.constants = new HashMap<>(model.initializers());
    this.folding = new OnnxConstants(model.length());
  }

  Translation run(long[] shape) {
    Tensor input = graph.add(new Node.Input(model.inputName(), shape));
    tensors.put(model.inputName(), input);
    for (OnnxNode node : model.nodes()) {
      List<String> inputs = node.inputs();
      if (inputs.stream().allMatch(name -> name.isEmpty() || constants.containsKey(name))) {
        List<@Nullable INDArray> operands = new ArrayList<>();
        inputs.forEach(name -> operands.add(constants.get(name)));
        List<INDArray> folded = folding.fold(node, operands);
        for (int i = 0; i < folded.size(); i++) {
          constants.put(node.proto().getOutput(i), folded.get(i));
        }
      } else {
        OnnxOperators.translate(node, this);
      }
      Tensor output = tensors.get(node.output());
      if (output != null) {
        graph.alias(node.name(), output.node());
      }
    }
    Tensor output = tensors.get(model.output());
    if (output == null) {
      throw new UnsupportedModelException(
          "network %s: its output %s does not depend on its input"
              .formatted(model.name(), model.output()));
    }
    return graph.build(output.node());
  }

  /** The batch size that the file was exported for, or -1. */
  long batch() {
    return model.batch();
  }

  boolean isConstant(OnnxNode node, int i) {
    return constants.containsKey(node.input(i));
  }

  /** An input that the operator wants as a constant, or null where the file leaves it out. */
  @Nullable INDArray constant(OnnxNode node, int i, String role) {
    String name = node.input(i);
    if (name.isEmpty()) {
      return null;
    }
    INDArray constant = constants.get(name);
    if (constant == null) {
      throw node.unsupported(
          "its %s (%s) is computed; supported are constants".formatted(role, name));
    }
    return constant;
  }

  /** A constant that the operator cannot do without. */
  INDArray required(OnnxNode node, int i, String role) {
    INDArray constant = constant(node, i, role);
    if (constant == null) {
      throw node.unsupported("its %s is missing".formatted(role));
    }
    return constant;
  }

  /** An input that the operator wants as activations. */
  Tensor tensor(OnnxNode node, int i) {
    Padded waiting = padded.get(node.input(i));
    if (waiting != null) {
      throw node.unsupported(
          "its input is padded; supported are zeros before a convolution or an average pooling");
    }
    Tensor tensor = tensors.get(node.input(i));
    if (tensor == null) {
      throw node.unsupported(
          isConstant(node, i)
              ? "its input %s is a constant; supported are activations".formatted(node.input(i))
              : "its input %s is written by no node before it".formatted(node.input(i)));
    }
    return tensor;
  }

  /** As {@link #tensor}, for operators that can take zeros around a map. */
  Padded paddedTensor(OnnxNode node, int i) {
    Padded waiting = padded.get(node.input(i));
    return waiting == null ? new Padded(tensor(node, i), new int[4]) : waiting;
  }

  /** Adds a node on the way to the output of an ONNX node. */
  Tensor step(Node node) {
    return graph.step(node);
  }

  /** Adds the node that writes the output of an ONNX node, and has its tensor's name. */
  void output(OnnxNode node, Node result) {
    tensors.put(node.output(), graph.add(result));
  }

  /** Lets the output of an ONNX node that changes nothing be another tensor. */
  void same(OnnxNode node, Tensor tensor) {
    tensors.put(node.output(), tensor);
    graph.alias(node.output(), tensor.node());
  }

  void output(OnnxNode node, Padded map) {
    padded.put(node.output(), map);
  }

  void output(OnnxNode node, INDArray constant) {
    constants.put(node.output(), constant);
  }
}
