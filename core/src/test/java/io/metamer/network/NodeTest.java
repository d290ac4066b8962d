package io.metamer.network;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static io.metamer.network.Networks.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Pool.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every kind of node: its value against plain loops, its gradient against central differences. */
final class NodeTest {

  private static final int BATCH = 3;

  static Stream<Named<Graph>> graphs() {
    List<Graph> graphs = new ArrayList<>();
    // Kernel, stride, pads, dilation, groups, channels in and out.
    int[][][] convolutions = {
      {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, {1, 4, 6}},
      {{3, 3}, {1, 1}, {0, 0, 0, 0}, {1, 1}, {1, 4, 6}},
      {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, {1, 4, 6}},
      {{3, 3}, {2, 2}, {0, 0, 1, 1}, {1, 1}, {1, 4, 6}},
      {{3, 2}, {1, 2}, {2, 0, 1, 1}, {1, 1}, {1, 4, 6}},
      {{5, 3}, {3, 2}, {1, 2, 0, 1}, {1, 1}, {1, 4, 6}},
      {{1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}, {1, 4, 6}},
      {{1, 1}, {2, 2}, {0, 0, 0, 0}, {1, 1}, {1, 4, 6}},
      {{1, 1}, {1, 1}, {1, 1, 1, 1}, {1, 1}, {1, 4, 6}},
      {{2, 2}, {3, 3}, {0, 0, 0, 0}, {1, 1}, {1, 4, 6}},
      {{3, 3}, {1, 1}, {2, 2, 2, 2}, {2, 2}, {1, 4, 6}},
      {{3, 2}, {2, 1}, {1, 0, 2, 3}, {2, 3}, {1, 4, 6}},
      {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, {2, 4, 6}},
      {{3, 3}, {2, 2}, {1, 0, 1, 1}, {1, 1}, {2, 4, 6}},
      {{3, 3}, {1, 2}, {2, 2, 2, 2}, {2, 2}, {2, 4, 6}},
      {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, {4, 4, 8}},
      {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, {6, 6, 6}},
      {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, {6, 6, 6}},
      {{3, 3}, {2, 3}, {0, 1, 1, 2}, {1, 1}, {6, 6, 6}},
      {{3, 3}, {1, 2}, {2, 1, 2, 2}, {2, 2}, {6, 6, 6}},
      {{1, 1}, {1, 1}, {1, 1, 1, 1}, {1, 1}, {6, 6, 6}},
      {{7, 7}, {1, 1}, {3, 3, 3, 3}, {1, 1}, {1, 4, 6}},
    };
    for (int[][] c : convolutions) {
      int groups = c[4][0];
      int in = c[4][1];
      int out = c[4][2];
      for (boolean bias : new boolean[] {true, false}) {
        graphs.add(
            single(
                new long[] {in, 7, 8},
                Networks.convolution(
                    "node",
                    "x",
                    noise(4, out, in / groups, c[0][0], c[0][1]),
                    bias ? noise(5, out) : null,
                    c[1],
                    c[2],
                    c[3],
                    groups)));
      }
    }
    graphs.add(single(new long[] {7}, new Node.Dense("node", "x", noise(1, 4, 7), noise(2, 4))));
    graphs.add(single(new long[] {7}, new Node.Dense("node", "x", noise(1, 1, 7), null)));
    for (long[] shape : new long[][] {{4, 5, 3}, {4}}) {
      graphs.add(single(shape, new Node.Affine("node", "x", noise(1, 4), noise(2, 4))));
      graphs.add(single(shape, new Node.Affine("node", "x", noise(1, 1), noise(2, 4))));
      graphs.add(single(shape, new Node.Affine("node", "x", noise(1, 4), noise(2, 1))));
      for (Node.Activation activation :
          List.of(
              new Node.Activation("node", "x", Function.RELU, 0, 0),
              new Node.Activation("node", "x", Function.LEAKY_RELU, 0.2, 0),
              new Node.Activation("node", "x", Function.LEAKY_RELU, -0.2, 0),
              new Node.Activation("node", "x", Function.LEAKY_RELU, 0, 0),
              new Node.Activation("node", "x", Function.LEAKY_RELU, 1.5, 0),
              new Node.Activation("node", "x", Function.ELU, 1, 0),
              new Node.Activation("node", "x", Function.ELU, 0.7, 0),
              new Node.Activation("node", "x", Function.CLIP, -0.4, 0.8),
              new Node.Activation("node", "x", Function.CLIP, 0, 6),
              new Node.Activation("node", "x", Function.CLIP, Double.NEGATIVE_INFINITY, 0.5),
              new Node.Activation("node", "x", Function.SIGMOID, 0, 0),
              new Node.Activation("node", "x", Function.TANH, 0, 0))) {
        graphs.add(single(shape, activation));
      }
    }
    // Kernel, stride, pads.
    int[][][] pools = {
      {{2, 2}, {2, 2}, {0, 0, 0, 0}},
      {{3, 3}, {2, 2}, {1, 1, 1, 1}},
      {{3, 3}, {1, 1}, {1, 1, 1, 1}},
      {{3, 2}, {2, 3}, {1, 0, 2, 1}},
      {{2, 3}, {3, 2}, {0, 2, 1, 0}},
      {{1, 1}, {2, 2}, {0, 0, 0, 0}},
      {{2, 2}, {3, 3}, {1, 1, 1, 1}},
    };
    for (int[][] p : pools) {
      for (boolean ceil : new boolean[] {true, false}) {
        for (int kind = 0; kind < 3; kind++) {
          graphs.add(
              single(
                  new long[] {3, 7, 8},
                  new Node.Pool(
                      "node",
                      "x",
                      kind == 0 ? Kind.MAX : Kind.AVERAGE,
                      p[0],
                      p[1],
                      p[2],
                      ceil,
                      kind == 2)));
        }
      }
    }
    for (Kind kind : Kind.values()) {
      graphs.add(
          single(new long[] {3, 4, 5}, new Node.Reduce("node", "x", kind, new int[] {1, 2})));
    }
    graphs.add(single(new long[] {3, 4, 2}, new Node.Reshape("node", "x", new long[] {24})));
    graphs.add(single(new long[] {6, 2}, new Node.Reshape("node", "x", new long[] {3, 2, 2})));
    for (int axis = 0; axis < 3; axis++) {
      graphs.add(single(new long[] {3, 4, 2}, new Node.Softmax("node", "x", axis)));
    }
    graphs.add(single(new long[] {5}, new Node.Softmax("node", "x", 0)));
    // Nodes that read several arrays, some of them the same and some broadcast.
    for (List<String> reads :
        List.of(
            List.of("x", "a"),
            List.of("a", "b"),
            List.of("a", "a"),
            List.of("a", "b", "x"),
            List.of("c", "b", "c"),
            List.of("a", "small"),
            List.of("small", "x", "small", "row", "a"))) {
      graphs.add(several(new Node.Add("node", reads)));
      graphs.add(several(new Node.Multiply("node", reads)));
    }
    for (int axis = 0; axis < 3; axis++) {
      graphs.add(several(new Node.Concat("node", List.of("x", "a"), axis)));
      graphs.add(several(new Node.Concat("node", List.of("b", "x", "b"), axis)));
    }
    graphs.add(several(new Node.Concat("node", List.of("x", "wide", "a"), 0)));
    return graphs.stream().map(graph -> Named.of(graph.node("node").toString(), graph));
  }

