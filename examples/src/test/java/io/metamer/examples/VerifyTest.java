package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.Layer;
import io.metamer.model.LayerSelection;
import io.metamer.model.Network;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.model.Taps;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What a bundled network itself computed is stored, and compared as it is or altered. */
final class VerifyTest {

  private static final Path NETWORK =
      Path.of("src/main/resources/io/metamer/examples/networks/fashion_resnet_robust.onnx");
  private static final int N = 9;

  private final Path temp;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Network network;
  private final INDArray images =
      Nd4j.linspace(0, 1, N * 784, DataType.FLOAT).reshape(N, 1, 28, 28);

  VerifyTest(@TempDir Path temp) throws IOException {
    this.temp = temp;
    this.network = Network.load(NETWORK);
  }

  @BeforeEach
  void store() throws IOException {
    store(LayerSelection.of("penultimate"));
  }

  @Test
  void whatTheNetworkComputes_agrees() {
    assertEquals(0, verify(), () -> out + "" + err);
    assertTrue(
        out.toString().contains("\nrepresentation  relative error 0.00e+00, within 0.001\n"));
    assertTrue(out.toString().endsWith("\nagrees\n"), out::toString);
    assertFalse(out.toString().contains("gradient"), out::toString);
  }

  @Test
  void gradient_isCompared_withTwiceTheTolerance() {
    assertEquals(0, verifyGradient(), () -> out + "" + err);
    assertTrue(line("gradient").endsWith("within 0.002"), out::toString);
  }

  @Test
  void representation_beyondTheTolerance_departs() {
    write("r.npy", read("r.npy").muli(1.002));
    assertEquals(1, verify());
    assertTrue(line("representation").endsWith("2.00e-03, beyond 0.001"), out::toString);
    assertTrue(out.toString().endsWith("\ndeparts\n"), out::toString);
    out.getBuffer().setLength(0);
    assertEquals(0, verify("--tolerance", "0.01"));
  }

  @Test
  void gradient_beyondTheTolerance_isComputedInDoubleToo() {
    write("g.npy", read("g.npy").muli(1.01));
    assertEquals(1, verifyGradient());
    assertTrue(line("representation").endsWith("within 0.001"), out::toString);
    assertTrue(line("gradient").endsWith("9.90e-03, beyond 0.002"), out::toString);
    assertTrue(line("in double").endsWith("9.90e-03, beyond 0.002"), out::toString);
    out.getBuffer().setLength(0);
    assertEquals(0, verifyGradient("--gradient-tolerance", "0.02"));
  }

  @Test
  void layers_repeated_areJoined_andAFakeReluIsOne() throws IOException {
    store(LayerSelection.of(List.of("penultimate", "logits")).withFakeRelu());
    String[] both = {"--layer", "penultimate", "--layer", "logits"};
    assertEquals(1, verifyGradient(both));
    out.getBuffer().setLength(0);
    assertEquals(
        0,
        verifyGradient("--layer", "penultimate", "--layer", "logits", "--fake-relu"),
        () -> out + "" + err);
    assertTrue(line("layer").contains("fake ReLU"), out::toString);
  }

  @Test
  void arrays_withChannelsLast_areRecognised() {
    INDArray x = Nd4j.rand(DataType.FLOAT, N, 1, 28, 28);
    write("x.npy", x.permute(0, 2, 3, 1).dup('c'));
    try (RepresentationModel model =
        network.at("penultimate", ImageSpec.gray(28), Preprocessing.fashionMnist())) {
      write("r.npy", model.represent(x));
    }
    assertEquals(0, verify(), () -> out + "" + err);
    assertTrue(line("images").contains("(stored with channels last)"), out::toString);
  }

