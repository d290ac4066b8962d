package io.metamer.model;

import io.metamer.model.LayerSelection.Part;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network file as a graph, for images of one size.
 *
 * @param graph all that could be read; its one output is what the file calls the network's, or the
 *     last node where that is refused
 * @param output what the file calls the network's output
 * @param hidden nodes on the way to another that stands in the file
 * @param aliases further names of nodes
 * @param kinds what layers of several nodes are, by the names of their last nodes
 * @param refused names of what cannot be computed, and why
 */
record Translation(
    Graph graph,
    String output,
    Set<String> hidden,
    Map<String, String> aliases,
    Map<String, String> kinds,
    Map<String, UnsupportedModelException> refused) {

  /** How many near names the message about an unknown layer lists. */
  private static final int NEAR_NAMES = 5;

  Translation {
    hidden = Set.copyOf(hidden);
    aliases = Map.copyOf(aliases);
    kinds = Map.copyOf(kinds);
    refused = Map.copyOf(refused);
  }

  static long length(long[] shape) {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  /** All nodes of the file but the input and constants. */
  List<Layer> layers() {
    Map<String, Node> uncounted = new HashMap<>();
    Set<INDArray> counted = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Layer> layers = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node.inputs().isEmpty() || hidden.contains(node.name())) {
        uncounted.put(node.name(), node);
      } else {
        long parameters = parameters(node, uncounted, counted);
        layers.add(new Layer(node.name(), kind(node), graph.shape(node.name()), parameters));
      }
    }
    return layers;
  }

  private String kind(Node node) {
    return kinds.getOrDefault(node.name(), Kinds.of(node, graph));
  }

  /** A node that is not listed, but can be read. */
  Layer layer(String name) {
    return new Layer(name, kind(graph.node(name)), graph.shape(name), 0);
  }

  /**
   * How many weights a node has, with those of the hidden nodes and constants that it is first to
   * read.
   */
  private static long parameters(Node node, Map<String, Node> uncounted, Set<INDArray> counted) {
    long sum = 0;
    Deque<Node> open = new ArrayDeque<>(List.of(node));
    while (!open.isEmpty()) {
      Node next = open.pop();
      for (INDArray weights : weights(next)) {
        sum += counted.add(weights) ? weights.length() : 0;
      }
      for (String input : next.inputs()) {
        Node before = uncounted.remove(input);
        if (before != null) {
          open.push(before);
        }
      }
    }
    return sum;
  }

  /**
   * What of a node's constants is learned, as far as that can be told: not what resizes or picks.
   */
  private static List<INDArray> weights(Node node) {
    if (node instanceof Node.Convolution n) {
      return weights(n.weights(), n.bias());
    }
    if (node instanceof Node.Deconvolution n) {
      return weights(n.weights(), n.bias());
    }
    if (node instanceof Node.Dense n) {
      return weights(n.weights(), n.bias());
    }
    if (node instanceof Node.Constant n) {
      return List.of(n.value());
    }
    if (node instanceof Node.Affine n) {
      // A single number is more often part of a formula than a weight.
      return Stream.of(n.scale(), n.shift()).filter(array -> array.length() > 1).toList();
    }
    return List.of();
  }

  private static List<INDArray> weights(INDArray weights, @Nullable INDArray bias) {
    return bias == null ? List.of(weights) : List.of(weights, bias);
  }

  /**
   * The selection by the exact names of nodes: a name stands for itself, another name of a node or
   * one of the two aliases for that node, a regular expression for all layers that it matches.
   */
  LayerSelection resolve(String network, LayerSelection selection) {
    List<Part> parts = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Part part : selection.parts()) {
      for (String node : resolve(network, part.layer())) {
        if (!seen.add(node)) {
          throw new IllegalArgumentException(
              "expected each layer once, got %s twice in %s".formatted(node, selection));
        }
        parts.add(new Part(node, part.weight()));
      }
    }
    return new LayerSelection(parts, selection.fakeRelu());
  }

  private List<String> resolve(String network, String layer) {
    if (graph.nodes().stream().anyMatch(node -> node.name().equals(layer))) {
      return List.of(layer);
    }
    String node = aliases.get(layer);
    if (node != null) {
      return List.of(node);
    }
    boolean ofOutput = layer.equals("penultimate") || layer.equals("logits");
    UnsupportedModelException refusal = refused.get(ofOutput ? output : layer);
    if (refusal != null) {
      throw refusal;
    }
    return switch (layer) {
      case "penultimate" -> List.of(penultimate(network));
      case "logits" -> List.of(logits());
      default -> matched(network, layer);
    };
  }

  /** The layers whose whole names a regular expression matches, in order. */
  private List<String> matched(String network, String expression) {
    Predicate<String> matches;
    try {
      matches = Pattern.compile(expression).asMatchPredicate();
    } catch (PatternSyntaxException e) {
      matches = name -> false;
    }
    List<String> matched = layers().stream().map(Layer::name).filter(matches).toList();
    // What cannot be computed is not left out in silence.
    Optional<String> missing = refused.keySet().stream().filter(matches).sorted().findFirst();
    if (missing.isPresent()) {
      throw Objects.requireNonNull(refused.get(missing.get()));
    }
    if (matched.isEmpty()) {
      throw new IllegalArgumentException(
          "network %s has no layer \"%s\"; near names: %s"
              .formatted(network, expression, String.join(", ", near(expression))));
    }
    return matched;
  }

  /** What an alias stands for, or nothing where it stands for none. */
  Optional<String> standsFor(String alias) {
    try {
      return Optional.of(resolve("", alias).get(0));
    } catch (IllegalArgumentException | UnsupportedModelException e) {
      return Optional.empty();
    }
  }

  private List<String> names() {
    return layers().stream().map(Layer::name).toList();
  }

  /** The input of the classifier: of the last dense layer, or of a last convolution like it. */
  private String penultimate(String network) {
    return classifier(graph.node(output), computed(), true)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    ("the output %s of network %s does not come from a classifier, so it has no"
                            + " penultimate layer; name a layer, such as %s")
                        .formatted(
                            output(),
                            network,
                            String.join(
                                ", ",
                                names().stream().skip(names().size() / 2).limit(3).toList()))))
        .inputs()
        .get(0);
  }

  /** The dense layer or convolution that a node comes from, if nothing else comes in between. */
  private Optional<Node> classifier(Node from, Set<String> computed, boolean sums) {
    Node node = from;
    while (true) {
      if (node instanceof Node.Dense) {
        return Optional.of(node);
      }
      if (node instanceof Node.Convolution convolution) {
        // One number a filter and image at the output: a classifier in the form of a convolution.
        boolean single = length(graph.shape(output)) == convolution.weights().size(0);
        return single ? Optional.of(node) : Optional.empty();
      }
      // A constant that is added or multiplied with leads nowhere.
      List<String> inputs = node.inputs().stream().filter(computed::contains).distinct().toList();
      if (inputs.size() == 1) {
        node = graph.node(inputs.get(0));
      } else {
        return sums && node instanceof Node.Add ? last(inputs, computed) : Optional.empty();
      }
    }
  }

  /** Of classifiers that are summed, such as one for each of two tokens, the last. */
  private Optional<Node> last(List<String> summands, Set<String> computed) {
    Set<String> classifiers = new HashSet<>();
    for (String summand : summands) {
      // Sums of sums are shortcuts around blocks, and lead to no classifier.
      Optional<Node> one = classifier(graph.node(summand), computed, false);
      if (one.isEmpty()) {
        return Optional.empty();
      }
      classifiers.add(one.get().name());
    }
    return graph.nodes().stream()
        .filter(node -> classifiers.contains(node.name()))
        .reduce((first, second) -> second);
  }

  /** The nodes whose outputs depend on the images. */
  private Set<String> computed() {
    Set<String> computed = new HashSet<>();
    for (Node node : graph.nodes()) {
      if (node instanceof Node.Input || node.inputs().stream().anyMatch(computed::contains)) {
        computed.add(node.name());
      }
    }
    return computed;
  }

  /** The output before a last softmax or sigmoid, whatever form it is brought into afterwards. */
  private String logits() {
    Node node = graph.node(output);
    while (!squashes(node)) {
      boolean form =
          node instanceof Node.Reshape
              || node instanceof Node.Transpose
              || (node instanceof Node.Activation a && a.function() == Function.LOG);
      if (!form) {
        return output;
      }
      node = graph.node(node.inputs().get(0));
    }
    String logits = node.inputs().get(0);
    // A step that only brings the logits into form for the softmax has no name of the file's.
    while (hidden.contains(logits) && graph.node(logits) instanceof Node.Reshape reshape) {
      logits = reshape.input();
    }
    return logits;
  }

  private static boolean squashes(Node node) {
    return node instanceof Node.Softmax
        || (node instanceof Node.Activation a && a.function() == Function.SIGMOID);
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
