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
import onnx.Onnx.AttributeProto;
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
        refusal("transA = 1", f -> gemm(f).with("transA", 1)),
        refusal(
            "its bias has shape [3]",
            f ->
                vectors(f)
                    .constant("w", new long[] {192, 2}, new double[384])
                    .constant("b", new long[] {3}, 1, 2, 3)
                    .node("Gemm", "y", "v", "w", "b")),
        refusal(
            "its bias has shape [2, 1]",
            f ->
                vectors(f)
                    .constant("w", new long[] {192, 2}, new double[384])
                    .constant("b", new long[] {2, 1}, 1, 2)
                    .node("Gemm", "y", "v", "w", "b")),
        refusal(
            "supported are vectors times a constant matrix",
            f -> f.constant("w", new long[] {8, 1}, new double[8]).node("MatMul", "y", "x", "w")),
        refusal("its weights (v) is computed", f -> vectors(f).node("Conv", "y", "x", "v")),
        refusal("its weights is missing", f -> f.node("Conv", "y", "x")),
        refusal(
            "its weights have 3 axes",
            f -> f.constant("w", new long[] {1, 3, 1}, 1, 2, 3).node("Conv", "y", "x", "w")),
        refusal(
            "training_mode = 1",
            f -> f.node("BatchNormalization", "y", "x").with("training_mode", 1)),
        refusal(
            "one number, or one a channel",
            f -> f.constant("c", new long[] {8}, new double[8]).node("Add", "y", "x", "c")),
        refusal(
            "supported are activations only",
            f -> f.constant("c", new long[] {1}, 1).node("Sum", "y", "x", "c", "x")),
        refusal("its divisor (v) is computed", f -> vectors(f).node("Div", "y", "v", "v")),
        refusal(
            "with statistics as further outputs",
            f -> f.node("BatchNormalization", "y", "x").alsoOutput("mean")),
        refusal(
            "operator Dropout: training_mode = 1",
            f ->
                f.constant("r", new long[0], 0.5)
                    .constant(
                        TensorProto.newBuilder()
                            .setName("t")
                            .setDataType(9)
                            .addInt32Data(1)
                            .build())
                    .node("Dropout", "y", "x", "r", "t")),
        refusal(
            "with axes as an input",
            f ->
                f.integers("p", 1, 1, 0, 0, 1, 1, 0, 0)
                    .integers("a", 2, 3, 0, 1)
                    .node("Pad", "b", "x", "p", "", "a")
                    .node("AveragePool", "y", "b")
                    .with("kernel_shape", 2, 2)),
        refusal(
            "its zeros count only in part",
            f ->
                padded(f)
                    .node("AveragePool", "y", "a")
                    .with("kernel_shape", 2, 2)
                    .with(text("auto_pad", "SAME_UPPER"))),
        refusal(
            "ceil_mode = 1 on a padded input",
            f ->
                padded(f)
                    .node("AveragePool", "y", "a")
                    .with("kernel_shape", 2, 2)
                    .with("ceil_mode", 1)),
        refusal(
            "of the batch; supported are the other axes",
            f ->
                f.node("GlobalMaxPool", "a", "x")
                    .integers("s", 0, 2)
                    .node("Squeeze", "y", "a", "s")),
        refusal("along axis 0", f -> f.node("Softmax", "y", "x").with("axis", 0)),
        refusal(
            "dilations [2, 2]",
            f -> f.node("MaxPool", "y", "x").with("kernel_shape", 2, 2).with("dilations", 2, 2)),
        refusal(
            "supported are the rows and columns of maps",
            f -> f.node("ReduceMean", "y", "x").with("axes", 1, 2)),
        refusal(
            "supported are zeros around",
            f ->
                f.integers("p", 0, 0, 1, 1, 0, 0, 1, 1)
                    .node("Pad", "a", "x", "p")
                    .with(text("mode", "reflect"))
                    .node("Relu", "y", "a")),
        refusal(
            "supported are zeros before a convolution",
            f ->
                f.integers("p", 0, 0, 1, 1, 0, 0, 1, 1)
                    .node("Pad", "a", "x", "p")
                    .node("Relu", "y", "a")),
        refusal("along the batch", f -> f.node("Concat", "y", "x", "x").with("axis", 0)),
        refusal("axis 2; supported is 1", f -> f.node("Flatten", "y", "x").with("axis", 2)),
        refusal(
            "shapes that keep the batch as first axis",
            f -> f.integers("s", 3, 64).node("Reshape", "y", "x", "s")),
        refusal(
            "shapes of as many elements",
            f -> f.integers("s", 1, 7).node("Reshape", "y", "x", "s")),
        refusal("without axes", f -> f.node("Squeeze", "y", "x")),
        refusal("before the batch", f -> f.integers("a", 0).node("Unsqueeze", "y", "x", "a")),
        refusal(
            "supported is moving axes of length 1",
            f -> f.node("Transpose", "y", "x").with("perm", 0, 2, 3, 1)),
        refusal(
            "supported on constants only", f -> f.integers("i", 0).node("Gather", "y", "x", "i")),
        refusal(
            "supported are the attributes value",
            f -> f.node("Constant", "c").node("Add", "y", "x", "c")),
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
        UnsupportedModelException.class, () -> network.layers(IMAGES), reason, "network small: ");
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
    assertRefused(IllegalStateException.class, network::layers, "any size");
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

  private static OnnxFile padded(OnnxFile file) {
    return file.integers("p", 0, 0, 1, 1, 0, 0, 1, 1).node("Pad", "a", "x", "p");
  }

  private static OnnxFile vectors(OnnxFile file) {
    return file.node("Flatten", "v", "x");
  }

  private static OnnxFile gemm(OnnxFile file) {
    return vectors(file)
        .constant("w", new long[] {192, 2}, new double[384])
        .node("Gemm", "y", "v", "w");
  }

  private static AttributeProto.Builder text(String name, String value) {
    return AttributeProto.newBuilder().setName(name).setS(ByteString.copyFromUtf8(value));
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
