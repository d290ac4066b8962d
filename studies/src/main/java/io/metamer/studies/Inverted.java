package io.metamer.studies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.image.ImageSpec;
import io.metamer.perceptual.PerceptualDistance;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What was found of a network with a regularizer from one seed: the chunks that are there.
 *
 * @param subject the network
 * @param penalty the regularizer
 * @param seed which noise the searches started from
 * @param input what the images look like
 * @param used the distances that the penalty rests on
 * @param tolerance up to which an image is matched
 * @param chunks what each chunk says of itself, in order
 */
record Inverted(
    Subject subject,
    Penalty penalty,
    long seed,
    ImageSpec input,
    List<PerceptualDistance> used,
    double tolerance,
    Map<Chunk, ObjectNode> chunks) {

  Inverted {
    chunks = new LinkedHashMap<>(chunks);
  }

  /** What the chunks say of each image. */
  List<JsonNode> images() {
    List<JsonNode> images = new ArrayList<>();
    chunks.values().forEach(said -> said.path("images").forEach(images::add));
    return images;
  }

  /** The study's number of each image's target. */
  List<Integer> targets() {
    return images().stream().map(image -> image.path("index").asInt()).toList();
  }

  List<String> names() {
    return images().stream().map(image -> image.path("target").asText()).toList();
  }

  /** The relative distance of each image; infinite where the search found none. */
  List<Double> distances() {
    return images().stream().map(image -> number(image.path("distance"))).toList();
  }

  private static double number(JsonNode node) {
    return node.isNumber() ? node.doubleValue() : Double.POSITIVE_INFINITY;
  }

  /** The hash of the network that was inverted. */
  String network() {
    return said().map(node -> node.path("model").path("sha256").asText()).findFirst().orElse("");
  }

  Stream<ObjectNode> said() {
    return chunks.values().stream();
  }

  /** For people: {@code robust, freq_tv_l6, seed 42}. */
  @Override
  public String toString() {
    return "%s, %s, seed %d".formatted(subject.name(), penalty.name(), seed);
  }
}
