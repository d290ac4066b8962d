package io.metamer.model;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.ByteString;

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

  /** A model of images x whose batch is fixed. */
  static OnnxFile ofBatch(long batch, long... dims) {
    OnnxFile file = new OnnxFile();
    file.input("x", TensorShapeProto.Dimension.newBuilder().setDimValue(batch), dims);
    return file;
  }

  /** A branch of an If, which reads the tensors around it. */
  static OnnxFile branch() {
    return new OnnxFile();
  }

  /** Gives the last node a branch. */
  OnnxFile branch(String attribute, OnnxFile branch) {
    return with(
        AttributeProto.newBuilder()
            .setName(attribute)
            .setType(AttributeProto.AttributeType.GRAPH)
            .setG(branch.graph));
  }

  OnnxFile input(String name, long... dims) {
    return input(name, TensorShapeProto.Dimension.newBuilder().setDimParam("N"), dims);
  }

  private OnnxFile input(String name, TensorShapeProto.Dimension.Builder batch, long... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDim(batch);
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

  /** A whole number without axes. */
  OnnxFile scalar(String name, long number) {
    return constant(
        TensorProto.newBuilder().setName(name).setDataType(7).addInt64Data(number).build());
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

  /** Random numbers between -1 and 1 as a constant, always the same for a name and shape. */
  OnnxFile random(String name, long... shape) {
    return random(name, -1, 1, shape);
  }

  OnnxFile random(String name, double from, double to, long... shape) {
    Random random = new Random(name.hashCode() + 31L * Arrays.hashCode(shape));
    int length = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return constant(name, shape, random.doubles(length, from, to).toArray());
  }

  /** Booleans, as constants: whether the numbers of a random constant are above 0. */
  OnnxFile booleans(String name, String random) {
    TensorProto numbers =
        graph.getInitializerList().stream()
            .filter(tensor -> tensor.getName().equals(random))
            .findFirst()
            .orElseThrow();
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(9).addAllDims(numbers.getDimsList());
    numbers.getFloatDataList().forEach(v -> tensor.addInt32Data(v > 0 ? 1 : 0));
    return constant(tensor.build());
  }

  /** A list of whole numbers as an attribute of the last node. */
  OnnxFile list(String attribute, long... numbers) {
    AttributeProto.Builder a =
        AttributeProto.newBuilder().setName(attribute).setType(AttributeProto.AttributeType.INTS);
    for (long v : numbers) {
      a.addInts(v);
    }
    return with(a);
  }

  /** A number as an attribute of the last node. */
  OnnxFile number(String attribute, double number) {
    return with(
        AttributeProto.newBuilder()
            .setName(attribute)
            .setType(AttributeProto.AttributeType.FLOAT)
            .setF((float) number));
  }

  /** A list of numbers as an attribute of the last node. */
  OnnxFile numbers(String attribute, double... numbers) {
    AttributeProto.Builder a =
        AttributeProto.newBuilder().setName(attribute).setType(AttributeProto.AttributeType.FLOATS);
    for (double v : numbers) {
      a.addFloats((float) v);
    }
    return with(a);
  }

  /** A text as an attribute of the last node. */
  OnnxFile text(String attribute, String text) {
    return with(
        AttributeProto.newBuilder()
            .setName(attribute)
            .setType(AttributeProto.AttributeType.STRING)
            .setS(ByteString.copyFromUtf8(text)));
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

  /** The operators of its nodes, with their domain where it is not ONNX's own. */
  Set<String> operators() {
    return graph.getNodeList().stream()
        .map(n -> n.getDomain().isEmpty() ? n.getOpType() : n.getDomain() + "." + n.getOpType())
        .collect(Collectors.toSet());
  }

  byte[] bytes() {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
            .setGraph(graph);
    if (operators().stream().anyMatch(name -> name.startsWith("com.microsoft."))) {
      model.addOpsetImport(
          OperatorSetIdProto.newBuilder().setDomain("com.microsoft").setVersion(1));
    }
    return model.build().toByteArray();
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
