package io.metamer.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.UnknownFieldSet;
import org.nd4j.shade.protobuf.UnsafeByteOperations;

/** Time and memory of loading a large file, in a Java of its own that has loaded nothing yet. */
@EnabledOnOs(OS.LINUX)
final class OnnxLoadingTest {

  private static final int LAYERS = 11;
  private static final int CHANNELS = 512;

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(ints = {TensorProto.RAW_DATA_FIELD_NUMBER, TensorProto.FLOAT_DATA_FIELD_NUMBER})
  void load_of100Megabytes_takesUnder3SecondsAnd3TimesItsSize(int field) throws Exception {
    Path file = folder.resolve("large.onnx");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      model(field).writeTo(out);
    }
    double megabytes = Files.size(file) / 1e6;
    assertTrue(megabytes > 100, () -> megabytes + " MB");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                OnnxLoadingTest.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor());
    double seconds = Double.parseDouble(said.substring(0, said.indexOf(' ')));
    double growth = Double.parseDouble(said.substring(said.indexOf(' ') + 1));
    assertTrue(seconds < 3, () -> seconds + " s");
    assertTrue(growth < 3 * megabytes, () -> growth + " MB for a file of " + megabytes);
  }

  /** Convolutions one after another; their weights as raw numbers or as packed floats. */
  private static ModelProto model(int field) throws IOException {
    OnnxFile file = OnnxFile.ofImages(CHANNELS, 8, 8);
    for (int i = 0; i < LAYERS; i++) {
      file.node("Conv", "y" + i, i == 0 ? "x" : "y" + (i - 1), "w" + i);
    }
    ModelProto.Builder model =
        ModelProto.parseFrom(file.output("y" + (LAYERS - 1)).bytes()).toBuilder();
    GraphProto.Builder graph = model.getGraphBuilder();
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < LAYERS; i++) {
      ByteBuffer numbers = ByteBuffer.allocate(CHANNELS * CHANNELS * 9 * 4);
      numbers.order(ByteOrder.LITTLE_ENDIAN);
      while (numbers.hasRemaining()) {
        numbers.putFloat((float) random.nextDouble(-0.01, 0.01));
      }
      ByteString bytes = UnsafeByteOperations.unsafeWrap(numbers.flip());
      graph.addInitializer(
          TensorProto.newBuilder()
              .setName("w" + i)
              .setDataType(1)
              .addDims(CHANNELS)
              .addDims(CHANNELS)
              .addDims(3)
              .addDims(3)
              .setUnknownFields(
                  UnknownFieldSet.newBuilder()
                      .addField(
                          field,
                          UnknownFieldSet.Field.newBuilder().addLengthDelimited(bytes).build())
                      .build()));
    }
    return model.build();
  }

  /** Loads a file and prints how many seconds it took and by how many MB resident memory grew. */
  public static void main(String[] arguments) throws IOException {
    Nd4j.zeros(3, 3).addi(1);
    long before = kilobytes("VmRSS:");
    long start = System.nanoTime();
    Network network = OnnxNetwork.load(Path.of(arguments[0]));
    double seconds = (System.nanoTime() - start) / 1e9;
    double growth = (kilobytes("VmHWM:") - before) * 1024 / 1e6;
    if (network.sha256().length() == 64) {
      System.out.print(seconds + " " + growth);
    }
  }

  private static long kilobytes(String line) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(l -> l.startsWith(line))
        .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
