package io.metamer.model;

import static io.metamer.contract.Close.assertCloseInNorm;
import static io.metamer.contract.Close.relativeError;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.model.KerasGolden.Layer;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Each layer of the small networks against TensorFlow, in value and in gradient. */
final class KerasLayersTest {

  /** A file and the layer in it. */
  record Case(String file, KerasGolden golden, Layer layer) {
    @Override
    public String toString() {
      return file + " " + layer.name();
    }
  }

  static Stream<Case> cases() throws IOException {
    Stream.Builder<Case> cases = Stream.builder();
    for (String network : List.of("maps", "tokens", "nested")) {
      for (String version : List.of("2", "3")) {
        KerasGolden golden = KerasGolden.numbers(network + version);
        for (String ending : List.of(".keras", ".h5")) {
          golden
              .layers()
              .forEach(layer -> cases.add(new Case(network + version + ending, golden, layer)));
        }
      }
    }
    return cases.build();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void layer_givesTensorFlowsValueAndGradient(Case c) throws IOException {
    INDArray x = c.golden.input();
    ImageSpec spec = new ImageSpec((int) x.size(1), (int) x.size(2), (int) x.size(3), -10, 10);
    Network network = KerasGolden.network(c.file);
    try (Taps taps = network.taps(List.of(c.layer.name()), spec, Preprocessing.none())) {
      INDArray y = taps.forward(x).get(0);
      assertArrayEquals(c.layer.output().shape(), y.shape());
      assertCloseInNorm(c.layer.output(), y, 1e-5);
      INDArray cotangent = KerasGolden.cotangent(y.shape()).castTo(DataType.FLOAT);
      INDArray gradient = taps.backward(List.of(cotangent));
      double error = relativeError(c.layer.gradient(), gradient);
      assertTrue(
          error <= 1e-4 || c.layer.gradient().norm2Number().doubleValue() < 1e-6,
          "gradient: " + error);
    }
  }
}
