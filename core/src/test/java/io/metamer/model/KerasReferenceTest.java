package io.metamer.model;

import static io.metamer.contract.Close.assertCloseInNorm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.model.ReferenceData.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** Networks that other people trained with Keras. */
@Tag("reference")
final class KerasReferenceTest {

  private static Path keras(String file) {
    return ReferenceData.folder().resolve("keras").resolve(file);
  }

  @ParameterizedTest
  @CsvSource({
    "cifar10_resnet8_mlperftiny.h5, cifar10, 255, 0.8719",
    "cifar10_cnn_keras3.10.keras, cifar10, 1, 0.7126",
    "fashion_cnn_keras3.10_legacy.h5, fashion_mnist, 1, 0.9095"
  })
  void network_onTestImages_hasTheDocumentedAccuracyAndProbabilities(
      String file, String data, double scale, double accuracy) throws IOException {
    Split test =
        data.equals("cifar10") ? ReferenceData.cifar10() : ReferenceData.idx("fashion_mnist");
    Network network = KerasNetwork.load(keras(file));
    long[] input = network.input().orElseThrow();
    assertArrayEquals(test.shape(), input);
    ImageSpec spec = new ImageSpec((int) input[0], (int) input[1], (int) input[2], 0, scale);
    List<Layer> layers = network.layers();
    String last = layers.get(layers.size() - 1).name();
    try (RepresentationModel model = network.at(last, spec, Preprocessing.none())) {
      INDArray first = model.represent(test.images(0, 4).mul(scale));
      JsonNode expected = probabilities(file);
      for (int i = 0; i < 4; i++) {
        for (int k = 0; k < first.size(1); k++) {
          assertEquals(expected.get(i).get(k).asDouble(), first.getDouble(i, k), 2e-6);
        }
      }
      int right = 0;
      for (int from = 0; from < test.labels().length; from += 500) {
        INDArray images = test.images(from, from + 500).mul(scale);
        int[] classes = model.represent(images).argMax(1).toIntVector();
        for (int i = 0; i < classes.length; i++) {
          right += classes[i] == test.labels()[from + i] ? 1 : 0;
        }
      }
      assertEquals(accuracy, (double) right / test.labels().length, 1e-9);
    }
  }

  private static JsonNode probabilities(String file) throws IOException {
    for (JsonNode model : ReferenceData.manifest("keras")) {
      if (model.get("file").asText().endsWith(file)) {
        return model.get("probs_test0_3");
      }
    }
    throw new IOException("no " + file + " in the manifest");
  }

  @Test
  void wakeWordsNetwork_readsAndGivesProbabilities() throws IOException {
    Network network = KerasNetwork.load(keras("vww_mobilenet_v1_0.25_96_mlperftiny.h5"));
    assertArrayEquals(new long[] {3, 96, 96}, network.input().orElseThrow());
    List<Layer> layers = network.layers();
    String last = layers.get(layers.size() - 1).name();
    try (RepresentationModel model = network.at(last, ImageSpec.rgb(96), Preprocessing.none())) {
      INDArray images = Nd4j.linspace(0, 1, 2 * 3 * 96 * 96).reshape(2, 3, 96, 96);
      INDArray p = model.represent(images);
      assertCloseInNorm(Nd4j.ones(2), p.sum(1), 1e-5);
    }
  }

  @Test
  void mobileNet_onFourCrops_hasTheDocumentedLogitsAndThoseOfTheSameWeightsInOnnx()
      throws IOException {
    INDArray images = crops();
    Preprocessing signed =
        Preprocessing.of(new double[] {0.5, 0.5, 0.5}, new double[] {0.5, 0.5, 0.5});
    Path folder = ReferenceData.folder().resolve("imagenet");
    Network keras = KerasNetwork.load(folder.resolve("keras/mobilenet_v1_0.25_224_keras.h5"));
    Network onnx = OnnxNetwork.load(folder.resolve("onnx/mobilenet_v1_0.25_224_keras.onnx"));
    JsonNode expected =
        new ObjectMapper()
            .readTree(folder.resolve("reference_outputs.json").toFile())
            .get("mobilenet_v1_0.25_224_keras");
    try (RepresentationModel ours = keras.at("logits", ImageSpec.rgb(224), signed);
        RepresentationModel theirs = onnx.at("logits", ImageSpec.rgb(224), signed)) {
      INDArray logits = ours.represent(images);
      assertCloseInNorm(theirs.represent(images), logits, 1e-5);
      for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 5; k++) {
          int top = expected.get("top5").get(i).get(k).asInt();
          double logit = expected.get("top5_logits").get(i).get(k).asDouble();
          assertEquals(logit, logits.getDouble(i, top), 2e-4);
        }
      }
    }
  }

  private static INDArray crops() throws IOException {
    Path folder = ReferenceData.folder().resolve("images/imagenet_samples");
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> pngs = files.filter(f -> f.toString().endsWith(".png")).sorted().toList();
      return Images.read(pngs, ImageSpec.rgb(224));
    }
  }
}
