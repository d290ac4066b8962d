package io.metamer.network;

import io.metamer.network.Node.Activation.Function;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An immutable frozen network: nodes in an order in which each comes after those it reads, and the
 * names of those whose outputs are wanted.
 *
 * @since 0.1
 */
public final class Graph {

  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final List<String> outputs;
  private final Simplification.Joined joined;
  private volatile @Nullable Graph simplified;

  /**
   * Checks that the nodes fit together.
   *
   * @param nodes the nodes; the first and only the first is the {@link Node.Input}
   * @param outputs names of nodes, all different, at least one
   * @throws IllegalArgumentException if a name is taken twice, a node reads one that does not come
   *     before it, a node cannot read the shape it is given, or an output is not a node; the
   *     message names the node
   */
  public Graph(List<? extends Node> nodes, List<String> outputs) {
    this(nodes, outputs, new Simplification.Joined());
  }

  private Graph(List<? extends Node> nodes, List<String> outputs, Simplification.Joined joined) {
    this.joined = joined;
    for (Node node : nodes) {
      if (node instanceof Node.Input != this.nodes.isEmpty()) {
        throw new IllegalArgumentException(
            "expected the first node and only the first to be the input, got node '%s'"
                .formatted(node.name()));
      }
      List<long[]> inputs = new ArrayList<>();
      for (String input : node.inputs()) {
        long[] shape = shapes.get(input);
        if (shape == null) {
          throw new IllegalArgumentException(
              "node '%s' reads '%s', which does not come before it".formatted(node.name(), input));
        }
        inputs.add(shape);
      }
      if (this.nodes.put(node.name(), node) != null) {
        throw new IllegalArgumentException(
            "expected names to be unique, got two nodes '%s'".formatted(node.name()));
      }
      shapes.put(node.name(), node.outputShape(inputs));
    }
    if (outputs.isEmpty() || new HashSet<>(outputs).size() != outputs.size()) {
      throw new IllegalArgumentException(
          "expected one or more different outputs, got %s".formatted(outputs));
    }
    for (String output : outputs) {
      node(output);
    }
    this.outputs = List.copyOf(outputs);
  }

  /**
   * The nodes.
   *
   * @return each after those it reads; the first is the {@link Node.Input}; not to be changed
   */
  public List<Node> nodes() {
    return List.copyOf(nodes.values());
  }

  /**
   * Whose outputs are wanted.
   *
   * @return names of nodes
   */
  public List<String> outputs() {
    return outputs;
  }

  /**
   * The node of a name.
   *
   * @param name of a node
   * @return the node
   * @throws IllegalArgumentException if there is none
   */
  public Node node(String name) {
    Node node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException(
          "expected one of the nodes %s, got '%s'".formatted(nodes.keySet(), name));
    }
    return node;
  }

  /**
   * The shape of a node's output.
   *
   * @param name of a node
   * @return of one example
   * @throws IllegalArgumentException if there is no such node
   */
  public long[] shape(String name) {
    return Objects.requireNonNull(shapes.get(node(name).name())).clone();
  }

  /**
   * The shape of what enters the network.
   *
   * @return of one example
   */
  public long[] inputShape() {
    return shapes.values().iterator().next().clone();
  }

  /**
   * The part of the network that some outputs need.
   *
   * @param outputs names of nodes, all different, at least one
   * @return with these outputs, in this order, and no node that does not lead to one of them but
   *     the input
   * @throws IllegalArgumentException if there is no such node
   */
  public Graph upTo(List<String> outputs) {
    Set<String> needed = new HashSet<>(nodes.keySet().stream().limit(1).toList());
    Deque<String> open = new ArrayDeque<>(outputs);
    while (!open.isEmpty()) {
      String name = open.pop();
      if (needed.add(name)) {
        open.addAll(node(name).inputs());
      }
    }
    return new Graph(
        nodes.values().stream().filter(node -> needed.contains(node.name())).toList(),
        outputs,
        joined);
  }

  /**
   * The same function with another derivative: the last ReLU on the way to an output lets gradients
   * through everywhere, as {@link Node.Activation.Function#FAKE_RELU} does.
   *
   * @param output the name of a node
   * @return with the same nodes otherwise, and the same outputs
   * @throws IllegalArgumentException if there is no such node, or no ReLU leads to it or is it
   */
  public Graph withFakeRelu(String output) {
    List<Node> changed = new ArrayList<>(nodes.values());
    List<Node> leading = upTo(List.of(output)).nodes();
    for (int i = leading.size() - 1; i >= 0; i--) {
      if (leading.get(i) instanceof Node.Activation relu && relu.function() == Function.RELU) {
        Node fake = new Node.Activation(relu.name(), relu.input(), Function.FAKE_RELU);
        changed.replaceAll(node -> node == relu ? fake : node);
        return new Graph(changed, outputs, joined);
      }
    }
    throw new IllegalArgumentException(
        "expected an output that a ReLU leads to, got '%s'".formatted(output));
  }

  /**
   * The same function with fewer nodes. What leads to no output is dropped. Where only one node
   * reads another, which is no output, they are joined: an {@link Node.Affine} with the
   * convolution, deconvolution, dense or affine node before it; zeros around a map with the
   * convolution or mean after it; transpositions with one another, and with the dense node that
   * reads them flattened. Outputs keep their names.
   *
   * @return computed once; the weights of nodes that did not change are shared, and so are those of
   *     joined nodes between graphs that come from one another
   */
  public Graph simplified() {
    Graph result = simplified;
    if (result == null) {
      try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        result = new Graph(Simplification.of(upTo(outputs), joined), outputs, joined);
      }
      result.simplified = result;
      simplified = result;
    }
    return result;
  }
}
