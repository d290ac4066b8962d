package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.model.Dl4jNetwork;
import io.metamer.model.Network;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import java.io.ByteArrayInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class TrainWithDl4jTest {

  private static final String BUNDLED = "/io/metamer/examples/networks/fashion_dl4j.zip";

  @TempDir private static Path folder = Path.of("");

  @Test
  void bundledNetwork_throughMetamer_agreesWithDl4j() throws IOException {
    byte[] bytes = bundled();
    MultiLayerNetwork dl4j =
        ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(bytes), false);
    Network network = Dl4jNetwork.read(new ByteArrayInputStream(bytes), "fashion_dl4j");
    INDArray x = images(8);
    INDArray expected = dl4j.output(x.dup());
    try (RepresentationModel model =
        network.at("classes", ImageSpec.gray(28), Preprocessing.none())) {
      INDArray actual = model.represent(x);
      for (int i = 0; i < expected.length(); i++) {
        assertEquals(expected.getDouble(i), actual.getDouble(i), 1e-5);
      }
    }
    try (RepresentationModel model =
        network.at("penultimate", ImageSpec.gray(28), Preprocessing.none())) {
      assertEquals("features", model.id().layer());
      assertEquals(64, model.size());
    }
  }

  @Test
  void training_onAFewImages_writesANetworkThatMetamerReads_andTheSameOneAgain()
      throws IOException {
    write("train", 128);
    write("t10k", 32);
    Path[] files = {folder.resolve("first.zip"), folder.resolve("second.zip")};
    for (Path file : files) {
      TrainWithDl4j.main(new String[] {folder.toString(), file.toString(), "1"});
    }
    float[][] outputs = new float[2][];
    for (int i = 0; i < 2; i++) {
      try (RepresentationModel model =
          Dl4jNetwork.load(files[i]).at("logits", ImageSpec.gray(28), Preprocessing.none())) {
        outputs[i] = model.represent(images(1)).toFloatVector();
      }
    }
    assertArrayEquals(outputs[0], outputs[1]);
  }

  @Test
  void training_onAFileThatIsNoIdx_namesIt() throws IOException {
    Path other = Files.createDirectories(folder.resolve("other"));
    Path file = other.resolve("train-images-idx3-ubyte.gz");
    try (DataOutputStream out =
        new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(file)))) {
      out.writeInt(7);
    }
    IOException e =
        assertThrows(IOException.class, () -> TrainWithDl4j.main(new String[] {other.toString()}));
    assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e.getMessage());
  }

  private static void write(String name, int n) throws IOException {
    Random random = new Random(1);
    try (DataOutputStream images = idx(name + "-images-idx3-ubyte.gz");
        DataOutputStream labels = idx(name + "-labels-idx1-ubyte.gz")) {
      for (int header : new int[] {0x803, n, 28, 28}) {
        images.writeInt(header);
      }
      labels.writeInt(0x801);
      labels.writeInt(n);
      byte[] pixels = new byte[n * 28 * 28];
      random.nextBytes(pixels);
      images.write(pixels);
      for (int i = 0; i < n; i++) {
        labels.writeByte(i % 10);
      }
    }
  }

  private static DataOutputStream idx(String name) throws IOException {
    return new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(folder.resolve(name))));
  }

  private static byte[] bundled() throws IOException {
    try (InputStream in = TrainWithDl4jTest.class.getResourceAsStream(BUNDLED)) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }

  private static INDArray images(int n) {
    Random random = new Random(4);
    float[] x = new float[n * 28 * 28];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextFloat();
    }
    return Nd4j.createFromArray(x).reshape(n, 1, 28, 28);
  }
}
