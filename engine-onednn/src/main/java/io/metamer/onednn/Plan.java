package io.metamer.onednn;

import io.metamer.network.CompiledNetwork;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Records, once for a graph and a batch size, the steps forward and back.
 *
 * <p>What does not depend on the input is computed once, by the other engine.
 */
final class Plan {

  private final Graph graph;
  private final int batch;
  private final Engine other;
  private final Arena arena = new Arena();
  private final OneDnnNetwork.Others others = new OneDnnNetwork.Others();
  private final Set<String> varying = new HashSet<>();
  private final Map<String, Tensor> values = new HashMap<>();
  private final List<Unit> units;

  // Each node that is left to the other engine costs copies to it and back. Where these are many,
  // as in transformers, they cost more than oneDNN saves.
  private static final int MANY = 16;
  private static final double SHARE = 0.2;

  Plan(Graph graph, int batch, Layouts layouts, Engine other) {
    this.graph = graph;
    this.batch = batch;
    this.other = other;
    for (Node node : graph.nodes()) {
      if (node instanceof Node.Input || node.inputs().stream().anyMatch(varying::contains)) {
        varying.add(node.name());
      }
    }
    Operations operations = new Operations(graph, batch, layouts, varying, other, others);
    units = new Fusion(graph, varying, operations).units();
  }

  /** Whether so much is left to the other engine that it had better run the whole. */
  boolean mostlyOthers() {
    return others.names().size() > MANY && others.names().size() > SHARE * units.size();
  }

  CompiledNetwork network() {
    Node input = graph.nodes().get(0);
    Tensor x = Arena.foreign(shape(input.name()));
    constants();
    values.put(input.name(), x);
    Tape forward = new Tape(arena);
    for (Unit unit : units) {
      values.put(unit.name(), unit.operation().forward(inputs(unit), forward));
    }
    List<INDArray> outputs =
        graph.outputs().stream().map(name -> inArray(value(name), forward)).toList();

    arena.turnBack();
    Tape backward = new Tape(arena);
    Gradients gradients = new Gradients(backward, varying);
    List<OneDnnNetwork.Entry> cotangents = new ArrayList<>();
    for (String output : graph.outputs()) {
      Tensor cotangent = Arena.foreign(shape(output));
      cotangents.add(new OneDnnNetwork.Entry(cotangent, false));
      if (varying.contains(output)) {
        gradients.contribute(output, cotangent);
      }
    }
    for (int i = units.size() - 1; i >= 0; i--) {
      Unit unit = units.get(i);
      gradients.turn(
          unit, turn -> unit.operation().backward(inputs(unit), value(unit.name()), turn));
    }
    Tensor gradient = gradients.complete(input.name());
    INDArray result =
        gradient == null ? arena.array(shape(input.name())) : inArray(gradient, backward);
    OneDnnNetwork.Entry entry = new OneDnnNetwork.Entry(x, arena.neededBack(x));
    arena.allocate();
    return new OneDnnNetwork(arena, entry, forward, outputs, cotangents, backward, result, others);
  }

  /** Computes what does not depend on the input and is read by what does, or wanted. */
  private void constants() {
    Set<String> wanted = new HashSet<>();
    units.forEach(unit -> wanted.addAll(unit.inputs()));
    wanted.addAll(graph.outputs());
    wanted.removeAll(varying);
    if (wanted.isEmpty()) {
      return;
    }
    List<String> names = List.copyOf(wanted);
    CompiledNetwork network = other.compile(graph.upTo(names), batch, DataType.FLOAT);
    others.networks().add(network);
    String input = graph.nodes().get(0).name();
    List<INDArray> arrays = network.forward(Nd4j.create(DataType.FLOAT, shape(input)));
    for (int i = 0; i < names.size(); i++) {
      values.put(names.get(i), Arena.in(arrays.get(i), shape(names.get(i))));
    }
  }

  /** The array that the numbers are in, or are copied to. */
  private INDArray inArray(Tensor tensor, Tape tape) {
    INDArray array = arena.moveToArray(tensor);
    if (array == null) {
      Tensor copy = tape.take(tensor.shape(), Layouts.plain(tensor.shape()));
      tape.copy(tensor, copy);
      array = Objects.requireNonNull(arena.moveToArray(copy));
    }
    return array;
  }

  private List<Tensor> inputs(Unit unit) {
    return unit.inputs().stream().map(this::value).toList();
  }

  private Tensor value(String name) {
    return Objects.requireNonNull(values.get(name), name);
  }

  private long[] shape(String name) {
    return Layouts.batched(batch, graph.shape(name));
  }
}
