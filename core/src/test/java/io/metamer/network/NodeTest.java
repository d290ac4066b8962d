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
      {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, {18, 18, 36}},
      {{3, 3}, {2, 1}, {1, 1, 1, 0}, {1, 1}, {10, 20, 10}},
      {{2, 2}, {1, 1}, {1, 0, 0, 0}, {1, 1}, {32, 32, 32}},
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
    // Kernel, stride, pads, output padding, dilation, groups, channels in and out.
    int[][][] deconvolutions = {
      {{3, 3}, {1, 1}, {1, 1, 1, 1}, {0, 0}, {1, 1}, {1, 4, 6}},
      {{3, 3}, {1, 1}, {0, 0, 0, 0}, {0, 0}, {1, 1}, {1, 4, 6}},
      {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, {1, 1}, {1, 4, 6}},
      {{2, 2}, {2, 2}, {0, 0, 0, 0}, {0, 0}, {1, 1}, {1, 4, 6}},
      {{4, 4}, {2, 2}, {1, 1, 1, 1}, {0, 0}, {1, 1}, {1, 4, 6}},
      {{3, 2}, {2, 3}, {0, 1, 2, 0}, {0, 1}, {1, 1}, {1, 4, 6}},
      {{2, 2}, {3, 3}, {0, 0, 0, 0}, {2, 1}, {1, 1}, {1, 4, 6}},
      {{1, 1}, {2, 2}, {0, 0, 0, 0}, {1, 0}, {1, 1}, {1, 4, 6}},
      {{3, 3}, {1, 1}, {2, 2, 2, 2}, {0, 0}, {2, 2}, {1, 4, 6}},
      {{3, 2}, {2, 1}, {1, 0, 2, 1}, {1, 2}, {2, 3}, {1, 4, 6}},
      {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, {1, 1}, {2, 4, 6}},
      {{3, 3}, {2, 1}, {1, 2, 1, 1}, {0, 1}, {1, 2}, {2, 4, 6}},
      {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, {1, 1}, {6, 6, 6}},
      {{4, 4}, {2, 2}, {1, 1, 1, 1}, {0, 0}, {1, 1}, {6, 6, 6}},
      {{3, 3}, {1, 2}, {1, 0, 2, 1}, {0, 1}, {2, 1}, {6, 6, 6}},
      {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, {1, 1}, {18, 18, 36}},
    };
    for (int[][] d : deconvolutions) {
      int groups = d[5][0];
      for (boolean bias : new boolean[] {true, false}) {
        graphs.add(
            single(
                new long[] {d[5][1], 4, 5},
                new Node.Deconvolution(
                    "node",
                    "x",
                    noise(4, d[5][1], d[5][2] / groups, d[0][0], d[0][1]),
                    bias ? noise(5, d[5][2]) : null,
                    d[1],
                    d[2],
                    d[3],
                    d[4],
                    groups)));
      }
    }
    graphs.add(single(new long[] {7}, new Node.Dense("node", "x", noise(1, 4, 7), noise(2, 4))));
    graphs.add(single(new long[] {7}, new Node.Dense("node", "x", noise(1, 1, 7), null)));
    for (long[] shape : new long[][] {{4, 5, 3}, {4}}) {
      graphs.add(single(shape, new Node.Affine("node", "x", noise(1, 4), noise(2, 4))));
      graphs.add(single(shape, new Node.Affine("node", "x", noise(1, 1), noise(2, 4))));
      graphs.add(single(shape, new Node.Affine("node", "x", noise(1, 4), noise(2, 1))));
      graphs.add(single(shape, new Node.Affine("node", "x", Nd4j.ones(1), noise(2, 4))));
      graphs.add(single(shape, new Node.Affine("node", "x", noise(1, 4), Nd4j.zeros(1))));
      graphs.add(single(shape, new Node.Affine("node", "x", Nd4j.ones(4), Nd4j.zeros(1))));
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
              new Node.Activation("node", "x", Function.TANH, 0, 0),
              new Node.Activation("node", "x", Function.SOFTPLUS),
              new Node.Activation("node", "x", Function.ERF),
              new Node.Activation("node", "x", Function.EXP),
              new Node.Activation("node", "x", Function.ABS),
              new Node.Activation("node", "x", Function.POWER, 2, 0),
              new Node.Activation("node", "x", Function.POWER, 3, 0))) {
        graphs.add(single(shape, activation));
      }
    }
    // Kernel, stride, pads, dilation.
    int[][][] pools = {
      {{2, 2}, {2, 2}, {0, 0, 0, 0}, {1, 1}},
      {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}},
      {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}},
      {{3, 2}, {2, 3}, {1, 0, 2, 1}, {1, 1}},
      {{2, 3}, {3, 2}, {0, 2, 1, 0}, {1, 1}},
      {{1, 1}, {2, 2}, {0, 0, 0, 0}, {1, 1}},
      {{2, 2}, {3, 3}, {1, 1, 1, 1}, {1, 1}},
      {{3, 3}, {1, 1}, {0, 0, 0, 0}, {2, 2}},
      {{3, 2}, {2, 1}, {2, 1, 1, 3}, {2, 3}},
      {{2, 3}, {1, 2}, {2, 2, 2, 2}, {3, 1}},
    };
    for (int[][] p : pools) {
      for (boolean ceil : new boolean[] {true, false}) {
        for (int kind = 0; kind < (p[3][0] == 1 && p[3][1] == 1 ? 3 : 1); kind++) {
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
                      p[3],
                      ceil,
                      kind == 2)));
        }
      }
    }
    for (Node.Reduce.Reduction reduction : Node.Reduce.Reduction.values()) {
      for (int[] axes : new int[][] {{1, 2}, {0}, {1}, {2}, {0, 1}, {0, 2}, {0, 1, 2}}) {
        graphs.add(single(new long[] {3, 4, 5}, new Node.Reduce("node", "x", reduction, axes)));
      }
      graphs.add(single(new long[] {6}, new Node.Reduce("node", "x", reduction, new int[] {0})));
      graphs.add(
          single(
              new long[] {2, 3, 4, 5}, new Node.Reduce("node", "x", reduction, new int[] {0, 2})));
    }
    graphs.add(single(new long[] {3, 4, 2}, new Node.Reshape("node", "x", new long[] {24})));
    graphs.add(single(new long[] {6, 2}, new Node.Reshape("node", "x", new long[] {3, 2, 2})));
    for (int axis = 0; axis < 3; axis++) {
      graphs.add(single(new long[] {3, 4, 2}, new Node.Softmax("node", "x", axis)));
    }
    graphs.add(single(new long[] {5}, new Node.Softmax("node", "x", 0)));
    for (int axis = 0; axis < 3; axis++) {
      graphs.add(single(new long[] {3, 4, 2}, new Node.Softmax("node", "x", axis, true)));
    }
    for (int axis = 0; axis < 4; axis++) {
      graphs.add(single(new long[] {3, 4, 2, 3}, new Node.Softmax("node", "x", axis)));
    }
    graphs.add(single(new long[] {5}, new Node.Softmax("node", "x", 0, true)));
    graphs.add(single(new long[] {1, 4}, new Node.Softmax("node", "x", 0)));
    for (long[] shape : new long[][] {{3, 7}, {1, 7}, {2, 3, 7}, {2, 1, 3, 7}}) {
      graphs.add(single(shape, new Node.Dense("node", "x", noise(1, 4, 7), noise(2, 4))));
      graphs.add(single(shape, new Node.Dense("node", "x", noise(1, 1, 7), null)));
    }
    for (long[] shape : new long[][] {{4}, {4, 4}, {3, 4, 5}, {4, 2, 3, 4}}) {
      for (int axis = 0; axis < shape.length; axis++) {
        for (long size : new long[] {1, 7}) {
          INDArray matrix = noise(1, size, shape[axis]);
          graphs.add(single(shape, new Node.AxisProduct("node", "x", axis, matrix)));
        }
      }
    }
    // Broadcast scales and shifts.
    for (long[] scale : new long[][] {{1, 4, 1}, {3, 1, 5}, {1, 1, 1}, {3, 4, 5}, {1, 1, 5}}) {
      graphs.add(
          single(
              new long[] {3, 4, 5},
              new Node.Affine("node", "x", noise(1, scale), noise(2, 3, 1, 1))));
      graphs.add(
          single(new long[] {3, 4, 5}, new Node.Affine("node", "x", noise(1, 1), noise(2, scale))));
    }
    // Start, size, step.
    long[][][] slices = {
      {{0, 0, 0}, {4, 5, 6}, {1, 1, 1}},
      {{1, 0, 0}, {2, 5, 6}, {1, 1, 1}},
      {{0, 1, 2}, {4, 3, 3}, {1, 1, 1}},
      {{0, 0, 1}, {4, 3, 2}, {1, 2, 3}},
      {{3, 0, 0}, {1, 5, 6}, {1, 1, 1}},
      {{1, 4, 5}, {2, 1, 1}, {2, 3, 1}},
      {{0, 2, 0}, {2, 1, 3}, {3, 1, 2}},
    };
    for (long[][] s : slices) {
      graphs.add(single(new long[] {4, 5, 6}, new Node.Slice("node", "x", s[0], s[1], s[2])));
    }
    graphs.add(
        single(
            new long[] {7},
            new Node.Slice("node", "x", new long[] {1}, new long[] {3}, new long[] {2})));
    graphs.add(
        single(
            new long[] {3, 4},
            new Node.Pad("node", "x", new long[] {0, 1}, new long[] {2, 0}, 0.5)));
    graphs.add(
        single(
            new long[] {3, 4, 5},
            new Node.Pad("node", "x", new long[] {0, 1, 2}, new long[] {0, 2, 0}, 0)));
    graphs.add(
        single(new long[] {3}, new Node.Pad("node", "x", new long[] {1}, new long[] {2}, -2)));
    for (int[] axes : new int[][] {{1, 0}, {0, 1}}) {
      graphs.add(single(new long[] {3, 4}, new Node.Transpose("node", "x", axes)));
    }
    for (int[] axes : new int[][] {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {0, 2, 1}, {2, 1, 0}}) {
      graphs.add(single(new long[] {3, 4, 5}, new Node.Transpose("node", "x", axes)));
    }
    graphs.add(
        single(
            new long[] {2, 3, 4, 5, 2},
            new Node.Transpose("node", "x", new int[] {4, 0, 3, 2, 1})));
    for (int[] axes : new int[][] {{0}, {1}, {2}, {1, 2}, {0, 1, 2}, {0, 2}}) {
      graphs.add(single(new long[] {3, 4, 5}, new Node.Standardize("node", "x", axes, 1e-3)));
    }
    graphs.add(single(new long[] {7}, new Node.Standardize("node", "x", new int[] {0}, 1e-5)));
    // Nodes that read several arrays, some of them the same and some broadcast.
    for (List<String> reads :
        List.of(
            List.of("x", "a"),
            List.of("a", "b"),
            List.of("a", "a"),
            List.of("a", "b", "x"),
            List.of("c", "b", "c"),
            List.of("a", "small"),
            List.of("small", "a"),
            List.of("row", "small"),
            List.of("small", "row"),
            List.of("edge", "small"),
            List.of("edge", "a"),
            List.of("a", "double"),
            List.of("constant", "small"),
            List.of("constant", "a", "double"),
            List.of("small", "x", "small", "row", "a"))) {
      graphs.add(several(new Node.Add("node", reads)));
      graphs.add(several(new Node.Multiply("node", reads)));
      if (reads.size() == 2) {
        graphs.add(several(new Node.Maximum("node", reads.get(0), reads.get(1))));
      }
    }
    for (Node.Activation activation :
        List.of(
            new Node.Activation("node", "positive", Function.LOG),
            new Node.Activation("node", "positive", Function.SQRT),
            new Node.Activation("node", "positive", Function.RECIPROCAL),
            new Node.Activation("node", "positive", Function.POWER, -0.75, 0),
            new Node.Activation("node", "positive", Function.POWER, 2.5, 0),
            new Node.Activation("node", "positive", Function.POWER, 1, 0))) {
      graphs.add(several(activation));
    }
    graphs.add(several(new Node.MatrixProduct("node", "a", "turned")));
    graphs.add(several(new Node.MatrixProduct("node", "turned", "b")));
    graphs.add(several(new Node.MatrixProduct("node", "constant", "turned")));
    graphs.add(several(new Node.MatrixProduct("node", "a", "fixed")));
    for (int axis = 0; axis < 3; axis++) {
      graphs.add(several(new Node.Concat("node", List.of("x", "a"), axis)));
      graphs.add(several(new Node.Concat("node", List.of("b", "x", "b"), axis)));
    }
    graphs.add(several(new Node.Concat("node", List.of("x", "wide", "a"), 0)));
    graphs.add(several(new Node.Maximum("node", "x", "x")));
    graphs.add(several(new Node.Multiply("node", List.of("x", "x"))));
    graphs.add(several(new Node.Concat("node", List.of("constant", "x", "x"), 1)));
    graphs.add(shared("row", "column", "a"));
    graphs.add(shared("a", "row", "column", "row"));
    graphs.add(shared("column", "a"));
    return graphs.stream().map(graph -> Named.of(graph.node("node").toString(), graph));
  }

  /** Parts of an array and the whole, added up in some order. */
  private static Graph shared(String... terms) {
    return new Graph(
            List.of(
                new Node.Input("x", new long[] {3, 4, 5}),
                new Node.Activation("a", "x", Function.TANH),
                new Node.Slice(
                    "row", "a", new long[] {0, 1, 0}, new long[] {3, 1, 5}, new long[] {1, 1, 1}),
                new Node.Slice(
                    "column",
                    "a",
                    new long[] {0, 0, 1},
                    new long[] {3, 4, 1},
                    new long[] {1, 1, 2}),
                new Node.Maximum("most", "row", "column"),
                new Node.Multiply("product", List.of(terms[0], terms[1])),
                new Node.Add(
                    "node",
                    Stream.concat(Stream.of("most", "product"), Stream.of(terms)).toList())),
            List.of("node"))
        .upTo(List.of("node"));
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
                    new int[] {1, 1},
                    false,
                    false),
                new Node.Constant("constant", noise(9, 3, 4, 5)),
                new Node.Constant("edge", noise(10, 1, 4, 1)),
                new Node.Activation("double", "constant", Function.EXP),
                new Node.Activation("positive", "x", Function.EXP),
                new Node.Transpose("turned", "a", new int[] {0, 2, 1}),
                new Node.Transpose("fixed", "constant", new int[] {0, 2, 1}),
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