  private static Graph single(long[] shape, Node node) {
    return new Graph(List.of(new Node.Input("x", shape), node), List.of("node"));
  }

  /** The node after others that give it arrays of several shapes. */
  private static Graph several(Node node) {
    return new Graph(
            List.of(
                new Node.Input("x", new long[] {3, 4, 5}),
                Networks.affine("a", "x", 3),
                new Node.Activation("b", "x", Function.TANH, 0, 0),
                Networks.convolution("c", "b", 3, 3, 3, 1, 1),
                Networks.convolution("wide", "x", 3, 4, 1, 1, 0),
                new Node.Reduce("small", "a", Node.Reduce.Reduction.MEAN, new int[] {1, 2}),
                Networks.convolution("narrow", "x", 3, 1, 1, 1, 0),
                new Node.Pool(
                    "row",
                    "narrow",
                    Kind.AVERAGE,
                    new int[] {4, 1},
                    new int[] {1, 1},
                    new int[4],
                    false,
                    false),
                node),
            List.of("node"))
        .upTo(List.of("node"));
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void forward_inDouble_agreesWithPlainLoops(Graph graph) {
    INDArray x = batch(graph);
    try (CompiledNetwork network = Engine.preferred().compile(graph, BATCH, DataType.DOUBLE)) {
      INDArray y = network.forward(x).get(0);
      long[] shape = graph.shape("node");
      assertArrayEquals(shape, Arrays.copyOfRange(y.shape(), 1, y.rank()));
      for (int i = 0; i < BATCH; i++) {
        assertClose(expected(graph, flat(x, i)), flat(y, i), 1e-12, 1e-12);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void backward_inDouble_agreesWithCentralDifferences(Graph graph) {
    INDArray x = batch(graph);
    try (CompiledNetwork network = Engine.preferred().compile(graph, BATCH, DataType.DOUBLE)) {
      INDArray cotangent = noise(8, network.forward(x).get(0).shape());
      INDArray gradient = network.backward(List.of(cotangent)).dup('c');
      assertArrayEquals(x.shape(), gradient.shape());
      INDArray differences = Nd4j.create(DataType.DOUBLE, x.shape());
      double h = 1e-5;
      for (long j = 0; j < x.length() / BATCH; j++) {
        // Examples are independent: one element of each moves at once.
        INDArray above = values(network, moved(x, j, h), cotangent);
        INDArray below = values(network, moved(x, j, -h), cotangent);
        differences
            .reshape(BATCH, x.length() / BATCH)
            .putColumn((int) j, above.sub(below).div(2 * h));
      }
      assertCloseInNorm(differences, gradient, 1e-6);
    }
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void bothWays_inFloat_agreeWithDouble(Graph graph) {
    INDArray x = batch(graph);
    try (CompiledNetwork wide = Engine.preferred().compile(graph, BATCH, DataType.DOUBLE);
        CompiledNetwork narrow = Engine.preferred().compile(graph, BATCH, DataType.FLOAT)) {
      INDArray y = wide.forward(x).get(0);
      assertCloseInNorm(y, narrow.forward(x.castTo(DataType.FLOAT)).get(0), 1e-5);
      INDArray cotangent = noise(8, y.shape());
      assertCloseInNorm(
          wide.backward(List.of(cotangent)),
          narrow.backward(List.of(cotangent.castTo(DataType.FLOAT))),
          1e-4);
    }
  }

  private static INDArray batch(Graph graph) {
    long[] shape = graph.inputShape();
    long[] batched = new long[shape.length + 1];
    batched[0] = BATCH;
    System.arraycopy(shape, 0, batched, 1, shape.length);
    return noise(3, batched);
  }

  private static double[] flat(INDArray batch, int i) {
    return batch.dup('c').reshape(BATCH, batch.length() / BATCH).getRow(i).toDoubleVector();
  }

  private static double[] expected(Graph graph, double[] x) {
    Map<String, double[]> values = new HashMap<>();
    for (Node node : graph.nodes()) {
      values.put(
          node.name(),
          node instanceof Node.Input
              ? x
              : Reference.compute(
                  node,
                  node.inputs().stream().map(values::get).toList(),
                  node.inputs().stream().map(graph::shape).toList(),
                  graph.shape(node.name())));
    }
    return Objects.requireNonNull(values.get("node"));
  }

  private static INDArray moved(INDArray x, long j, double by) {
    INDArray result = x.dup('c');
    INDArray rows = result.reshape(BATCH, x.length() / BATCH);
    for (int i = 0; i < BATCH; i++) {
      rows.putScalar(i, j, rows.getDouble(i, j) + by);
    }
    return result;
  }

  private static INDArray values(CompiledNetwork network, INDArray x, INDArray cotangent) {
    INDArray products = network.forward(x).get(0).mul(cotangent);
    return products.dup('c').reshape(BATCH, products.length() / BATCH).sum(1);
  }
}
