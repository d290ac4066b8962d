package io.metamer.model;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;

/** Writes small ONNX models for tests. */
final class OnnxFile {

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("g");
  private int opset = 13;

  /** A model of images x of {@code [N, dims...]}; -1 is a free size. */
  static OnnxFile ofImages(long... dims) {
    OnnxFile file = new OnnxFile();
    file.input("x", dims);
    return file;
  }

  OnnxFile input(String name, long... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("N"));
    for (long d : dims) {
      TensorShapeProto.Dimension.Builder dim = TensorShapeProto.Dimension.newBuilder();
      shape.addDim(d < 0 ? dim.setDimParam("free") : dim.setDimValue(d));
    }
    TypeProto.Tensor.Builder type = TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape);
    graph.addInput(
        ValueInfoProto.newBuilder()
            .setName(name)
            .setType(TypeProto.newBuilder().setTensorType(type)));
    return this;
  }

  OnnxFile constant(String name, long[] shape, double... numbers) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(1);
    for (long d : shape) {
      tensor.addDims(d);
    }
    for (double v : numbers) {
      tensor.addFloatData((float) v);
    }
    return constant(tensor.build());
  }

  OnnxFile integers(String name, long... numbers) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(7).addDims(numbers.length);
    for (long v : numbers) {
      tensor.addInt64Data(v);
    }
    return constant(tensor.build());
  }

  OnnxFile constant(TensorProto tensor) {
    graph.addInitializer(tensor);
    return this;
  }

  /** A node named "the " + output. */
  OnnxFile node(String operator, String output, String... inputs) {
    NodeProto.Builder node =
        NodeProto.newBuilder().setOpType(operator).setName("the " + output).addOutput(output);
    for (String input : inputs) {
      node.addInput(input);
    }
    graph.addNode(node);
    return this;
  }

  /** Gives the last node whole numbers as an attribute: one, or a list. */
  OnnxFile with(String attribute, long... numbers) {
    AttributeProto.Builder a = AttributeProto.newBuilder().setName(attribute);
    if (numbers.length == 1) {
      a.setI(numbers[0]).setType(AttributeProto.AttributeType.INT);
    } else {
      a.setType(AttributeProto.AttributeType.INTS);
      for (long v : numbers) {
        a.addInts(v);
      }
    }
    return with(a);
  }

  OnnxFile with(AttributeProto.Builder attribute) {
    graph.getNodeBuilder(graph.getNodeCount() - 1).addAttribute(attribute);
    return this;
  }

  /** Gives the last node one more output. */
  OnnxFile alsoOutput(String name) {
    graph.getNodeBuilder(graph.getNodeCount() - 1).addOutput(name);
    return this;
  }

  /** Takes the last node's own name away. */
  OnnxFile unnamed() {
    graph.getNodeBuilder(graph.getNodeCount() - 1).clearName();
    return this;
  }

  OnnxFile domain(String domain) {
    graph.getNodeBuilder(graph.getNodeCount() - 1).setDomain(domain);
    return this;
  }

  OnnxFile output(String name) {
    graph.addOutput(ValueInfoProto.newBuilder().setName(name));
    return this;
  }

  OnnxFile opset(int version) {
    opset = version;
    return this;
  }

  byte[] bytes() {
    return ModelProto.newBuilder()
        .setIrVersion(7)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  Network read() throws IOException {
    return OnnxNetwork.read(new ByteArrayInputStream(bytes()), "small");
  }

  /** Two convolutions with a shortcut, pooled to a classifier of two with a softmax; 1 x 4 x 4. */
  static OnnxFile classifier() {
    return ofImages(1, 4, 4)
        .constant("w1", new long[] {2, 1, 1, 1}, 1, -1)
        .constant("b1", new long[] {2}, 0.5, 0.25)
        .node("Conv", "conv1", "x", "w1", "b1")
        .node("Relu", "relu1", "conv1")
        .constant("w2", new long[] {2, 2, 1, 1}, 0.5, 1, -1, 0.25)
        .node("Conv", "conv2", "relu1", "w2")
        .node("Add", "sum", "conv2", "relu1")
        .node("Dropout", "dropped", "sum")
        .node("GlobalAveragePool", "pool", "dropped")
        .node("Flatten", "features", "pool")
        .constant("w3", new long[] {2, 2}, 1, 2, -1, 3)
        .constant("b3", new long[] {2}, 0, 1)
        .node("Gemm", "scores", "features", "w3", "b3")
        .with("transB", 1)
        .node("Softmax", "probabilities", "scores")
        .output("probabilities");
  }
}
