package io.metamer.network;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
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
        nodes.values().stream().filter(node -> needed.contains(node.name())).toList(), outputs);
  }

  /**
   * The same function with fewer nodes: what leads to no output is dropped, and an {@link
   * Node.Affine} is folded into the convolution, dense or affine node that only it reads. Outputs
   * keep their names.
   *
   * @return computed once; the weights of nodes that did not change are shared
   */
  public Graph simplified() {
    Graph result = simplified;
    if (result == null) {
      try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        result = upTo(outputs).folded();
      }
      result.simplified = result;
      simplified = result;
    }
    return result;
  }

  private Graph folded() {
    Map<String, Integer> readers = new LinkedHashMap<>();
    nodes.values().forEach(n -> n.inputs().forEach(i -> readers.merge(i, 1, Integer::sum)));
    Map<String, Node> kept = new LinkedHashMap<>();
    for (Node node : nodes.values()) {
      Node result = node;
      if (node instanceof Node.Affine affine
          && Objects.equals(readers.get(affine.input()), 1)
          && !outputs.contains(affine.input())) {
        result = fold(kept.get(affine.input()), affine);
        if (result != affine) {
          kept.remove(affine.input());
        }
      }
      kept.put(result.name(), result);
    }
    return new Graph(List.copyOf(kept.values()), outputs);
  }

  /** Folds an affine node into the one it reads, under the affine's name, if that is possible. */
  private static Node fold(@Nullable Node before, Node.Affine affine) {
    INDArray scale = affine.scale();
    INDArray shift = affine.shift();
    if (before instanceof Node.Convolution c) {
      long size = c.weights().size(0);
      return new Node.Convolution(
          affine.name(),
          c.input(),
          scaled(c.weights(), scale),
          moved(c.bias(), scale, shift, size, c.weights().dataType()),
          c.stride(),
          c.pads(),
          c.dilation(),
          c.groups());
    }
    if (before instanceof Node.Dense d) {
      long size = d.weights().size(0);
      return new Node.Dense(
          affine.name(),
          d.input(),
          scaled(d.weights(), scale),
          moved(d.bias(), scale, shift, size, d.weights().dataType()));
    }
    if (before instanceof Node.Affine a) {
      long size = Math.max(Math.max(a.scale().length(), a.shift().length()), scale.length());
      return new Node.Affine(
          affine.name(),
          a.input(),
          scaled(spread(a.scale(), size), scale).castTo(a.scale().dataType()),
          moved(a.shift(), scale, shift, Math.max(size, shift.length()), a.shift().dataType()));
    }
    return affine;
  }

  /** Each row of the weights times its scale, computed in double. */
  private static INDArray scaled(INDArray weights, INDArray scale) {
    long[] perRow = new long[weights.rank()];
    Arrays.fill(perRow, 1);
    perRow[0] = scale.length();
    return weights
        .castTo(DataType.DOUBLE)
        .mul(scale.castTo(DataType.DOUBLE).reshape(perRow))
        .castTo(weights.dataType());
  }

  /** bias * scale + shift, computed in double. */
  private static INDArray moved(
      @Nullable INDArray bias, INDArray scale, INDArray shift, long size, DataType type) {
    INDArray start = bias == null ? Nd4j.zeros(DataType.DOUBLE, size) : spread(bias, size);
    return start.mul(spread(scale, size)).add(spread(shift, size)).castTo(type);
  }

  /** One number an element, in double, from as many or from one for all. */
  private static INDArray spread(INDArray numbers, long size) {
    INDArray wide = numbers.castTo(DataType.DOUBLE);
    return wide.length() == size
        ? wide
        : Nd4j.valueArrayOf(new long[] {size}, wide.getDouble(0), DataType.DOUBLE);
  }
}