  @Test
  void images_outsideTheBounds_widenThemUnlessTheyAreGiven() {
    write("x.npy", images.mul(255));
    assertEquals(1, verify());
    assertTrue(line("images").contains("in [0, 255]"), out::toString);
    assertTrue(line("the images").contains("expect [0, 1]?"), out::toString);
    out.getBuffer().setLength(0);
    assertEquals(1, verify("--bounds", "0,1"));
    assertTrue(line("images").contains("in [0, 1]"), out::toString);
  }

  @Test
  void activations_thatAgree_areListedInOrder() throws IOException {
    List<Layer> layers = storeActivations();
    assertEquals(0, verify("--activations", temp.resolve("a").toString()), () -> out + "" + err);
    assertTrue(out.toString().contains("\nno stored activation departs\n"), out::toString);
    int place = 0;
    for (Layer layer : layers) {
      place = out.toString().indexOf("\n" + layer.name() + " ", place);
      assertTrue(place >= 0, layer + " in " + out);
    }
  }

  @Test
  void activations_thatDepart_areNamedByTheFirstInTheNetworksOrder() throws IOException {
    List<Layer> layers = storeActivations();
    for (int i : new int[] {5, 4, 8}) {
      String file = "a/" + fileName(layers.get(i)) + ".npy";
      write(file, read(file).muli(1.5).addi(0.1));
    }
    write("a/stranger.npy", images);
    assertEquals(1, verify("--activations", temp.resolve("a").toString()));
    assertTrue(
        out.toString().contains("\nthe first layer that departs is " + layers.get(4).name() + "\n"),
        out::toString);
    assertTrue(out.toString().contains("no layer has such a name: stranger"), out::toString);
  }

  @Test
  void activations_underAFurtherNameOfALayer_areThatLayers() throws IOException {
    storeActivations();
    INDArray features = read("a/features.npy");
    // penultimate is an alias of features.
    write("a/penultimate.npy", features);
    assertEquals(0, verify("--activations", temp.resolve("a").toString()), () -> out + "" + err);
    assertTrue(line("features (penultimate.npy)").endsWith("within 0.001"), out::toString);
  }

