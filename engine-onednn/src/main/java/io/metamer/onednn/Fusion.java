package io.metamer.onednn;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Divides a graph into units. A convolution takes in the sum that alone reads it and the ReLU that
 * alone reads that; a scale and shift takes in the ReLU.
 */
final class Fusion {

  private final Graph graph;
  private final Set<String> varying;
  private final Operations operations;
  private final Map<String, List<Node>> readers = new HashMap<>();
  private final Map<String, Integer> positions = new HashMap<>();
  private final Map<String, Unit> joined = new HashMap<>();
  private final Set<String> absorbed = new HashSet<>();

  Fusion(Graph graph, Set<String> varying, Operations operations) {
    this.graph = graph;
    this.varying = varying;
    this.operations = operations;
    for (Node node : graph.nodes()) {
      positions.put(node.name(), positions.size());
      node.inputs()
          .forEach(input -> readers.computeIfAbsent(input, key -> new ArrayList<>()).add(node));
    }
  }

  /** The units that compute what depends on the input, each after those it reads. */
  List<Unit> units() {
    List<Node> nodes =
        graph.nodes().stream()
            .filter(node -> !(node instanceof Node.Input) && varying.contains(node.name()))
            .toList();
    for (Node node : nodes) {
      if (node instanceof Node.Convolution convolution) {
        join(convolution);
      } else if (node instanceof Node.Affine affine) {
        join(affine);
      }
    }
    return nodes.stream()
        .filter(node -> !absorbed.contains(node.name()))
        .map(
            node ->
                joined.getOrDefault(
                    node.name(), new Unit(node.name(), node.inputs(), operations.of(node))))
        .toList();
  }

  private void join(Node.Convolution convolution) {
    List<String> inputs = new ArrayList<>(convolution.inputs());
    Node last = convolution;
    Node.Add sum = sum(convolution);
    if (sum != null) {
      String residual = other(sum, convolution.name());
      inputs.add(residual);
      absorbed.add(convolution.name());
      last = sum;
    }
    Node.Activation relu = relu(last);
    if (relu != null) {
      absorbed.add(last.name());
      last = relu;
    }
    if (last != convolution) {
      Operation operation =
          operations.of(convolution, sum != null, relu == null ? null : relu.function());
      joined.put(last.name(), new Unit(last.name(), inputs, operation));
    }
  }

  private void join(Node.Affine affine) {
    Node.Activation relu = relu(affine);
    if (relu != null) {
      absorbed.add(affine.name());
      Operation operation = operations.of(affine, relu.function());
      joined.put(relu.name(), new Unit(relu.name(), affine.inputs(), operation));
    }
  }

  /** The sum of the convolution and one other value of its shape, if only it reads the former. */
  private Node.@Nullable Add sum(Node.Convolution convolution) {
    if (!(sole(convolution) instanceof Node.Add sum) || sum.inputs().size() != 2) {
      return null;
    }
    String other = other(sum, convolution.name());
    boolean fits =
        varying.contains(other)
            && Arrays.equals(graph.shape(other), graph.shape(convolution.name()));
    // Of two convolutions the later one takes in the sum.
    boolean later = position(other) < position(convolution.name());
    boolean taken = graph.node(other) instanceof Node.Convolution o && sole(o) == sum;
    return fits && (later || !taken) ? sum : null;
  }

  private static String other(Node.Add sum, String name) {
    return sum.inputs().get(sum.inputs().get(0).equals(name) ? 1 : 0);
  }

  private Node.@Nullable Activation relu(Node node) {
    return sole(node) instanceof Node.Activation a
            && (a.function() == Function.RELU || a.function() == Function.FAKE_RELU)
        ? a
        : null;
  }

  /** The one node that reads another, if that is no output. */
  private @Nullable Node sole(Node node) {
    List<Node> all = readers.getOrDefault(node.name(), List.of());
    return all.size() == 1 && !graph.outputs().contains(node.name()) ? all.get(0) : null;
  }

  private int position(String name) {
    return Objects.requireNonNull(positions.get(name), name);
  }
}
