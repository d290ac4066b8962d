package io.metamer.model;

import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights in files beside the model's. */
final class OnnxExternalDataTest {

  @TempDir private Path folder = Path.of("");
  private Path home = Path.of("");

  @BeforeEach
  void files() throws IOException {
    home = Files.createDirectories(folder.resolve("home"));
    ByteBuffer numbers = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 10; i++) {
      numbers.putFloat(i);
    }
    Files.write(home.resolve("weights.bin"), numbers.array());
    Files.write(folder.resolve("secret.bin"), numbers.array());
    Files.createSymbolicLink(home.resolve("link.bin"), folder.resolve("secret.bin"));
    Files.createSymbolicLink(home.resolve("inner.bin"), home.resolve("weights.bin"));
    Files.createDirectories(home.resolve("sub"));
  }

  /** A model of a vector of two whose numbers are elsewhere. */
  private static byte[] model(String location, String... offsetAndLength) {
    OnnxFile file = OnnxFile.ofImages(2, 4, 4);
    file.constant(outside("w", location, offsetAndLength));
    return file.node("Mul", "y", "x", "w").output("y").bytes();
  }

  private static TensorProto outside(String name, String location, String... offsetAndLength) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(1)
            .addDims(2)
            .addDims(1)
            .addDims(1)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", location));
    String[] keys = {"offset", "length"};
    for (int i = 0; i < offsetAndLength.length; i++) {
      tensor.addExternalData(entry(keys[i], offsetAndLength[i]));
    }
    return tensor.build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private Path write(byte[] model) throws IOException {
    return Files.write(home.resolve("net.onnx"), model);
  }

  private static double[] numbers(Path file) throws IOException {
    try (OnnxContents contents = OnnxContents.of(file)) {
      OnnxModel model = OnnxModel.read(contents, "net");
      return OnnxTensors.doubles(Objects.requireNonNull(model.initializers().get("w")));
    }
  }

  @Test
  void load_ofNumbersBesideTheModel_takesThoseAtTheOffset() throws IOException {
    assertArrayEquals(new double[] {3, 4}, numbers(write(model("weights.bin", "12", "8"))));
    assertArrayEquals(new double[] {8, 9}, numbers(write(model("weights.bin", "32"))));
    assertArrayEquals(new double[] {0, 1}, numbers(write(model("sub/../inner.bin", "0", "8"))));
  }

  @Test
  void load_ofAModelInTheWorkingFolder_findsItsFolder() throws IOException {
    Path file = write(model("weights.bin", "0", "8"));
    Path relative = Path.of("").toAbsolutePath().relativize(file);
    assertArrayEquals(new double[] {0, 1}, numbers(relative));
  }

  @Test
  void sha256_ofAModelWithOtherFiles_coversThem() throws IOException {
    byte[] model = model("weights.bin", "0", "8");
    Path file = write(model);
    byte[] weights = Files.readAllBytes(home.resolve("weights.bin"));
    byte[] all = ByteBuffer.allocate(model.length + weights.length).put(model).put(weights).array();
    String before = OnnxNetwork.load(file).sha256();
    assertEquals(Digests.sha256(all), before);
    weights[0]++;
    Files.write(home.resolve("weights.bin"), weights);
    assertNotEquals(before, OnnxNetwork.load(file).sha256());
  }

  @Test
  void read_ofAStream_saysToLoadTheFile() {
    byte[] model = model("weights.bin", "0", "8");
    assertRefused(
        IOException.class,
        () -> OnnxNetwork.read(new ByteArrayInputStream(model), "net"),
        "tensor w of net is kept in another file, weights.bin",
        "load(Path)");
  }

  private static Stream<Arguments> refusals() {
    return Stream.of(
        Arguments.of(model("/etc/passwd"), "supported are files in the model's folder"),
        Arguments.of(model(""), "supported are files in the model's folder"),
        Arguments.of(model("../secret.bin"), "outside of the model's folder"),
        Arguments.of(model("sub/../../secret.bin"), "outside of the model's folder"),
        Arguments.of(model("link.bin"), "a link out of the model's folder"),
        Arguments.of(model("sub"), "there is no such file"),
        Arguments.of(model("none.bin"), "there is no such file"),
        Arguments.of(model("a\0b"), "which is no file"),
        Arguments.of(model("weights.bin", "36"), "has shape [2, 1, 1] and 1.0 numbers"),
        Arguments.of(model("weights.bin", "0", "12"), "has shape [2, 1, 1] and 3.0 numbers"),
        Arguments.of(model("weights.bin", "36", "8"), "8 bytes from 36 on of weights.bin"),
        Arguments.of(model("weights.bin", "41"), "which has 40"),
        Arguments.of(model("weights.bin", "-8"), "has the offset \"-8\""),
        Arguments.of(model("weights.bin", "0", "many"), "has the length \"many\""));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("refusals")
  void load_ofNumbersThatAreNotBesideTheModel_namesTheTensor(byte[] model, String reason)
      throws IOException {
    Path file = write(model);
    assertRefused(IOException.class, () -> OnnxNetwork.load(file), "tensor w of", reason);
  }

  @Test
  void load_ofTheSameBytesOverAndOver_isRefused() throws IOException {
    OnnxFile model = OnnxFile.ofImages(2, 4, 4);
    for (int i = 0; i < 30; i++) {
      model.constant(outside("w" + i, "weights.bin", "0", "8"));
    }
    Path file = write(model.node("Mul", "y", "x", "w0").output("y").bytes());
    assertRefused(
        IOException.class, () -> OnnxNetwork.load(file), "more than 4 times the 40 bytes");
  }
}
