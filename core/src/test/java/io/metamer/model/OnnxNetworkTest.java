package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.protobuf.ByteString;

final class OnnxNetworkTest {

  private static final ImageSpec IMAGES = ImageSpec.rgb(8);

  @TempDir private static Path folder = Path.of("");

  @Test
  void load_ofAFile_namesItAndHashesItsBytes() throws IOException {
    Path file = Files.write(folder.resolve("net.v2.onnx"), OnnxFile.classifier().bytes());
    Network network = OnnxNetwork.load(file);
    assertEquals("net.v2", network.name());
    assertEquals(Digests.sha256(Files.readAllBytes(file)), network.sha256());
    assertArrayEquals(new long[] {1, 4, 4}, network.input().orElseThrow());
  }

  @Test
  void load_ofAMissingFile_throws() {
    assertThrows(NoSuchFileException.class, () -> OnnxNetwork.load(folder.resolve("no.onnx")));
  }

  @Test
  void load_ofAFileCutAnywhere_isAnIoExceptionThatNamesIt() throws IOException {
    byte[] whole = OnnxFile.classifier().bytes();
    for (int length = 0; length < whole.length; length++) {
      Path file = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, length));
      assertRefused(IOException.class, () -> OnnxNetwork.load(file), "cut.onnx");
    }
  }

  @Test
  void load_ofSomethingElse_saysThatItIsNoOnnxModel() throws IOException {
    Path file = Files.writeString(folder.resolve("notes.onnx"), "not a network at all");
    assertRefused(
        IOException.class, () -> OnnxNetwork.load(file), "notes.onnx is not an ONNX model");
  }

  @Test
  void load_ofWeightsOfTheWrongLength_saysThatTheFileIsDamaged() {
    OnnxFile file =
        OnnxFile.ofImages(1, 4, 4)
            .constant("w", new long[] {2, 1, 1, 1}, 1)
            .node("Conv", "y", "x", "w")
            .output("y");
    assertRefused(IOException.class, file::read, "tensor w of small has shape [2, 1, 1, 1]");
  }

  @Test
  void at_ofAnUnknownOperator_namesNodeAndOperator() throws IOException {
    Network network = OnnxFile.ofImages(3, 8, 8).node("LSTM", "y", "x").output("y").read();
    assertRefused(
        UnsupportedModelException.class,
        () -> network.at("y", IMAGES, Preprocessing.none()),
        "network small: node the y, operator LSTM");
  }

  @Test
  void load_ofTwoInputs_namesThem() {
    OnnxFile file = OnnxFile.ofImages(3, 8, 8).input("z", 3).node("Relu", "y", "x").output("y");
    assertRefused(UnsupportedModelException.class, file::read, "inputs [x, z]", "supported is one");
  }

  @Test
  void load_ofOperatorsOlderThanTheTable_namesTheVersions() {
    OnnxFile file = OnnxFile.ofImages(3, 8, 8).node("Dropout", "y", "x").output("y").opset(6);
    assertRefused(
        UnsupportedModelException.class, file::read, "version 6", "supported are 7 and later");
  }

  @Test
  void constants_gathered_keepTheirFractions() throws IOException {
    Network network =
        OnnxFile.ofImages(3, 8, 8)
            .constant("std", new long[] {3}, 0.25, 0.5, 0.75)
            .integers("one", 1)
            .node("Gather", "c", "std", "one")
            .node("Mul", "y", "x", "c")
            .output("y")
            .read();
    assertValues(network, 0.5);
  }

  @Test
  void constants_ofWholeNumbersDivided_areCutTowardsZero() throws IOException {
    Network network =
        OnnxFile.ofImages(3, 8, 8)
            .integers("a", -7)
            .integers("b", 2)
            .node("Div", "d", "a", "b")
            .node("Cast", "c", "d")
            .with("to", 1)
            .node("Mul", "y", "x", "c")
            .output("y")
            .read();
    assertValues(network, -3);
  }

  @Test
  void shapeOfAConstant_fromAStart_isThatPart() throws IOException {
    Network network =
        OnnxFile.ofImages(3, 8, 8)
            .opset(15)
            .constant("c", new long[] {2, 3, 4}, new double[24])
            .node("Shape", "s", "c")
            .with("start", 2)
            .node("Cast", "f", "s")
            .with("to", 1)
            .node("Mul", "y", "x", "f")
            .output("y")
            .read();
    assertValues(network, 4);
  }

  @Test
  void nodesWithoutANameOfTheirOwn_giveNoAlias() throws IOException {
    Network network =
        OnnxFile.ofImages(3, 8, 8).node("Relu", "y", "x").unnamed().output("y").read();
    assertRefused(
        IllegalArgumentException.class,
        () -> network.at("", IMAGES, Preprocessing.none()),
        "no layer \"\"");
  }

  @Test
  void load_ofVectorsAsInput_isRefused() {
    OnnxFile file = OnnxFile.ofImages(784).node("Relu", "y", "x").output("y");
    assertRefused(UnsupportedModelException.class, file::read, "input x of 2 axes", "[N, C, H, W]");
  }

  @Test
  void tensors_ofEachType_areReadFromRawAndTypedNumbers() throws IOException {
    TensorProto.Builder doubles = TensorProto.newBuilder().setDataType(11).addDims(2);
    TensorProto.Builder ints = TensorProto.newBuilder().setDataType(6).addDims(2);
    TensorProto.Builder longs = TensorProto.newBuilder().setDataType(7).addDims(2);
    TensorProto.Builder bools = TensorProto.newBuilder().setDataType(9).addDims(2);
    assertNumbers(doubles.clone().addDoubleData(1).addDoubleData(-2), 1, -2);
    assertNumbers(ints.clone().addInt32Data(1).addInt32Data(-2), 1, -2);
    assertNumbers(longs.clone().addInt64Data(1).addInt64Data(-2), 1, -2);
    assertNumbers(bools.clone().addInt32Data(1).addInt32Data(0), 1, 0);
    assertNumbers(ints.setRawData(raw(1, 0, 0, 0, 254, 255, 255, 255)), 1, -2);
    assertNumbers(longs.setRawData(raw(1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0)), 1, 258);
    assertNumbers(
        doubles.setRawData(raw(0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0)), 1, -2);
    assertNumbers(bools.setRawData(raw(1, 0)), 1, 0);
    TensorProto.Builder none = TensorProto.newBuilder().setDataType(1).addDims(0);
    assertTrue(OnnxTensors.array(none.build(), "a test").isEmpty());
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        refusal("its weights (v) is computed", f -> vectors(f).node("Conv", "y", "x", "v")),
        refusal("its weights is missing", f -> f.node("Conv", "y", "x")),
        refusal(
            "its weights have 5 axes",
            f -> f.random("w", 1, 3, 1, 1, 1).node("Conv", "y", "x", "w")),
        refusal(
            "of [N, 3, 8, 8]; supported are sequences [N, C, T]",
            f -> f.random("w", 1, 3, 1).node("Conv", "y", "x", "w")),
        refusal(
            "expected an input of [4, H, W], got [3, 8, 8]",
            f -> f.random("w", 1, 4, 1, 1).node("Conv", "y", "x", "w")),
        refusal(
            "exponents of shape [2, 1, 1, 1, 1] for",
            f -> f.constant("e", new long[] {2, 1, 1, 1, 1}, 2, 2).node("Pow", "y", "x", "e")),
        refusal(
            "auto_pad = NONE",
            f -> f.random("w", 1, 3, 1, 1).node("Conv", "y", "x", "w").text("auto_pad", "NONE")),
        refusal(
            "of [N, 192]; supported are maps [N, C, H, W]",
            f -> vectors(f).node("MaxPool", "y", "v").with("kernel_shape", 2, 2)),
        refusal(
            "supported are undilated means",
            f ->
                f.node("AveragePool", "y", "x").with("kernel_shape", 2, 2).with("dilations", 2, 2)),
        refusal(
            "with activation Swish",
            f ->
                f.random("w", 1, 3, 1, 1)
                    .node("FusedConv", "y", "x", "w")
                    .domain("com.microsoft")
                    .text("activation", "Swish")),
        refusal(
            "along axis -2 of [N, 192], which holds the batch",
            f -> vectors(f).random("w", 2, 2).node("MatMul", "y", "w", "v")),
        refusal(
            "with the batch at the same place",
            f ->
                vectors(f)
                    .node("Transpose", "t", "v")
                    .random("w", 1, 3)
                    .node("MatMul", "u", "w", "x")
                    .node("Add", "y", "t", "x")),
        refusal(
            "training_mode = 1",
            f -> f.node("BatchNormalization", "y", "x").with("training_mode", 1)),
        refusal(
            "with statistics as further outputs",
            f -> f.node("BatchNormalization", "y", "x").alsoOutput("mean")),
        refusal(
            "operator Dropout: training_mode = 1",
            f ->
                f.constant("r", new long[0], 0.5)
                    .random("t", 0.5, 1, 1)
                    .booleans("true", "t")
                    .node("Dropout", "y", "x", "r", "true")),
        refusal("along axis 0", f -> f.node("Softmax", "y", "x").with("axis", 0)),
        refusal("along axis 0", f -> f.node("Concat", "y", "x", "x").with("axis", 0)),
        refusal("along axis 0", f -> f.node("ReduceMean", "y", "x")),
        refusal("along axis 0", f -> f.integers("i", 0).node("Gather", "y", "x", "i")),
        refusal(
            "supported are shapes that keep images apart",
            f -> f.integers("s", 3, 128).node("Reshape", "y", "x", "s")),
        refusal(
            "supported are shapes of as many elements",
            f -> f.integers("s", 1, 7).node("Reshape", "y", "x", "s")),
        refusal(
            "of axis 1 of [N, 3, 8, 8], which is not of size 1",
            f -> f.integers("s", 1).node("Squeeze", "y", "x", "s")),
        refusal(
            "its exponents differ",
            f -> f.constant("e", new long[] {2}, 2, 3).node("Pow", "y", "x", "e")),
        refusal(
            "antialias = 1",
            f ->
                f.opset(18)
                    .constant("c", new long[] {4}, 1, 1, 0.5, 0.5)
                    .node("Resize", "y", "x", "", "c")
                    .with("antialias", 1)),
        refusal(
            "mode mirror; supported are constant, reflect, edge and wrap",
            f ->
                f.integers("p", 0, 0, 1, 1, 0, 0, 1, 1)
                    .node("Pad", "y", "x", "p")
                    .text("mode", "mirror")),
        refusal("equation ii->i", f -> f.node("Einsum", "y", "x").text("equation", "ii->i")),
        refusal("to type 7", f -> f.node("Cast", "y", "x").with("to", 7)),
        refusal(
            "it is not supported; OnnxNetwork.supported() lists",
            f -> f.node("NonMaxSuppression", "y", "x")),
        refusal(
            "operator org.example.Relu: it is not supported; OnnxNetwork.supported() lists",
            f -> f.node("Relu", "y", "x").domain("org.example")),
        refusal(
            "its output mask is not computed",
            f -> f.node("Dropout", "d", "x").alsoOutput("mask").node("Relu", "y", "mask")),
        refusal(
            "does not depend on its input",
            f -> f.constant("y", new long[] {1}, 1).node("Relu", "a", "x")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void layers_ofWhatTheTableCannotTranslate_saysWhy(String reason, UnaryOperator<OnnxFile> change)
      throws IOException {
    Network network = change.apply(OnnxFile.ofImages(3, 8, 8)).output("y").read();
    assertRefused(
        UnsupportedModelException.class,
        () -> network.at("y", IMAGES, Preprocessing.none()),
        reason,
        "network small: ");
  }

  @Test
  void layers_ofAFreeSize_dependOnTheImages() throws IOException {
    Network network =
        OnnxFile.ofImages(3, -1, -1)
            .node("MaxPool", "pool", "x")
            .with("kernel_shape", 2, 2)
            .with("strides", 2, 2)
            .output("pool")
            .read();
    assertTrue(network.input().isEmpty());
    assertArrayEquals(new long[] {3, 4, 4}, network.layers(IMAGES).get(0).shape());
    assertArrayEquals(new long[] {3, 8, 8}, network.layers(ImageSpec.rgb(16)).get(0).shape());
    assertRefused(IllegalStateException.class, network::layers, "states no size");
  }

  @Test
  void output_calledLogits_isTheNetworksEvenIfItIsNotTheFirst() throws IOException {
    Network network =
        OnnxFile.ofImages(3, 8, 8)
            .node("Relu", "early", "x")
            .node("Flatten", "v", "early")
            .constant("w", new long[] {192, 2}, new double[384])
            .node("MatMul", "logits", "v", "w")
            .output("early")
            .output("logits")
            .read();
    try (RepresentationModel model = network.at("penultimate", IMAGES, Preprocessing.none())) {
      assertEquals("v", model.id().layer());
    }
  }

  @Test
  void fixedBatch_inAReshape_standsForAnyBatch() throws IOException {
    OnnxFile file = OnnxFile.ofImages(3, 8, 8).integers("s", 1, 192).node("Reshape", "y", "x", "s");
    List<Layer> layers = file.output("y").read().layers();
    assertArrayEquals(new long[] {192}, layers.get(0).shape());
    assertFalse(layers.get(0).toString().isEmpty());
  }

  @Test
  void at_aLayerBeforeWhatIsRefused_works() throws IOException {
    Network network =
        OnnxFile.ofImages(3, 8, 8)
            .node("Tanh", "before", "x")
            .node("LSTM", "middle", "before")
            .node("Relu", "after", "middle")
            .output("after")
            .read();
    assertEquals(List.of("before"), network.layers(IMAGES).stream().map(Layer::name).toList());
    try (RepresentationModel model = network.at("before", IMAGES, Preprocessing.none())) {
      assertEquals("before", model.id().layer());
    }
    for (String layer : List.of("middle", "the middle", "after", "logits")) {
      assertRefused(
          UnsupportedModelException.class,
          () -> network.at(layer, IMAGES, Preprocessing.none()),
          "node the middle, operator LSTM");
    }
  }

  private static Arguments refusal(String reason, UnaryOperator<OnnxFile> change) {
    return Arguments.of(reason, change);
  }

  /** The layer y of images that are 1 everywhere. */
  private static void assertValues(Network network, double expected) {
    try (Taps taps = network.taps(List.of("y"), IMAGES, Preprocessing.none())) {
      INDArray x = Nd4j.ones(DataType.DOUBLE, 1, 3, 8, 8);
      assertClose(x.mul(expected), taps.forward(x).get(0), 1e-12, 0);
    }
  }

  private static OnnxFile vectors(OnnxFile file) {
    return file.node("Flatten", "v", "x");
  }

  private static void assertNumbers(TensorProto.Builder tensor, double... expected)
      throws IOException {
    INDArray array = OnnxTensors.array(tensor.build(), "a test");
    assertArrayEquals(expected, OnnxTensors.doubles(array), tensor.toString());
  }

  private static ByteString raw(int... bytes) {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    return ByteString.copyFrom(raw);
  }
}
