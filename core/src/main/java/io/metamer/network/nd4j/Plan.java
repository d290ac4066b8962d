package io.metamer.network.nd4j;

import io.metamer.network.CompiledNetwork;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.nd4j.Arena.Slot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Decides, once for a graph and a batch size, in which memory each value and each gradient lies,
 * and records the steps forward and back.
 *
 * <p>A value keeps its slot until the last node has read it; to the end if it is an output or the
 * way back needs it. Elementwise nodes overwrite what nobody else reads; a reshape shares. What
 * does not depend on the input is computed once.
 */
final class Plan {

  private final Graph graph;
  private final Operations operations;
  private final Arena arena;
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, Slot> slots = new HashMap<>();
  private final Map<String, Integer> reads = new HashMap<>();
  private final Set<String> varying = new HashSet<>();

  Plan(Graph graph, long batch, DataType type) {
    this.graph = graph;
    operations = new Operations(graph, type);
    arena = new Arena(type);
    for (Node node : graph.nodes()) {
      shapes.put(node.name(), batched(batch, graph.shape(node.name())));
      node.inputs().forEach(input -> reads.merge(input, 1, Integer::sum));
      if (node instanceof Node.Input || node.inputs().stream().anyMatch(varying::contains)) {
        varying.add(node.name());
      } else {
        keep(node.name());
      }
    }
    graph.outputs().forEach(this::keep);
    for (Node node : graph.nodes()) {
      Operation operation = operations.of(node);
      if (operation.needsInputs()) {
        node.inputs().forEach(this::keep);
      }
      if (operation.needsOutput()) {
        keep(node.name());
      }
    }
  }

  CompiledNetwork network() {
    List<Node> nodes = graph.nodes();
    try (Tape once = new Tape(arena)) {
      for (Node node : nodes) {
        if (!varying.contains(node.name())) {
          compute(node, once);
        }
      }
      once.run();
    }
    Node input = nodes.get(0);
    slots.put(input.name(), arena.take(shape(input.name())));
    INDArray x = array(input.name());
    Tape forward = new Tape(arena);
    for (Node node : nodes.subList(1, nodes.size())) {
      if (varying.contains(node.name())) {
        compute(node, forward);
      }
    }
    List<INDArray> outputs = graph.outputs().stream().map(this::array).toList();

    Tape backward = new Tape(arena);
    Gradients gradients = new Gradients(arena, backward, shapes, varying);
    List<INDArray> cotangents = graph.outputs().stream().map(gradients::open).toList();
    for (int i = nodes.size() - 1; i > 0; i--) {
      Node node = nodes.get(i);
      if (varying.contains(node.name())) {
        gradients.turn(
            node.name(),
            node.inputs(),
            turn -> operations.of(node).backward(inputs(node), array(node.name()), turn));
      }
    }
    return new Nd4jNetwork(
        arena, x, forward, outputs, cotangents, backward, gradients.complete(input.name()));
  }

  private void compute(Node node, Tape tape) {
    Operation operation = operations.of(node);
    List<INDArray> x = new ArrayList<>(inputs(node));
    INDArray y;
    if (node instanceof Node.Reshape reshape) {
      slots.put(node.name(), slot(reshape.input()).share());
    } else {
      int overwritten = operation.inPlace() ? overwritable(node) : -1;
      if (overwritten >= 0) {
        slots.put(node.name(), slot(node.inputs().get(overwritten)).share());
        y = x.get(overwritten);
      } else {
        slots.put(node.name(), arena.take(shape(node.name())));
        y = array(node.name());
      }
      operation.forward(x, y, tape);
    }
    for (String input : node.inputs()) {
      if (reads.merge(input, -1, Integer::sum) == 0) {
        arena.release(slot(input));
      }
    }
  }

  /** The input that the node may overwrite: of the output's shape, and read by no one else. */
  private int overwritable(Node node) {
    for (int i = 0; i < node.inputs().size(); i++) {
      String input = node.inputs().get(i);
      if (Objects.equals(reads.get(input), 1)
          && slot(input).exclusive()
          && Arrays.equals(shape(input), shape(node.name()))) {
        return i;
      }
    }
    return -1;
  }

  /** One more read that never comes. */
  private void keep(String name) {
    reads.merge(name, 1, Integer::sum);
  }

  private List<INDArray> inputs(Node node) {
    return node.inputs().stream().map(this::array).toList();
  }

  private INDArray array(String name) {
    return slot(name).as(shape(name));
  }

  private Slot slot(String name) {
    return Objects.requireNonNull(slots.get(name), name);
  }

  private long[] shape(String name) {
    return Objects.requireNonNull(shapes.get(name), name);
  }

  private static long[] batched(long batch, long[] shape) {
    long[] result = new long[shape.length + 1];
    result[0] = batch;
    System.arraycopy(shape, 0, result, 1, shape.length);
    return result;
  }
}
