package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.image.ImageSpec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** Each operator of the table against ONNX Runtime; golden/onnx/operators.py made the numbers. */
final class OnnxOperatorsTest {

  /** Bounds that no value reaches, so that the clamp changes nothing. */
  private static final ImageSpec IMAGES = new ImageSpec(3, 6, 5, -100, 100);

  @TestFactory
  Stream<DynamicTest> operator_translated_agreesWithOnnxRuntime() throws IOException {
    JsonNode golden;
    try (InputStream in =
        OnnxOperatorsTest.class.getResourceAsStream("/golden/onnx/operators.json")) {
      golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
    }
    INDArray x = Nd4j.createFromArray(numbers(golden.get("input"))).reshape(2, 3, 6, 5);
    return StreamSupport.stream(golden.get("cases").spliterator(), false)
        .map(c -> DynamicTest.dynamicTest(c.get("name").asText(), () -> check(c, x)));
  }

  private static void check(JsonNode golden, INDArray x) throws IOException {
    byte[] model = Base64.getDecoder().decode(golden.get("model").asText());
    Network network = OnnxNetwork.read(new ByteArrayInputStream(model), "g");
    long[] shape = new long[golden.get("shape").size()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = golden.get("shape").get(i).asLong();
    }
    try (Taps taps = network.taps(List.of("y"), IMAGES, Preprocessing.none())) {
      INDArray y = taps.forward(x).get(0);
      assertEquals(shape.length, y.rank());
      assertClose(
          Nd4j.createFromArray(numbers(golden.get("output"))).reshape(shape), y, 1e-4, 1e-5);
    }
  }

  private static float[] numbers(JsonNode array) {
    float[] numbers = new float[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) array.get(i).asDouble();
    }
    return numbers;
  }
}
