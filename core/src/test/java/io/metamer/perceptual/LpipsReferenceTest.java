package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.relativeError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.model.Network;
import io.metamer.network.Node;
import io.metamer.perceptual.Lpips.Heads;
import io.metamer.perceptual.Lpips.Trunk;
import io.metamer.perceptual.TrunkGraph.Filters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** The published weights, against what the original code computes with them. */
@Tag("reference")
final class LpipsReferenceTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "ALEX, V0_1, 0.721881, 0.137566",
    "SQUEEZE, V0_1, 0.711048, 0.147902",
    "ALEX, V0_0, 0.405575, 0.083881",
    "SQUEEZE, V0_0, 0.396770, 0.086290",
    // By PyTorch, from the definition.
    "ALEX, NONE, 4.826556, 2.206010",
    "SQUEEZE, NONE, 6.040975, 2.877766"
  })
  void examples_areAsFarApartAsTheOriginalSays(
      Trunk trunk, Heads heads, double first, double second) throws IOException {
    Path examples = data("images/lpips_examples");
    INDArray reference = Images.readWhole(examples.resolve("ex_ref.png"), 3);
    INDArray p0 = Images.readWhole(examples.resolve("ex_p0.png"), 3);
    INDArray p1 = Images.readWhole(examples.resolve("ex_p1.png"), 3);
    try (Lpips lpips = Lpips.load(data("lpips"), trunk, heads)) {
      assertClose(first, lpips.between(reference, p0)[0], 2e-6, 1e-6);
      assertClose(second, lpips.between(reference, p1)[0], 2e-6, 1e-6);
    }
  }

  static Stream<Arguments> pairs() {
    return Stream.of(Trunk.ALEX, Trunk.SQUEEZE)
        .flatMap(trunk -> IntStream.range(0, 8).mapToObj(k -> Arguments.of(trunk, k)));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void pair_hasTheOriginalsDistanceLayersAndGradient(Trunk trunk, int k) throws IOException {
    Path pairs = data("lpips/pairs");
    JsonNode expected = new ObjectMapper().readTree(pairs.resolve("values.json").toFile()).get(k);
    INDArray a = Images.readWhole(pairs.resolve(k + "_a.png"), 3);
    INDArray b = Images.readWhole(pairs.resolve(k + "_b.png"), 3);
    INDArray gradient =
        Nd4j.createFromNpyFile(
                pairs.resolve("%d_%s_gradient.npy".formatted(k, trunk.label())).toFile())
            .reshape(b.shape());
    try (Lpips lpips = Lpips.load(data("lpips"), trunk, Heads.V0_1)) {
      double distance = expected.get(trunk.label()).asDouble();
      assertClose(distance, lpips.between(a, b)[0], 0, 1e-6);
      double[] layers = lpips.layers(a, b)[0];
      for (int layer = 0; layer < layers.length; layer++) {
        double part = expected.get(trunk.label() + "_per_layer").get(layer).asDouble();
        assertClose(part, layers[layer], 0, 1e-6);
      }
      var at = lpips.to(a).evaluate(b, new int[] {0});
      assertClose(distance, at.value()[0], 0, 1e-6);
      double error = relativeError(gradient, at.gradient());
      if (error > 1e-3) {
        // A unit at the kink of a ReLU: in float either side is right, in double one is.
        error =
            relativeError(
                gradient,
                lpips
                    .to(a.castTo(DataType.DOUBLE))
                    .evaluate(b.castTo(DataType.DOUBLE), new int[] {0})
                    .gradient());
      }
      assertTrue(error <= 1e-3, "relative error " + error);
    }
  }

  @Test
  void heads_ofEveryTrunkAndVersion_areTaken_andTellOneAnotherApart() throws IOException {
    for (Trunk trunk : Trunk.values()) {
      for (Heads version : List.of(Heads.V0_1, Heads.V0_0)) {
        LpipsHeads heads = LpipsHeads.load(WeightFiles.heads(data("lpips"), trunk, version));
        heads.checkPublished(trunk, version);
        for (Trunk otherTrunk : Trunk.values()) {
          for (Heads other : List.of(Heads.V0_1, Heads.V0_0)) {
            if (otherTrunk != trunk || other != version) {
              String message =
                  assertThrows(IOException.class, () -> heads.checkPublished(otherTrunk, other))
                      .getMessage();
              assertTrue(
                  message.endsWith(
                      otherTrunk == trunk
                          ? ": these are the heads of " + (version == Heads.V0_1 ? "v0.1" : "v0.0")
                          : ": those of " + trunk.network()),
                  message);
            }
          }
        }
        // In another order they have the same sums.
        List<double[]> turned = heads.weights().stream().map(LpipsReferenceTest::reversed).toList();
        String message =
            assertThrows(
                    IOException.class,
                    () -> new LpipsHeads(heads.file(), turned).checkPublished(trunk, version))
                .getMessage();
        assertTrue(message.contains("lin0 is in another order"), message);
      }
    }
  }

  @Test
  void trunk_withSwappedChannels_isRefused() throws IOException {
    Map<String, Filters> filters = new LinkedHashMap<>();
    Network network = Network.load(data("lpips/alexnet_features.onnx"));
    for (Node node : network.graph(List.of("relu5"), ImageSpec.rgb(64)).nodes()) {
      if (node instanceof Node.Convolution c) {
        INDArray weights = filters.isEmpty() ? swapped(c.weights()) : c.weights();
        filters.put(
            List.of("0", "3", "6", "8", "10").get(filters.size()),
            new Filters(weights, Objects.requireNonNull(c.bias())));
      }
    }
    LpipsTrunk right = LpipsTrunk.load(data("lpips/alexnet_features.onnx"), Trunk.ALEX, true);
    Lpips.selfTest(folder, Trunk.ALEX, right);
    LpipsTrunk wrong = (height, width) -> TrunkGraph.of(Trunk.ALEX, filters, height, width);
    String message =
        assertThrows(IOException.class, () -> Lpips.selfTest(folder, Trunk.ALEX, wrong))
            .getMessage();
    assertTrue(
        message.contains(
            "expected torchvision's weights of AlexNet, which see the self-test's images 1.384591"
                + " apart in layer 1, found 1.3896"),
        message);
  }

  /**
   * Of VGG16 only the first two blocks are there; with any weights in the rest its first two layers
   * have to see the self-test's images as PyTorch says.
   */
  @Test
  void vgg_withItsFirstBlocks_passesWhatTheSelfTestKnowsOfIt() throws IOException {
    Network network = Network.load(data("lpips/vgg16_relu2_2_features.onnx"));
    Map<String, Filters> filters = new LinkedHashMap<>();
    List<String> places =
        List.of("0", "2", "5", "7", "10", "12", "14", "17", "19", "21", "24", "26", "28");
    for (Node node : network.graph(List.of("relu2_2"), ImageSpec.rgb(64)).nodes()) {
      if (node instanceof Node.Convolution c) {
        filters.put(
            places.get(filters.size()), new Filters(c.weights(), Objects.requireNonNull(c.bias())));
      }
    }
    assertEquals(4, filters.size());
    long before = 128;
    for (String place : places.subList(4, places.size())) {
      INDArray weights = Nd4j.ones(DataType.FLOAT, 8, before, 3, 3).muli(0.01);
      filters.put(place, new Filters(weights, Nd4j.zeros(DataType.FLOAT, 8)));
      before = 8;
    }
    Lpips.selfTest(
        folder, Trunk.VGG, (height, width) -> TrunkGraph.of(Trunk.VGG, filters, height, width));
    String message =
        assertThrows(IOException.class, () -> Lpips.load(data("lpips"), Trunk.VGG, Heads.V0_1))
            .getMessage();
    assertTrue(message.contains("expected VGG16 with at least 7 layers of the kind relu, found 4"));
  }

  private static INDArray swapped(INDArray weights) {
    INDArray result = weights.dup('c');
    for (int c = 0; c < 3; c++) {
      result
          .get(NDArrayIndex.all(), NDArrayIndex.point(c))
          .assign(weights.get(NDArrayIndex.all(), NDArrayIndex.point(2 - c)));
    }
    return result;
  }

  private static double[] reversed(double[] numbers) {
    double[] result = new double[numbers.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = numbers[numbers.length - 1 - i];
    }
    return result;
  }

  private static Path data(String name) {
    return Path.of(
            Objects.requireNonNull(
                System.getProperty("metamer.reference"),
                "set -Dmetamer.reference to the folder of the reference data"))
        .resolve(name);
  }
}
