package io.metamer.model;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A network file as a graph, for images of one size.
 *
 * @param graph all that could be read; its one output is what the file calls the network's, or the
 *     last node where that is refused
 * @param output what the file calls the network's output
 * @param hidden nodes on the way to another that stands in the file
 * @param aliases further names of nodes
 * @param refused names of what cannot be computed, and why
 */
record Translation(
    Graph graph,
    String output,
    Set<String> hidden,
    Map<String, String> aliases,
    Map<String, UnsupportedModelException> refused) {

  /** How many near names the message about an unknown layer lists. */
  private static final int NEAR_NAMES = 5;

  Translation {
    hidden = Set.copyOf(hidden);
    aliases = Map.copyOf(aliases);
    refused = Map.copyOf(refused);
  }

  static long length(long[] shape) {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  /** What a node computes, in words. */
  static String kind(Node node) {
    if (node instanceof Node.Activation a) {
      return words(a.function());
    }
    if (node instanceof Node.Pool p) {
      return words(p.kind()) + " pool";
    }
    if (node instanceof Node.Reduce r) {
      return words(r.reduction()) + " over axes " + Arrays.toString(r.axes());
    }
    return node.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  private static String words(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** All nodes of the file but the input and constants. */
  List<Layer> layers() {
    return graph.nodes().stream()
        .filter(node -> !node.inputs().isEmpty() && !hidden.contains(node.name()))
        .map(node -> new Layer(node.name(), kind(node), graph.shape(node.name())))
        .toList();
  }

  /** The node that a name stands for: its own, another of the file's, or one of the two aliases. */
  String resolve(String network, String layer) {
    if (graph.nodes().stream().anyMatch(node -> node.name().equals(layer))) {
      return layer;
    }
    String node = aliases.get(layer);
    if (node != null) {
      return node;
    }
    boolean ofOutput = layer.equals("penultimate") || layer.equals("logits");
    UnsupportedModelException refusal = refused.get(ofOutput ? output : layer);
    if (refusal != null) {
      throw refusal;
    }
    return switch (layer) {
      case "penultimate" -> penultimate(network);
      case "logits" -> logits();
      default ->
          throw new IllegalArgumentException(
              "network %s has no layer \"%s\"; near names: %s"
                  .formatted(network, layer, String.join(", ", near(layer))));
    };
  }

  private List<String> names() {
    return graph.nodes().stream().map(Node::name).toList();
  }

  /** The input of the classifier: of the last dense layer, or of a last convolution like it. */
  private String penultimate(String network) {
    Node node = graph.node(output);
    while (node.inputs().size() == 1) {
      if (node instanceof Node.Dense dense) {
        return dense.input();
      }
      if (node instanceof Node.Convolution convolution) {
        // One number a filter and image at the output: a classifier in the form of a convolution.
        if (length(graph.shape(output)) == convolution.weights().size(0)) {
          return convolution.input();
        }
        break;
      }
      node = graph.node(node.inputs().get(0));
    }
    throw new IllegalArgumentException(
        ("the output %s of network %s does not come from a classifier, so it has no penultimate"
                + " layer; name a layer, such as %s")
            .formatted(
                output(),
                network,
                String.join(", ", names().stream().skip(names().size() / 2).limit(3).toList())));
  }

  /** The output before a last softmax. */
  private String logits() {
    String logits = output;
    Node node = graph.node(output);
    while (node instanceof Node.Softmax || node instanceof Node.Reshape) {
      String input = node.inputs().get(0);
      if (node instanceof Node.Softmax) {
        logits = input;
      }
      node = graph.node(input);
    }
    return logits;
  }

  private List<String> near(String layer) {
    Set<String> names = new HashSet<>(names());
    names.addAll(aliases.keySet());
    names.add("penultimate");
    names.add("logits");
    Comparator<String> order = Comparator.comparingInt(name -> distance(layer, name));
    return names.stream()
        .sorted(order.thenComparing(Comparator.naturalOrder()))
        .limit(NEAR_NAMES)
        .toList();
  }

  /** How many letters have to be inserted, deleted or replaced, regardless of case. */
  private static int distance(String a, String b) {
    String from = a.toLowerCase(Locale.ROOT);
    String to = b.toLowerCase(Locale.ROOT);
    int[] row = new int[to.length() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
