package io.metamer.model;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Collects the nodes of a network in the order in which a reader meets them, with their shapes. */
final class GraphBuilder {

  /** The output of a node: its name, and its shape for one example. */
  record Tensor(String node, long[] shape) {

    boolean isMap() {
      return shape.length == 3;
    }

    long channels() {
      return shape[0];
    }

    long length() {
      return Translation.length(shape);
    }
  }

  /** What no layer of an image network has: a damaged file may ask for any size. */
  private static final long MOST_NUMBERS = 1L << 27;

  private final List<Node> nodes = new ArrayList<>();
  private final Set<String> hidden = new HashSet<>();
  private final Map<String, long[]> shapes = new HashMap<>();
  private final Map<String, String> aliases = new HashMap<>();
  private final Map<String, String> kinds = new HashMap<>();

  /** Adds a node whose inputs are there already, and works out the shape of its output. */
  Tensor add(Node node) {
    if (shapes.containsKey(node.name())) {
      throw new IllegalArgumentException(
          "expected names to be unique, got two nodes '%s'".formatted(node.name()));
    }
    long[] shape = node.outputShape(node.inputs().stream().map(shapes::get).toList());
    if (Arrays.stream(shape).asDoubleStream().reduce(1, (a, b) -> a * b) > MOST_NUMBERS) {
      throw new IllegalArgumentException(
          "node '%s': expected at most %d numbers an image, got %s"
              .formatted(node.name(), MOST_NUMBERS, Arrays.toString(shape)));
    }
    nodes.add(node);
    shapes.put(node.name(), shape);
    return new Tensor(node.name(), shape);
  }

  /** Adds a node on the way to one that has a name of the file's; it is not listed as a layer. */
  Tensor step(Node node) {
    Tensor tensor = add(node);
    hidden.add(node.name());
    return tensor;
  }

  /** Says in the field's words what a layer of several nodes is; its last node is given. */
  Tensor called(String kind, Tensor layer) {
    kinds.put(layer.node(), kind);
    return layer;
  }

  /** Lets a second name stand for a node, unless it is empty or an earlier one has it. */
  void alias(String name, String node) {
    if (!name.isEmpty()) {
      aliases.putIfAbsent(name, node);
    }
  }

  Translation build(String output) {
    return build(output, Map.of());
  }

  /**
   * Ends the building.
   *
   * @param output the file's, a node or one of the refused
   * @param refused what cannot be computed, by the names under which callers may ask for it
   */
  Translation build(String output, Map<String, UnsupportedModelException> refused) {
    String last = shapes.containsKey(output) ? output : nodes.get(nodes.size() - 1).name();
    return new Translation(
        new Graph(nodes, List.of(last)), output, hidden, aliases, kinds, refused);
  }

  /** {@code gamma * (x - mean) / sqrt(variance + epsilon) + beta} of each channel, from doubles. */
  static Node normalization(
      String name,
      Tensor x,
      double[] gamma,
      double[] beta,
      double[] mean,
      double[] variance,
      double epsilon,
      DataType type) {
    double[] scale = new double[mean.length];
    double[] shift = new double[mean.length];
    for (int c = 0; c < scale.length; c++) {
      scale[c] = gamma[c] / Math.sqrt(variance[c] + epsilon);
      shift[c] = beta[c] - mean[c] * scale[c];
    }
    return affine(name, x, scale, shift, type);
  }

  /** {@code scale * x + shift}, with one number a channel or one for all. */
  static Node affine(String name, Tensor x, double[] scale, double[] shift, DataType type) {
    return new Node.Affine(
        name,
        x.node(),
        Nd4j.createFromArray(scale).castTo(type),
        Nd4j.createFromArray(shift).castTo(type));
  }
}
