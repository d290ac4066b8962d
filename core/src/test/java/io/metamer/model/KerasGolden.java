package io.metamer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Small networks that Keras wrote, and what TensorFlow computes with them; see make.py. */
record KerasGolden(INDArray input, List<Layer> layers) {

  /** A layer's activations, and the gradient of their sum weighted by {@link #cotangent}. */
  record Layer(String name, INDArray output, INDArray gradient) {}

  static KerasGolden numbers(String network) throws IOException {
    JsonNode json = JsonMapper.builder().build().readTree(bytes(network + ".json"));
    long[] shape = batch(json.get("shape"));
    List<Layer> layers = new ArrayList<>();
    for (JsonNode layer : json.get("layers")) {
      layers.add(
          new Layer(
              layer.get("name").asText(),
              floats(layer.get("output")).reshape(batch(layer.get("shape"))),
              floats(layer.get("gradient")).reshape(shape)));
    }
    return new KerasGolden(floats(json.get("input")).reshape(shape), layers);
  }

  static byte[] bytes(String file) throws IOException {
    try (InputStream packed =
            Objects.requireNonNull(
                KerasGolden.class.getResourceAsStream("/golden/keras/" + file + ".gz"), file);
        InputStream stream = new GZIPInputStream(packed)) {
      return stream.readAllBytes();
    }
  }

  static Network network(String file) throws IOException {
    return KerasNetwork.read(new ByteArrayInputStream(bytes(file)), "golden");
  }

  static INDArray cotangent(long[] shape) {
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Arrays.setAll(numbers, k -> Math.cos(0.7 * k));
    return Nd4j.createFromArray(numbers).reshape(shape);
  }

  private static long[] batch(JsonNode shape) {
    long[] sizes = new long[shape.size() + 1];
    Arrays.setAll(sizes, i -> i == 0 ? 1 : shape.get(i - 1).asLong());
    return sizes;
  }

  private static INDArray floats(JsonNode text) {
    ByteBuffer bytes =
        ByteBuffer.wrap(Base64.getDecoder().decode(text.asText())).order(ByteOrder.LITTLE_ENDIAN);
    float[] numbers = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(numbers);
    return Nd4j.createFromArray(numbers);
  }
}
