package io.metamer.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A layer of a Keras file, read but not translated.
 *
 * @param network the network's name, for messages
 * @param version Keras' major version
 * @param path its name after those of the models that it is in: {@code inner/conv1}
 * @param kind its class in Keras
 * @param operation whether it is an operation on tensors, such as {@code x + 1}, rather than a
 *     layer
 * @param config its options
 * @param weights those that the file has, by Keras' names
 * @param model what is inside, where the layer is a model itself
 */
record KerasLayer(
    String network,
    int version,
    String path,
    String kind,
    boolean operation,
    JsonNode config,
    Map<String, INDArray> weights,
    @Nullable KerasModel model) {

  /** No option of an image network is larger; what is would overflow somewhere. */
  private static final int MOST = 1 << 24;

  /** The same layer in all but its class and options: what Keras writes as a layer's activation. */
  KerasLayer as(String otherKind, JsonNode otherConfig) {
    return new KerasLayer(
        network, version, path, otherKind, operation, otherConfig, weights, model);
  }

  /** The refusal of this layer. */
  UnsupportedModelException unsupported(String reason) {
    return new UnsupportedModelException(
        "network %s: layer %s, %s: %s".formatted(network, path, kind, reason));
  }

  private UnsupportedModelException option(String key, String expected) {
    String value = config.path(key).toString();
    return unsupported(
        "expected %s as %s, got %s"
            .formatted(expected, key, value.length() > 80 ? value.substring(0, 80) : value));
  }

  boolean has(String key) {
    return config.hasNonNull(key);
  }

  String text(String key, String otherwise) {
    return has(key) ? config.get(key).asText() : otherwise;
  }

  boolean flag(String key, boolean otherwise) {
    if (has(key) && !config.get(key).isBoolean() && !config.get(key).isNumber()) {
      throw option(key, "true or false");
    }
    return has(key) ? config.get(key).asBoolean() : otherwise;
  }

  double number(String key, double otherwise) {
    return has(key) ? number(config.get(key), key) : otherwise;
  }

  private double number(JsonNode value, String key) {
    JsonNode inner = value.has("config") ? value.path("config").path("value") : value;
    if (!inner.isNumber()) {
      throw option(key, "a number");
    }
    return inner.asDouble();
  }

  /** One number, or many in rows, as Keras writes arrays. */
  double[] numbers(String key) {
    JsonNode value = config.path(key);
    return numbers(value.has("config") ? value.path("config").path("value") : value, key);
  }

  private double[] numbers(JsonNode value, String key) {
    if (!value.isArray()) {
      return new double[] {number(value, key)};
    }
    double[] all = new double[0];
    for (JsonNode element : value) {
      double[] part = numbers(element, key);
      int length = all.length;
      all = Arrays.copyOf(all, length + part.length);
      System.arraycopy(part, 0, all, length, part.length);
    }
    return all;
  }

  int integer(String key, int otherwise) {
    return has(key) ? integer(config.get(key), key) : otherwise;
  }

  private int integer(JsonNode value, String key) {
    if (!value.isIntegralNumber() || Math.abs(value.asLong()) > MOST || !value.canConvertToInt()) {
      throw option(key, "whole numbers of at most " + MOST);
    }
    return value.asInt();
  }

  /** Whole numbers; one stands for a list of one. */
  int[] integers(String key) {
    JsonNode value = config.path(key);
    if (!value.isArray()) {
      return new int[] {integer(value, key)};
    }
    int[] numbers = new int[value.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = integer(value.get(i), key);
    }
    return numbers;
  }

  /** Two whole numbers of at least 1, for rows and columns; one stands for both. */
  int[] pair(String key, int otherwise) {
    return has(key) ? pair(key, 1, integers(key)) : new int[] {otherwise, otherwise};
  }

  /** Two whole numbers of at least 0. */
  int[] pairOrZero(String key) {
    return pair(key, 0, integers(key));
  }

  private int[] pair(String key, int least, int[] numbers) {
    int[] pair = numbers.length == 1 ? new int[] {numbers[0], numbers[0]} : numbers;
    if (pair.length != 2 || pair[0] < least || pair[1] < least) {
      throw option(key, "one or two whole numbers of at least " + least);
    }
    return pair;
  }

  /** What is put around or cut off a map: top, left, bottom, right. */
  long[] frame(String key) {
    JsonNode value = config.path(key);
    int[] numbers = new int[4];
    if (value.isArray() && value.size() == 2) {
      for (int i = 0; i < 2; i++) {
        JsonNode side = value.get(i);
        boolean both = side.isArray() && side.size() == 2;
        numbers[i] = integer(both ? side.get(0) : side, key);
        numbers[i + 2] = integer(both ? side.get(1) : side, key);
      }
    } else {
      Arrays.fill(numbers, integer(value, key));
    }
    if (Arrays.stream(numbers).anyMatch(n -> n < 0)) {
      throw option(key, "numbers of at least 0");
    }
    return Arrays.stream(numbers).asLongStream().toArray();
  }

  /**
   * A weight.
   *
   * @param shape what it is to be; -1 stands for any size
   */
  INDArray weight(String name, long... shape) {
    INDArray weight = weights.get(name);
    if (weight == null) {
      throw unsupported(
          "the file has no weight %s for it%s"
              .formatted(
                  name, weights.isEmpty() ? "" : ", only " + String.join(", ", weights.keySet())));
    }
    boolean fits = weight.rank() == shape.length;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = shape[i] < 0 || shape[i] == weight.size(i);
    }
    if (!fits) {
      throw unsupported(
          "its weight %s has the shape %s, expected %s"
              .formatted(
                  name,
                  Arrays.toString(weight.shape()),
                  Arrays.toString(shape).replace("-1", "any")));
    }
    return weight;
  }

  /** A bias, or none where the layer is without. */
  @Nullable INDArray bias(String name, long size) {
    return flag("use_bias", true) ? weight(name, size) : null;
  }
}
