package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import onnx.Onnx.GraphProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One translation of an ONNX file: what each of its tensors is, a constant, the output of a node,
 * or refused. What is refused does not stand in the way of what does not read it.
 */
final class OnnxTranslation {

  /**
   * The batch for which arithmetic on shapes is done where the file leaves it free: with two, the
   * place of the batch shows in every shape.
   */
  private static final long FREE_BATCH = 2;

  private final OnnxModel model;
  private final long batch;
  private final GraphBuilder graph = new GraphBuilder();
  private final Map<String, INDArray> constants;
  private final OnnxConstants folding;
  private final Map<String, OnnxActivation> activations = new HashMap<>();
  private final Map<String, Tensor> sameForAll = new HashMap<>();
  private final Map<String, UnsupportedModelException> refused = new HashMap<>();

  private OnnxTranslation(OnnxModel model, long batch) {
    this.model = model;
    this.batch = batch;
    this.constants = new HashMap<>(model.initializers());
    this.folding = new OnnxConstants(model.length());
  }

  /**
   * Translates a file.
   *
   * @param shape of an image, [C, H, W]
   */
  static Translation of(OnnxModel model, long[] shape) {
    long batch = model.batch() > 0 ? model.batch() : FREE_BATCH;
    Translation translation = new OnnxTranslation(model, batch).run(shape);
    if (translation.refused().isEmpty() || batch == 1) {
      return translation;
    }
    // Some exporters write a batch of one into the shapes of a network whose batch they call free.
    Translation ofOne = new OnnxTranslation(model, 1).run(shape);
    return ofOne.refused().size() < translation.refused().size() ? ofOne : translation;
  }

  private Translation run(long[] shape) {
    Tensor images = graph.add(new Node.Input(model.inputName(), shape));
    Tensor entering =
        model.channelsLast()
            ? new Composites(graph).channelsLast(model.inputName() + "/channels last", images)
            : images;
    activations.put(model.inputName(), OnnxActivation.batchFirst(entering));
    for (OnnxNode node : model.nodes()) {
      try {
        translate(node);
      } catch (UnsupportedModelException e) {
        refuse(node, e);
      } catch (RuntimeException e) {
        // What a node of the graph says of itself, such as weights that do not fit its input; and
        // attributes of a damaged file may be anything.
        refuse(node, node.unsupported(String.valueOf(e.getMessage())));
      }
    }
    String output = model.output();
    if (constants.containsKey(output)) {
      throw new UnsupportedModelException(
          "network %s: its output %s does not depend on its input".formatted(model.name(), output));
    }
    OnnxActivation last = activations.get(output);
    Translation all = graph.build(last == null ? output : last.node(), refused);
    return new Translation(
        all.graph(), all.output(), steps(all), all.aliases(), all.kinds(), refused);
  }

  private void translate(OnnxNode node) {
    List<String> inputs = node.inputs().stream().filter(name -> !name.isEmpty()).toList();
    for (String input : inputs) {
      UnsupportedModelException reason = refused.get(input);
      if (reason != null) {
        throw reason;
      }
    }
    if (inputs.stream().allMatch(constants::containsKey)) {
      fold(node);
    } else {
      OnnxOperators.translate(node, this);
    }
    OnnxActivation written = activations.get(node.output());
    if (written != null) {
      graph.alias(node.name(), written.node());
    }
    for (String output : node.outputs()) {
      if (!constants.containsKey(output) && !activations.containsKey(output)) {
        refused.put(output, node.unsupported("its output %s is not computed".formatted(output)));
      }
    }
  }

  private void fold(OnnxNode node) {
    List<@Nullable INDArray> operands = new ArrayList<>();
    node.inputs().forEach(name -> operands.add(constants.get(name)));
    List<INDArray> folded;
    try {
      folded = folding.fold(node, operands);
    } catch (UnsupportedModelException e) {
      if (OnnxConstants.knows(node.key()) || !OnnxOperators.knows(node.key())) {
        throw e;
      }
      // What is not done to constants may be done to activations that are the same for all images.
      OnnxOperators.translate(node, this);
      return;
    }
    for (int i = 0; i < folded.size(); i++) {
      String name = node.proto().getOutput(i);
      if (!name.isEmpty()) {
        constants.put(name, folded.get(i));
      }
    }
  }

