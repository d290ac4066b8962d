package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import io.metamer.image.ImageSpec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.FunctionProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.UnknownFieldSet;

/** Functions that a file defines. */
final class OnnxInliningTest {

  private static NodeProto.Builder node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName(operator)
        .addOutput(output)
        .addAllInput(List.of(inputs));
  }

  private static AttributeProto.Builder number(String name, double value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setF((float) value)
        .setType(AttributeProto.AttributeType.FLOAT);
  }

  /** {@code leaky(a) * b}, with the slope as attribute. */
  private static FunctionProto gate(AttributeProto... defaults) {
    AttributeProto.Builder slope =
        AttributeProto.newBuilder()
            .setName("alpha")
            .setRefAttrName("slope")
            .setType(AttributeProto.AttributeType.FLOAT);
    UnknownFieldSet.Field.Builder field = UnknownFieldSet.Field.newBuilder();
    for (AttributeProto each : defaults) {
      field.addLengthDelimited(each.toByteString());
    }
    FunctionProto.Builder function = function("gate");
    if (defaults.length == 0) {
      function.addAttribute("slope");
    } else {
      function.setUnknownFields(UnknownFieldSet.newBuilder().addField(11, field.build()).build());
    }
    return function
        .addNode(node("LeakyRelu", "t", "a").addAttribute(slope))
        .addNode(node("Mul", "y", "t", "b"))
        .build();
  }

  private static FunctionProto.Builder function(String name) {
    return FunctionProto.newBuilder()
        .setName(name)
        .setDomain("my.ops")
        .addInput("a")
        .addInput("b")
        .addOutput("y")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(14))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("my.ops").setVersion(1));
  }

  private static byte[] model(OnnxFile file, FunctionProto... functions) throws IOException {
    return ModelProto.parseFrom(file.bytes()).toBuilder()
        .setIrVersion(10)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("my.ops").setVersion(1))
        .addAllFunctions(List.of(functions))
        .build()
        .toByteArray();
  }

  private static void assertAsOnnxRuntime(byte[] model) throws Exception {
    float[] x = {-2, -1, 0, 1, 2, 3, 4, -5};
    ImageSpec images = new ImageSpec(2, 2, 2, -9, 9);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(model);
        OnnxTensor input =
            OnnxTensor.createTensor(environment, FloatBuffer.wrap(x), new long[] {1, 2, 2, 2});
        OrtSession.Result results = session.run(Map.of("x", input));
        RepresentationModel ours =
            OnnxNetwork.read(new ByteArrayInputStream(model), "small")
                .at("out", images, Preprocessing.none())) {
      float[] expected = ((OnnxTensor) results.get(0)).getFloatBuffer().array();
      INDArray y = ours.represent(Nd4j.createFromArray(x).reshape(1, 2, 2, 2));
      assertClose(Nd4j.createFromArray(expected).reshape(1, 8), y, 1e-6, 1e-6);
    }
  }

  @Test
  void call_ofAFunctionTwice_isAsInOnnxRuntime() throws Exception {
    assertAsOnnxRuntime(
        model(
            OnnxFile.ofImages(2, 2, 2)
                .node("gate", "first", "x", "x")
                .domain("my.ops")
                .with(number("slope", 0.5))
                .node("gate", "out", "first", "x")
                .domain("my.ops")
                .with(number("slope", -0.25))
                .output("out"),
            gate()));
  }

  @Test
  void call_ofAFunctionThatCallsOne_isAsInOnnxRuntime() throws Exception {
    FunctionProto outer =
        function("outer")
            .addNode(
                node("gate", "g", "a", "b").setDomain("my.ops").addAttribute(number("slope", 0.5)))
            .addNode(node("Add", "y", "g", "a"))
            .build();
    assertAsOnnxRuntime(
        model(
            OnnxFile.ofImages(2, 2, 2)
                .node("outer", "out", "x", "x")
                .domain("my.ops")
                .output("out"),
            outer,
            gate()));
  }

  @Test
  void call_withoutAnAttribute_takesTheDefault() throws Exception {
    assertAsOnnxRuntime(
        model(
            OnnxFile.ofImages(2, 2, 2).node("gate", "out", "x", "x").domain("my.ops").output("out"),
            gate(number("slope", 0.125).build())));
  }

  @Test
  void nodes_ofAFunction_haveItsVersionOfTheOperators() throws IOException {
    ModelProto model =
        ModelProto.parseFrom(
            model(
                OnnxFile.ofImages(2, 2, 2)
                    .node("gate", "out", "x", "x")
                    .domain("my.ops")
                    .output("out"),
                gate()));
    List<OnnxNode> nodes = OnnxInlining.nodes(model, "small", 13);
    assertEquals(List.of("out/t", "out"), nodes.stream().map(OnnxNode::output).toList());
    assertEquals(14, nodes.get(0).opset());
  }

  @Test
  void functions_thatCallThemselves_areRefused() throws IOException {
    FunctionProto endless =
        function("endless").addNode(node("endless", "y", "a", "b").setDomain("my.ops")).build();
    assertEndless(endless);
  }

  @Test
  void functions_thatDoubleAndDouble_areRefused() throws IOException {
    FunctionProto[] functions = new FunctionProto[31];
    for (int i = 0; i < functions.length; i++) {
      FunctionProto.Builder function = function(i == 0 ? "endless" : "f" + i);
      String next = i == functions.length - 1 ? "Add" : "f" + (i + 1);
      String domain = next.equals("Add") ? "" : "my.ops";
      functions[i] =
          function
              .addNode(node(next, "t", "a", "b").setDomain(domain))
              .addNode(node(next, "y", "t", "b").setDomain(domain))
              .build();
    }
    assertEndless(functions);
  }

  private static void assertEndless(FunctionProto... functions) throws IOException {
    byte[] model =
        model(
            OnnxFile.ofImages(2, 2, 2)
                .node("endless", "out", "x", "x")
                .domain("my.ops")
                .output("out"),
            functions);
    assertRefused(
        UnsupportedModelException.class,
        () -> OnnxNetwork.read(new ByteArrayInputStream(model), "small"),
        "network small: node ",
        "call one another without end");
  }

  @Test
  void function_withADamagedDefault_namesIt() throws IOException {
    FunctionProto damaged =
        gate().toBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        11,
                        UnknownFieldSet.Field.newBuilder()
                            .addLengthDelimited(ByteString.copyFrom(new byte[] {10, 99}))
                            .build())
                    .build())
            .build();
    byte[] model =
        model(
            OnnxFile.ofImages(2, 2, 2).node("gate", "out", "x", "x").domain("my.ops").output("out"),
            damaged);
    assertRefused(
        IOException.class,
        () -> OnnxNetwork.read(new ByteArrayInputStream(model), "small"),
        "function gate has damaged defaults");
  }
}
