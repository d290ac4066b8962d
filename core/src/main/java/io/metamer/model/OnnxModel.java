package io.metamer.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.protobuf.InvalidProtocolBufferException;

/**
 * An ONNX file, read and checked but not translated: its nodes, its initializers as arrays, the
 * names of its input and output.
 *
 * @param name the network's
 * @param nodes in the file's order, in which each comes after those it reads
 * @param initializers the constants of the file by name
 * @param inputName the images' tensor
 * @param batch the batch size that the file states, or -1 if it is free
 * @param input [C, H, W], -1 for what is free
 * @param output the tensor that is the network's result
 */
record OnnxModel(
    String name,
    List<OnnxNode> nodes,
    Map<String, INDArray> initializers,
    String inputName,
    long batch,
    long[] input,
    String output) {

  /**
   * Before it, dropout and batch normalization train unless an attribute says otherwise, and
   * arithmetic broadcasts by attributes.
   */
  private static final int OLDEST_OPSET = 7;

  static OnnxModel read(byte[] bytes, String name, String origin) throws IOException {
    if (bytes.length == 0) {
      throw new IOException(origin + " is empty, expected an ONNX model");
    }
    ModelProto model;
    try {
      model = ModelProto.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(
          "%s is not an ONNX model, or is cut short (%d bytes): %s"
              .formatted(origin, bytes.length, e.getMessage()),
          e);
    }
    GraphProto graph = model.getGraph();
    int opset = opset(model);
    if (graph.getNodeCount() == 0 || graph.getOutputCount() == 0 || opset == 0) {
      throw new IOException(
          "%s is not an ONNX model, or is cut short: it holds no %s"
              .formatted(origin, graph.getNodeCount() == 0 ? "nodes" : "outputs or operator set"));
    }
    if (opset < OLDEST_OPSET) {
      throw new UnsupportedModelException(
          "network %s is written in version %d of ONNX's operators; supported are %d and later"
              .formatted(name, opset, OLDEST_OPSET));
    }
    List<OnnxNode> nodes = new ArrayList<>();
    for (NodeProto node : graph.getNodeList()) {
      nodes.add(new OnnxNode(name, node, opset));
    }
    checkOperators(nodes);
    Map<String, INDArray> initializers = new HashMap<>();
    for (TensorProto tensor : graph.getInitializerList()) {
      initializers.put(tensor.getName(), OnnxTensors.array(tensor, origin));
    }
    ValueInfoProto images = images(graph, name);
    TensorShapeProto shape = images.getType().getTensorType().getShape();
    return new OnnxModel(
        name,
        List.copyOf(nodes),
        Map.copyOf(initializers),
        images.getName(),
        dimension(shape, 0),
        new long[] {dimension(shape, 1), dimension(shape, 2), dimension(shape, 3)},
        output(graph));
  }

  /** The version of ONNX's own operators that the file was written for. */
  private static int opset(ModelProto model) {
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      if (set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx")) {
        return Math.toIntExact(set.getVersion());
      }
    }
    return 0;
  }

  private static void checkOperators(List<OnnxNode> nodes) {
    for (OnnxNode node : nodes) {
      boolean own =
          node.proto().getDomain().isEmpty() || node.proto().getDomain().equals("ai.onnx");
      boolean known = OnnxOperators.knows(node.operator()) || OnnxConstants.knows(node.operator());
      if (!own || !known) {
        TreeSet<String> supported = new TreeSet<>(OnnxOperators.names());
        supported.addAll(OnnxConstants.names());
        throw node.unsupported("supported operators are " + String.join(", ", supported));
      }
    }
  }

  /** The one input that is not an initializer. */
  private static ValueInfoProto images(GraphProto graph, String name) {
    TreeSet<String> constants = new TreeSet<>();
    graph.getInitializerList().forEach(tensor -> constants.add(tensor.getName()));
    List<ValueInfoProto> inputs =
        graph.getInputList().stream().filter(i -> !constants.contains(i.getName())).toList();
    if (inputs.size() != 1) {
      throw new UnsupportedModelException(
          "network %s has the inputs %s; supported is one, of images"
              .formatted(name, inputs.stream().map(ValueInfoProto::getName).toList()));
    }
    ValueInfoProto images = inputs.get(0);
    TensorShapeProto shape = images.getType().getTensorType().getShape();
    if (shape.getDimCount() != 4) {
      throw new UnsupportedModelException(
          "network %s has an input %s of %d axes; supported are images [N, C, H, W]"
              .formatted(name, images.getName(), shape.getDimCount()));
    }
    return images;
  }

  private static long dimension(TensorShapeProto shape, int axis) {
    long d = shape.getDim(axis).getDimValue();
    return d > 0 ? d : -1;
  }

  /** The output called logits, or else the first. */
  private static String output(GraphProto graph) {
    return graph.getOutputList().stream()
        .map(ValueInfoProto::getName)
        .filter("logits"::equals)
        .findFirst()
        .orElse(graph.getOutput(0).getName());
  }
}