  /** The nodes of the branch that a constant condition takes. */
  void branch(OnnxNode node) {
    boolean taken = OnnxTensors.longs(required(node, 0, "condition"))[0] != 0;
    GraphProto branch = node.attribute(taken ? "then_branch" : "else_branch").getG();
    for (TensorProto tensor : branch.getInitializerList()) {
      constants.put(tensor.getName(), OnnxTensors.attribute(node, tensor));
    }
    for (NodeProto inner : branch.getNodeList()) {
      translate(new OnnxNode(node.network(), inner, node.opset()));
    }
    if (branch.getOutputCount() != node.proto().getOutputCount()) {
      throw node.unsupported("its branch has %d outputs".formatted(branch.getOutputCount()));
    }
    for (int i = 0; i < branch.getOutputCount(); i++) {
      String from = branch.getOutput(i).getName();
      INDArray constant = constants.get(from);
      OnnxActivation activation = activations.get(from);
      if (constant != null) {
        constants.put(node.proto().getOutput(i), constant);
      } else if (activation != null) {
        output(node.proto().getOutput(i), activation);
      }
    }
  }

  private void refuse(OnnxNode node, UnsupportedModelException reason) {
    for (String output : node.outputs()) {
      if (!constants.containsKey(output) && !activations.containsKey(output)) {
        refused.put(output, reason);
      }
    }
    if (!node.name().isEmpty()) {
      refused.putIfAbsent(node.name(), reason);
    }
  }

  /** The nodes that are no tensor of the file's. */
  private Set<String> steps(Translation all) {
    Set<String> names =
        all.graph().nodes().stream().map(Node::name).collect(Collectors.toCollection(HashSet::new));
    names.removeAll(activations.keySet());
    return names;
  }

  /** The batch for which arithmetic on shapes is done. */
  long batch() {
    return batch;
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

  /**
   * Whole numbers that older operator sets keep in an attribute and newer ones in an input.
   *
   * @return empty where both are left out
   */
  long[] integers(OnnxNode node, int i, String attribute) {
    INDArray given = constant(node, i, attribute);
    return given == null ? node.integers(attribute) : OnnxTensors.longs(given);
  }

  /** An input that the operator wants as activations. */
  OnnxActivation activation(OnnxNode node, int i) {
    String name = node.input(i);
    OnnxActivation activation = activations.get(name);
    if (activation != null) {
      return activation;
    }
    INDArray constant = constants.get(name);
    if (constant == null) {
      throw node.unsupported("its input %d is missing".formatted(i));
    }
    if (constant.rank() < 2 || constant.size(0) != 1 || !constant.dataType().isFPType()) {
      throw node.unsupported(
          "its input %s is a constant of shape %s; supported are activations"
              .formatted(name, Arrays.toString(constant.shape())));
    }
    // The same for all images.
    INDArray example = constant.reshape('c', OnnxAxes.without(constant.shape(), 0));
    return OnnxActivation.batchFirst(
        sameForAll.computeIfAbsent(name, n -> graph.add(new Node.Constant(n, example))));
  }

  /** An input that the operator wants as maps of images, {@code [N, C, H, W]}. */
  OnnxActivation map(OnnxNode node, int i) {
    OnnxActivation x = activation(node, i);
    if (!x.isMap()) {
      throw node.unsupported("of %s; supported are maps [N, C, H, W]".formatted(x));
    }
    return x;
  }

  /** Adds a node; it is listed as a layer if it has the name of one of the file's tensors. */
  Tensor add(Node node) {
    return graph.add(node);
  }

  /** Layers that are more than one node. */
  Composites composites() {
    return new Composites(graph);
  }

  /** The output of an ONNX node. */
  void output(OnnxNode node, OnnxActivation result) {
    output(node.output(), result);
  }

  /** One of several outputs. */
  void output(String name, OnnxActivation result) {
    activations.put(name, result);
    if (!name.equals(result.node())) {
      graph.alias(name, result.node());
    }
  }

  /** An output that does not depend on the images. */
  void output(OnnxNode node, INDArray constant) {
    constants.put(node.output(), constant);
  }
}
