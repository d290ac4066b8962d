package io.metamer.onednn;

import io.metamer.network.CompiledNetwork;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A node that another engine computes, as a network of its own. */
final class Fallback implements Operation {

  private final Node node;
  private final Graph graph;
  private final int batch;
  private final List<String> read;
  private final long[] shape;
  private final Engine engine;
  private final OneDnnNetwork.Others others;
  private @Nullable CompiledNetwork network;

  /**
   * @param whole the graph that the node is a node of
   * @param varying the values that depend on the input; the others become part of the network
   */
  Fallback(
      Node node,
      Graph whole,
      int batch,
      Set<String> varying,
      Engine engine,
      OneDnnNetwork.Others others) {
    this.node = node;
    this.batch = batch;
    this.engine = engine;
    this.others = others;
    read =
        List.copyOf(new LinkedHashSet<>(node.inputs().stream().filter(varying::contains).toList()));
    List<Node> nodes = new ArrayList<>();
    if (read.size() == 1) {
      shape = whole.shape(read.get(0));
      nodes.add(new Node.Input(read.get(0), shape));
    } else {
      shape = new long[] {read.stream().mapToLong(name -> Layouts.length(whole.shape(name))).sum()};
      nodes.addAll(parts(whole));
    }
    List<String> constants =
        node.inputs().stream().filter(name -> !varying.contains(name)).distinct().toList();
    if (!constants.isEmpty()) {
      nodes.addAll(whole.upTo(constants).nodes().stream().skip(1).toList());
    }
    nodes.add(node);
    graph = new Graph(nodes, List.of(node.name()));
    others.names().add(node.name());
  }

  /** One input that holds all that is read, each part cut out under its own name. */
  private List<Node> parts(Graph whole) {
    String joined = "all that '%s' reads".formatted(node.name());
    List<Node> nodes = new ArrayList<>();
    nodes.add(new Node.Input(joined, shape));
    long start = 0;
    for (String name : read) {
      long length = Layouts.length(whole.shape(name));
      String part = "elements of '%s'".formatted(name);
      nodes.add(
          new Node.Slice(part, joined, new long[] {start}, new long[] {length}, new long[] {1}));
      nodes.add(new Node.Reshape(name, part, whole.shape(name)));
      start += length;
    }
    return nodes;
  }

  @Override
  public Tensor forward(List<Tensor> x, Tape tape) {
    CompiledNetwork network = engine.compile(graph, batch, DataType.FLOAT);
    this.network = network;
    others.networks().add(network);
    INDArray input = tape.array(Layouts.batched(batch, shape));
    List<Tensor> parts = parts(input);
    for (int i = 0; i < read.size(); i++) {
      tape.copy(x.get(node.inputs().indexOf(read.get(i))), parts.get(i));
    }
    INDArray result = network.forward(input).get(0);
    Tensor y = Arena.in(result, Layouts.batched(batch, graph.shape(node.name())));
    List<Tensor> used = new ArrayList<>(parts);
    used.add(y);
    tape.run(() -> store(network.forward(input).get(0), result), used);
    return y;
  }

  @Override
  public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
    CompiledNetwork network = Objects.requireNonNull(this.network);
    INDArray cotangent = turn.tape().array(y.shape());
    Tensor g = Arena.in(cotangent, y.shape());
    turn.tape().copy(turn.gradient(), g);
    INDArray gradient = network.backward(List.of(cotangent));
    List<Tensor> parts = parts(gradient);
    List<Tensor> used = new ArrayList<>(parts);
    used.add(g);
    turn.tape().run(() -> store(network.backward(List.of(cotangent)), gradient), used);
    for (int i = 0; i < read.size(); i++) {
      turn.give(node.inputs().indexOf(read.get(i)), parts.get(i));
    }
  }

  /** The numbers of each value in an array that holds all. */
  private List<Tensor> parts(INDArray array) {
    Tensor all = Arena.in(array, Layouts.batched(batch, shape));
    if (read.size() == 1) {
      return List.of(all);
    }
    List<Tensor> parts = new ArrayList<>();
    long start = 0;
    for (String name : read) {
      long[] part = Layouts.batched(batch, graph.shape(name));
      long[] strides = Layouts.rowStrides(part);
      strides[0] = shape[0];
      parts.add(all.view(part, Layouts.strided(part, strides), start * Float.BYTES));
      start += Layouts.length(graph.shape(name));
    }
    return parts;
  }

  /** The other engine gives the same array each time, but does not promise it. */
  private static void store(INDArray result, INDArray place) {
    if (result != place) {
      place.assign(result);
    }
  }
}