  @Test
  void activations_ofAnotherShape_areReadInTheirOrderOrWithChannelsLast() throws IOException {
    List<Layer> layers = storeActivations();
    Layer map = layers.get(0);
    assertEquals(3, map.shape().length);
    String file = "a/" + fileName(map) + ".npy";
    INDArray stored = read(file);
    write(file, stored.reshape('c', N, stored.length() / N));
    assertEquals(0, verify("--activations", temp.resolve("a").toString()), () -> out + "" + err);
    write(file, stored.permute(0, 2, 3, 1).dup('c'));
    out.getBuffer().setLength(0);
    assertEquals(0, verify("--activations", temp.resolve("a").toString()), () -> out + "" + err);
    assertTrue(line(map.name()).endsWith("(stored with channels last)"), out::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--network TEMP/none.onnx | there is no",
        "--network TEMP/x.npy | an array of NumPy; expected a network",
        "--images TEMP/none.npy | none.npy",
        "--images TEMP/r.npy | expected images [N, C, H, W] or [N, H, W, C]",
        "--images TEMP/nan.npy | nan.npy holds NaN",
        "--images TEMP/text.npy | text.npy",
        "--images TEMP/empty | empty is a folder; expected",
        "--images TEMP/colour.npy | takes images of 1 x 28 x 28, got 3 x 28 x 28",
        "--representation TEMP/x.npy | x.npy is of shape [9, 1, 28, 28], expected [9, ",
        "--representation TEMP/nan.npy | nan.npy holds NaN",
        "--layer nothing | has no layer \"nothing\"; near names",
        "--cotangent TEMP/c.npy | expected both or none",
        "--cotangent TEMP/x.npy --gradient TEMP/g.npy | x.npy is of shape",
        "--cotangent TEMP/c.npy --gradient TEMP/r.npy | r.npy is of shape",
        "--activations TEMP/r.npy | is not a folder",
        "--activations TEMP/empty | there is no .npy file",
        "--activations TEMP/strange | there is only stranger",
        "--tolerance 0 | expected a number above 0",
        "--tolerance NaN | expected a number above 0",
        "--preprocessing imagenets | expected a preprocessing among none, imagenet",
        "--preprocessing imagenet --mean 0 | expected no --mean and --std beside it",
        "--mean 1,2 | one mean for all channels",
        "--bounds 1,0 | low < high",
        "--bounds 1 | expected two numbers"
      })
  void badInput_isOneSentence(String arguments, String expected) throws IOException {
    write("nan.npy", images.dup().putScalar(7, Float.NaN));
    write("colour.npy", Nd4j.zeros(DataType.FLOAT, 2, 3, 28, 28));
    Files.writeString(temp.resolve("text.npy"), "no array");
    Files.createDirectory(temp.resolve("empty"));
    Files.createDirectory(temp.resolve("strange"));
    write("strange/stranger.npy", images);
    List<String> all = new ArrayList<>(List.of("verify"));
    for (String required : List.of("--network", "--images", "--representation")) {
      if (!arguments.contains(required)) {
        all.add(required);
        all.add(
            switch (required) {
              case "--network" -> NETWORK.toString();
              case "--images" -> path("x.npy");
              default -> path("r.npy");
            });
      }
    }
    all.addAll(List.of(arguments.replace("TEMP", temp.toString()).split(" ")));
    assertEquals(2, run(all.toArray(new String[0])), () -> out + "" + err);
    assertTrue(err.toString().contains(expected), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  /** Representation, cotangent and gradient of the images at a selection. */
  private void store(LayerSelection selection) {
    write("x.npy", images);
    try (RepresentationModel model =
        network.at(selection, ImageSpec.gray(28), Preprocessing.fashionMnist())) {
      INDArray r = model.represent(images);
      INDArray c = Nd4j.linspace(-1, 1, r.length(), DataType.FLOAT).reshape(r.shape());
      write("r.npy", r);
      write("c.npy", c);
      write(
          "g.npy",
          model
              .pullBack((ignored, rows) -> new ValueAndGradient(new double[N], c))
              .evaluate(images, IntStream.range(0, N).toArray())
              .gradient());
    }
  }

  /** Those of all layers, and the layers. */
  private List<Layer> storeActivations() throws IOException {
    Files.createDirectory(temp.resolve("a"));
    List<Layer> layers = network.layers();
    List<String> names = layers.stream().map(Layer::name).toList();
    try (Taps taps = network.taps(names, ImageSpec.gray(28), Preprocessing.fashionMnist())) {
      List<INDArray> computed = taps.forward(images);
      for (int i = 0; i < layers.size(); i++) {
        write("a/" + fileName(layers.get(i)) + ".npy", computed.get(i));
      }
    }
    return layers;
  }

  private static String fileName(Layer layer) {
    return layer.name().replace('/', '_');
  }

  private String line(String start) {
    return out.toString().lines().filter(l -> l.startsWith(start + " ")).findFirst().orElseThrow();
  }

  private int verifyGradient(String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--cotangent", path("c.npy"), "--gradient", path("g.npy")));
    return verify(all.toArray(new String[0]));
  }

  private int verify(String... options) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "verify",
                "--network",
                NETWORK.toString(),
                "--images",
                path("x.npy"),
                "--preprocessing",
                "fashion-mnist",
                "--representation",
                path("r.npy")));
    all.addAll(List.of(options));
    return run(all.toArray(new String[0]));
  }

  private int run(String... arguments) {
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  private String path(String name) {
    return temp.resolve(name).toString();
  }

  private void write(String name, INDArray array) {
    try {
      Nd4j.writeAsNumpy(array.dup('c'), temp.resolve(name).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private INDArray read(String name) {
    return Nd4j.createFromNpyFile(temp.resolve(name).toFile()).dup('c');
  }
}
