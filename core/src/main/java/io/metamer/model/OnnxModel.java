package io.metamer.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An ONNX file, read and checked but not translated: its nodes, its constants as arrays, the names
 * of its input and output. What can be computed from its constants alone is.
 *
 * @param name the network's
 * @param nodes in the file's order, in which each comes after those it reads
 * @param initializers the constants that the nodes read, by name
 * @param length how many numbers the file's tensors hold
 * @param inputName the images' tensor
 * @param batch the batch size that the file states, or -1 if it is free
 * @param input [C, H, W], -1 for what is free
 * @param channelsLast whether the file's images are [N, H, W, C]
 * @param output the tensor that is the network's result
 */
record OnnxModel(
    String name,
    List<OnnxNode> nodes,
    Map<String, INDArray> initializers,
    long length,
    String inputName,
    long batch,
    long[] input,
    boolean channelsLast,
    String output) {

  /**
   * Before it, dropout and batch normalization train unless an attribute says otherwise, and
   * arithmetic broadcasts by attributes.
   */
  private static final int OLDEST_OPSET = 7;

  static OnnxModel read(OnnxContents contents, String name) throws IOException {
    ModelProto model = contents.message();
    GraphProto graph = model.getGraph();
    long opset = opset(model.getOpsetImportList());
    if (graph.getNodeCount() == 0 || graph.getOutputCount() == 0 || opset == 0) {
      throw new IOException(
          "%s is not an ONNX model, or is cut short: it holds no %s"
              .formatted(
                  contents.origin(),
                  graph.getNodeCount() == 0 ? "nodes" : "outputs or operator set"));
    }
    if (opset < OLDEST_OPSET || opset > Integer.MAX_VALUE) {
      throw new UnsupportedModelException(
          "network %s is written in version %d of ONNX's operators; supported are %d and later"
              .formatted(name, opset, OLDEST_OPSET));
    }
    if (graph.getSparseInitializerCount() > 0) {
      throw new UnsupportedModelException(
          "network %s has sparse weights; supported are dense ones".formatted(name));
    }
    ValueInfoProto images = images(graph, name);
    long[] declared = declared(images, name);
    boolean channelsLast = isImage(declared[3]) && !isImage(declared[1]);
    Reading reading = new Reading(contents);
    reading.written.add(images.getName());
    for (TensorProto tensor : graph.getInitializerList()) {
      reading.initializer(tensor);
    }
    for (OnnxNode node : OnnxInlining.nodes(model, name, (int) opset)) {
      reading.node(node);
    }
    String output = output(graph);
    if (!reading.written.contains(output)) {
      throw new IOException(
          "the output %s of %s is written by no node".formatted(output, contents.origin()));
    }
    return new OnnxModel(
        name,
        List.copyOf(reading.nodes),
        reading.constantsRead(output),
        reading.length,
        images.getName(),
        declared[0],
        channelsLast
            ? new long[] {declared[3], declared[1], declared[2]}
            : new long[] {declared[1], declared[2], declared[3]},
        channelsLast,
        output);
  }

  /** The version of ONNX's own operators that the file was written for. */
  static long opset(List<OperatorSetIdProto> sets) {
    for (OperatorSetIdProto set : sets) {
      if (set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx")) {
        return set.getVersion();
      }
    }
    return 0;
  }

  /** The tensors and nodes that have been read. */
  private static final class Reading {

    private final OnnxContents contents;
    private final List<OnnxNode> nodes = new ArrayList<>();
    private final Map<String, INDArray> constants = new HashMap<>();
    private final Set<String> written = new HashSet<>();
    private long length;
    private @Nullable OnnxConstants folding;

    private Reading(OnnxContents contents) {
      this.contents = contents;
    }

    private void initializer(TensorProto tensor) throws IOException {
      String what = "tensor %s of %s".formatted(tensor.getName(), contents.origin());
      if (tensor.getName().isEmpty() || !written.add(tensor.getName())) {
        throw new IOException(what + " has no name, or that of another: the file is damaged");
      }
      constants.put(tensor.getName(), read(tensor, what));
    }

    private INDArray read(TensorProto tensor, String what) throws IOException {
      INDArray array = OnnxTensors.array(tensor, contents.numbers(tensor, what), what);
      length += array.length();
      return array;
    }

    private void node(OnnxNode node) throws IOException {
      NodeProto proto = node.proto();
      if (proto.getOutputCount() == 0 || proto.getOutput(0).isEmpty()) {
        throw new IOException(
            "%s: node \"%s\", operator %s: it writes no tensor"
                .formatted(contents.origin(), proto.getName(), proto.getOpType()));
      }
      for (String input : proto.getInputList()) {
        if (!input.isEmpty() && !written.contains(input)) {
          throw damaged(node, "it reads %s, which no node before it writes".formatted(input));
        }
      }
      for (String output : proto.getOutputList()) {
        if (!output.isEmpty() && !written.add(output)) {
          throw damaged(node, "it writes %s, which is there already".formatted(output));
        }
      }
      INDArray constant = constant(node);
      if (constant != null) {
        constants.put(node.output(), constant);
      } else if (!folded(node)) {
        nodes.add(node);
      }
    }

    private static IOException damaged(OnnxNode node, String reason) {
      return new IOException(node.unsupported(reason).getMessage());
    }

    /** The tensor of a constant, which many files have in place of initializers. */
    private @Nullable INDArray constant(OnnxNode node) throws IOException {
      if (node.operator().equals("Constant")) {
        for (AttributeProto a : node.proto().getAttributeList()) {
          if (a.getName().equals("value") && a.hasT()) {
            try {
              return read(a.getT(), "tensor %s of %s".formatted(node.output(), contents.origin()));
            } catch (UnsupportedModelException e) {
              return null;
            }
          }
        }
      }
      return null;
    }

    /** Computes a node of constants, once and for all sizes of image; what fails is kept. */
    private boolean folded(OnnxNode node) {
      List<String> inputs = node.inputs();
      if (!inputs.stream().allMatch(input -> input.isEmpty() || constants.containsKey(input))) {
        return false;
      }
      if (folding == null) {
        folding = new OnnxConstants(length);
      }
      List<@Nullable INDArray> operands = new ArrayList<>();
      inputs.forEach(input -> operands.add(constants.get(input)));
      try {
        List<INDArray> results = folding.fold(node, operands);
        if (results.size() < node.proto().getOutputCount()) {
          return false;
        }
        for (int i = 0; i < results.size(); i++) {
          String output = node.proto().getOutput(i);
          if (!output.isEmpty()) {
            constants.put(output, results.get(i));
          }
        }
        return true;
      } catch (UnsupportedModelException e) {
        return false;
      }
    }

    /** The constants but those that only others were computed from. */
    private Map<String, INDArray> constantsRead(String output) {
      Set<String> read = new HashSet<>(List.of(output));
      nodes.forEach(node -> addInputs(node.proto(), read));
      Map<String, INDArray> kept = new HashMap<>(constants);
      kept.keySet().retainAll(read);
      return Map.copyOf(kept);
    }
  }

  /** What a node reads, and what those of its branches do. */
  private static void addInputs(NodeProto node, Set<String> read) {
    read.addAll(node.getInputList());
    for (AttributeProto attribute : node.getAttributeList()) {
      attribute.getG().getNodeList().forEach(inner -> addInputs(inner, read));
      attribute.getG().getOutputList().forEach(output -> read.add(output.getName()));
    }
  }

  /** The one input that is not an initializer. */
  private static ValueInfoProto images(GraphProto graph, String name) {
    Set<String> constants = new HashSet<>();
    graph.getInitializerList().forEach(tensor -> constants.add(tensor.getName()));
    List<ValueInfoProto> inputs =
        graph.getInputList().stream().filter(i -> !constants.contains(i.getName())).toList();
    if (inputs.size() != 1 || inputs.get(0).getName().isEmpty()) {
      throw new UnsupportedModelException(
          "network %s has the inputs %s; supported is one, of images"
              .formatted(name, inputs.stream().map(ValueInfoProto::getName).toList()));
    }
    return inputs.get(0);
  }

  /** The images' shape, -1 for what is free; all of it where the file does not state it. */
  private static long[] declared(ValueInfoProto images, String name) {
    TypeProto.Tensor type = images.getType().getTensorType();
    switch (type.getElemType()) {
      case TensorProto.DataType.UNDEFINED_VALUE,
          TensorProto.DataType.FLOAT_VALUE,
          TensorProto.DataType.FLOAT16_VALUE,
          TensorProto.DataType.BFLOAT16_VALUE,
          TensorProto.DataType.DOUBLE_VALUE -> {
        // Images are floats, whichever the file wants.
      }
      default ->
          throw new UnsupportedModelException(
              "network %s has an input %s of type %s; supported are images of floats"
                  .formatted(
                      name, images.getName(), TensorProto.DataType.forNumber(type.getElemType())));
    }
    long[] shape = new long[4];
    Arrays.fill(shape, -1);
    if (!type.hasShape()) {
      return shape;
    }
    if (type.getShape().getDimCount() != 4) {
      throw new UnsupportedModelException(
          "network %s has an input %s of %d axes; supported are images [N, C, H, W]"
              .formatted(name, images.getName(), type.getShape().getDimCount()));
    }
    for (int axis = 0; axis < 4; axis++) {
      shape[axis] = dimension(type.getShape(), axis);
    }
    return shape;
  }

  private static long dimension(TensorShapeProto shape, int axis) {
    long d = shape.getDim(axis).getDimValue();
    return d > 0 ? d : -1;
  }

  /** Whether images have so many channels. */
  private static boolean isImage(long channels) {
    return channels == 1 || channels == 3;
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
