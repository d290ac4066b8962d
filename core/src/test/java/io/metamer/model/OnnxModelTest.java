package io.metamer.model;

import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.SparseTensorProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto.Dimension;
import onnx.Onnx.ValueInfoProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.UnknownFieldSet;

/** What a file may hold, and what is damage. */
final class OnnxModelTest {

  private static OnnxModel read(byte[] bytes) throws IOException {
    try (OnnxContents contents = OnnxContents.of(bytes, "small.onnx")) {
      return OnnxModel.read(contents, "small");
    }
  }

  private static OnnxModel read(OnnxFile file, Consumer<ModelProto.Builder> change)
      throws IOException {
    ModelProto.Builder model = ModelProto.parseFrom(file.bytes()).toBuilder();
    change.accept(model);
    return read(model.build().toByteArray());
  }

  private static OnnxFile relu() {
    return OnnxFile.ofImages(3, 8, 8).node("Relu", "y", "x").output("y");
  }

  private static Dimension.Builder dimension(ModelProto.Builder model, int axis) {
    return model
        .getGraphBuilder()
        .getInputBuilder(0)
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .getShapeBuilder()
        .getDimBuilder(axis);
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 13, 21, 25})
  void read_ofOperatorsFromVersion7On_isAccepted(long version) throws IOException {
    OnnxModel model = read(relu(), m -> m.getOpsetImportBuilder(0).setVersion(version));
    assertEquals(version, model.nodes().get(0).opset());
  }

  @ParameterizedTest
  @ValueSource(longs = {6, -1, 1L << 40})
  void read_ofOperatorsOfOtherVersions_namesThem(long version) {
    assertRefused(
        UnsupportedModelException.class,
        () -> read(relu(), m -> m.getOpsetImportBuilder(0).setVersion(version)),
        "version " + version,
        "supported are 7 and later");
  }

  @Test
  void read_ofSeveralSetsOfOperators_takesTheVersionOfOnnxsOwn() throws IOException {
    OnnxModel model =
        read(
            relu(),
            m ->
                m.addOpsetImport(
                        0, OperatorSetIdProto.newBuilder().setDomain("com.microsoft").setVersion(1))
                    .addOpsetImport(
                        0, OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(3)));
    assertEquals(13, model.nodes().get(0).opset());
  }

  @Test
  void read_ofAnInitializerThatIsAlsoAnInput_isAConstant() throws IOException {
    OnnxModel model =
        read(
            OnnxFile.ofImages(3, 8, 8)
                .constant("c", new long[] {1}, 2)
                .node("Mul", "y", "x", "c")
                .output("y"),
            m -> m.getGraphBuilder().addInput(0, ValueInfoProto.newBuilder().setName("c").build()));
    assertEquals("x", model.inputName());
    assertEquals(Set.of("c"), model.initializers().keySet());
  }

  @Test
  void read_ofConstantNodes_makesConstantsOfThem() throws IOException {
    TensorProto value =
        TensorProto.newBuilder().setDataType(1).addDims(1).addFloatData(2.5f).build();
    OnnxModel model =
        read(
            OnnxFile.ofImages(3, 8, 8)
                .node("Constant", "c")
                .with(
                    AttributeProto.newBuilder()
                        .setName("value")
                        .setType(AttributeProto.AttributeType.TENSOR)
                        .setT(value))
                .node("Constant", "d")
                .with("value_int", 3)
                .node("Cast", "e", "d")
                .with("to", 1)
                .node("Add", "f", "c", "e")
                .node("Mul", "y", "x", "f")
                .output("y")
                .bytes());
    assertEquals(List.of("Mul"), model.nodes().stream().map(OnnxNode::operator).toList());
    assertEquals(Set.of("f"), model.initializers().keySet());
    assertArrayEquals(
        new double[] {5.5},
        OnnxTensors.doubles(Objects.requireNonNull(model.initializers().get("f"))));
  }

  @Test
  void read_ofConstantsThatCannotBeComputed_leavesThemToWhoAsksForThem() throws IOException {
    OnnxModel model =
        read(
            OnnxFile.ofImages(3, 8, 8)
                .node("RandomNormal", "c")
                .node("Constant", "d")
                .with(
                    AttributeProto.newBuilder()
                        .setName("value")
                        .setT(TensorProto.newBuilder().setDataType(8)))
                .node("Relu", "y", "x")
                .output("y")
                .bytes());
    assertEquals(
        List.of("RandomNormal", "Constant", "Relu"),
        model.nodes().stream().map(OnnxNode::operator).toList());
  }

  @Test
  void read_ofSparseWeights_isRefused() {
    assertRefused(
        UnsupportedModelException.class,
        () ->
            read(
                relu(),
                m ->
                    m.getGraphBuilder()
                        .addSparseInitializer(SparseTensorProto.getDefaultInstance())),
        "sparse weights");
  }

  @Test
  void read_ofAFreeSize_keepsWhatIsStated() throws IOException {
    OnnxModel model =
        read(
            relu(),
            m -> {
              dimension(m, 0).setDimValue(0);
              dimension(m, 2).clearValue();
              dimension(m, 3).setDimValue(-1);
            });
    assertEquals(-1, model.batch());
    assertArrayEquals(new long[] {3, -1, -1}, model.input());
  }

  @Test
  void read_ofImagesWithoutAShape_leavesAllFree() throws IOException {
    OnnxModel model =
        read(
            relu(),
            m ->
                m.getGraphBuilder()
                    .getInputBuilder(0)
                    .getTypeBuilder()
                    .getTensorTypeBuilder()
                    .clearShape());
    assertArrayEquals(new long[] {-1, -1, -1}, model.input());
  }

  @Test
  void read_ofChannelsLast_namesTheSizesInOurOrder() throws IOException {
    OnnxModel model = read(OnnxFile.ofImages(8, 6, 3).node("Relu", "y", "x").output("y").bytes());
    assertTrue(model.channelsLast());
    assertArrayEquals(new long[] {3, 8, 6}, model.input());
    assertFalse(read(relu().bytes()).channelsLast());
    assertFalse(
        read(OnnxFile.ofImages(3, 8, 3).node("Relu", "y", "x").output("y").bytes()).channelsLast());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 10, 11, 16})
  void read_ofImagesOfAnyFloats_isAccepted(int type) throws IOException {
    assertEquals("x", read(relu(), m -> type(m, type)).inputName());
  }

  @Test
  void read_ofImagesOfWholeNumbers_isRefused() {
    assertRefused(
        UnsupportedModelException.class, () -> read(relu(), m -> type(m, 2)), "of type UINT8");
  }

  private static void type(ModelProto.Builder model, int type) {
    model
        .getGraphBuilder()
        .getInputBuilder(0)
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .setElemType(type);
  }

  private static Stream<Arguments> damages() {
    return Stream.of(
        damage(
            "node the a, operator Relu: it reads b, which no node before it writes",
            m ->
                m.getGraphBuilder()
                    .addNode(0, node("Relu", "a", "b"))
                    .addNode(1, node("Relu", "b", "a"))),
        damage(
            "it reads q, which no node", m -> m.getGraphBuilder().addNode(node("Relu", "z", "q"))),
        damage(
            "node the x, operator Relu: it writes x, which is there already",
            m -> m.getGraphBuilder().addNode(node("Relu", "x", "y"))),
        damage(
            "node the y, operator Relu: it writes y",
            m -> m.getGraphBuilder().addNode(node("Relu", "y", "x"))),
        damage(
            "node \"idle\", operator Relu: it writes no tensor",
            m ->
                m.getGraphBuilder()
                    .addNode(NodeProto.newBuilder().setOpType("Relu").setName("idle"))),
        damage("it writes no tensor", m -> m.getGraphBuilder().addNode(node("Relu", "", "x"))),
        damage(
            "the output q of small.onnx is written by no node",
            m -> m.getGraphBuilder().getOutputBuilder(0).setName("q")),
        damage("tensor c of small.onnx has no name, or that of another", m -> two(m, "c")),
        damage("tensor  of small.onnx has no name", m -> two(m, "")),
        damage("shape [-1]", m -> weights(m, 1, -1)),
        damage("tensor w of small.onnx has shape [1099511627776]", m -> weights(m, 1, 1L << 40)),
        damage("has shape [1099511627776, 1099511627776]", m -> weights(m, 1, 1L << 40, 1L << 40)),
        damage("has shape [2] and 1.0 numbers", m -> weights(m, 1, 2)),
        damage("has shape [] and 0.5 numbers", m -> weights(m, 11)),
        damage("has 33 axes", m -> weights(m, 1, new long[33])),
        damage("holds no outputs", m -> m.getGraphBuilder().clearOutput()),
        damage("holds no nodes", m -> m.getGraphBuilder().clearNode()),
        damage("or operator set", ModelProto.Builder::clearOpsetImport));
  }

  private static Arguments damage(String reason, Consumer<ModelProto.Builder> change) {
    return Arguments.of(reason, change);
  }

  private static NodeProto node(String operator, String output, String input) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName("the " + output)
        .addInput(input)
        .addOutput(output)
        .build();
  }

  private static void two(ModelProto.Builder model, String name) {
    TensorProto c = TensorProto.newBuilder().setName(name).setDataType(1).addFloatData(1).build();
    model.getGraphBuilder().addInitializer(c).addInitializer(c);
  }

  private static void weights(ModelProto.Builder model, int type, long... shape) {
    TensorProto.Builder w =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(type)
            .setRawData(ByteString.copyFrom(new byte[4]));
    for (long d : shape) {
      w.addDims(d);
    }
    model.getGraphBuilder().addInitializer(w);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("damages")
  void read_ofADamagedFile_saysWhere(String reason, Consumer<ModelProto.Builder> change) {
    assertRefused(IOException.class, () -> read(relu(), change), reason);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 14, 17, 99})
  void read_ofWeightsOfATypeThatHasNoArrays_isRefused(int type) {
    assertRefused(
        UnsupportedModelException.class,
        () -> read(relu(), m -> weights(m, type, 1)),
        "tensor w of small.onnx has type",
        "float16, bfloat16");
  }

  @Test
  void read_ofGraphsInGraphs_isRefusedBeforeTheStackIsFull() {
    GraphProto graph = GraphProto.getDefaultInstance();
    for (int i = 0; i < 200; i++) {
      graph =
          GraphProto.newBuilder()
              .addNode(
                  NodeProto.newBuilder()
                      .addAttribute(AttributeProto.newBuilder().setName("body").setG(graph)))
              .build();
    }
    ModelProto model = ModelProto.newBuilder().setGraph(graph).build();
    assertRefused(IOException.class, () -> read(model.toByteArray()), "is not an ONNX model");
  }

  @Test
  void read_ofGroupsInGroups_isRefusedBeforeTheStackIsFull() {
    byte[] groups = new byte[1 << 20];
    Arrays.fill(groups, (byte) (15 << 3 | 3));
    assertRefused(IOException.class, () -> read(groups), "is not an ONNX model");
    ModelProto inside =
        ModelProto.newBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        ModelProto.OPSET_IMPORT_FIELD_NUMBER,
                        UnknownFieldSet.Field.newBuilder()
                            .addLengthDelimited(ByteString.copyFrom(groups))
                            .build())
                    .build())
            .build();
    assertRefused(IOException.class, () -> read(inside.toByteArray()), "is not an ONNX model");
  }

  @Test
  void read_ofAMarkThatOnlyTheReaderMakes_ignoresIt() throws IOException {
    UnknownFieldSet mark =
        UnknownFieldSet.newBuilder()
            .addField(100_000, UnknownFieldSet.Field.newBuilder().addVarint(7).build())
            .build();
    OnnxModel model =
        read(
            OnnxFile.ofImages(3, 8, 8)
                .constant("c", new long[] {1}, 2)
                .node("Mul", "y", "x", "c")
                .output("y"),
            m -> m.getGraphBuilder().getInitializerBuilder(0).setUnknownFields(mark));
    assertEquals(1, model.length());
  }

  @Test
  void read_ofNumbersInPieces_saysThatTheFileIsDamaged() throws IOException {
    TensorProto half =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(1)
            .setRawData(ByteString.copyFrom(new byte[8192]))
            .build();
    ByteString twice = half.toByteString().concat(half.toByteString());
    UnknownFieldSet initializer =
        UnknownFieldSet.newBuilder()
            .addField(
                GraphProto.INITIALIZER_FIELD_NUMBER,
                UnknownFieldSet.Field.newBuilder().addLengthDelimited(twice).build())
            .build();
    assertRefused(
        IOException.class,
        () -> read(relu(), m -> m.getGraphBuilder().setUnknownFields(initializer)),
        "holds its numbers in pieces");
  }
}
