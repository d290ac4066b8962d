package io.metamer.network;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static io.metamer.network.Networks.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.network.Node.Pool.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Which nodes are joined, and that joining changes nothing but rounding. */
final class SimplificationTest {

  private static final Node.Input MAP = new Node.Input("x", new long[] {4, 5, 6});

  static Stream<Arguments> graphs() {
    return Stream.of(
        joined("b", MAP, deconvolution("a", 6, 1), Networks.affine("b", "a", 6)),
        joined("b", MAP, deconvolution("a", 6, 2), Networks.affine("b", "a", 6)),
        joined("b", MAP, deconvolution("a", 4, 4), Networks.affine("b", "a", 4)),
        joined("b", MAP, deconvolution("a", 6, 2), Networks.affine("b", "a", 1)),
        joined(
            "b",
            MAP,
            Networks.convolution("a", "x", 4, 3, 3, 1, 1),
            affine("b", "a", new long[] {3, 1, 1}, new long[] {1, 1, 1})),
        kept(
            MAP,
            Networks.convolution("a", "x", 4, 3, 3, 1, 1),
            affine("b", "a", new long[] {3, 1, 1}, new long[] {1, 5, 1})),
        joined(
            "b",
            MAP,
            Networks.dense("a", "x", 6, 3),
            affine("b", "a", new long[] {1, 1, 3}, one())),
        kept(MAP, Networks.dense("a", "x", 6, 3), Networks.affine("b", "a", 4)),
        joined(
            "b",
            MAP,
            affine("a", "x", new long[] {1, 1, 6}, one()),
            affine("b", "a", one(), new long[] {1, 1, 6})),
        joined("b", MAP, affine("a", "x", one(), one()), affine("b", "a", one(), new long[] {4})),
        joined(
            "b",
            MAP,
            affine("a", "x", new long[] {4}, one()),
            affine("b", "a", new long[] {1, 1, 1}, new long[] {4, 1, 1})),
        kept(
            MAP,
            affine("a", "x", new long[] {4, 1, 1}, one()),
            affine("b", "a", new long[] {1, 1, 6}, one())),
        joined("b", MAP, pad("a", 0, 1, 0), Networks.convolution("b", "a", 4, 3, 3, 2, 0)),
        joined("b", MAP, pad("a", 0, 1, 0), Networks.convolution("b", "a", 4, 3, 3, 1, 1)),
        kept(MAP, pad("a", 0, 1, 0.5), Networks.convolution("b", "a", 4, 3, 3, 1, 0)),
        kept(MAP, pad("a", 1, 1, 0), Networks.convolution("b", "a", 5, 3, 3, 1, 0)),
        joined("b", MAP, pad("a", 0, 1, 0), pool("b", Kind.AVERAGE, 3, 0, false, false)),
        joined("b", MAP, pad("a", 0, 1, 0), pool("b", Kind.AVERAGE, 4, 1, false, true)),
        kept(MAP, pad("a", 0, 1, 0), pool("b", Kind.AVERAGE, 4, 1, false, false)),
        kept(MAP, pad("a", 0, 1, 0), pool("b", Kind.AVERAGE, 2, 0, true, false)),
        kept(MAP, pad("a", 0, 1, 0), pool("b", Kind.AVERAGE, 1, 0, false, false)),
        kept(MAP, pad("a", 0, 1, 0), pool("b", Kind.MAX, 3, 0, false, false)),
        joined("b", MAP, transpose("a", "x", 1, 2, 0), transpose("b", "a", 1, 0, 2)),
        joined("b", MAP, transpose("a", "x", 1, 2, 0), transpose("b", "a", 2, 0, 1)),
        joined(
            "c",
            MAP,
            transpose("a", "x", 1, 2, 0),
            transpose("b", "a", 2, 0, 1),
            new Node.Reshape("c", "b", new long[] {120})),
        joined(
            "b",
            MAP,
            new Node.Reshape("a", "x", new long[] {20, 6}),
            new Node.Reshape("b", "a", new long[] {2, 60})),
        Arguments.of(
            graph(
                MAP,
                transpose("a", "x", 1, 2, 0),
                new Node.Reshape("b", "a", new long[] {120}),
                Networks.dense("c", "b", 120, 3),
                Networks.affine("d", "c", 3)),
            List.of("x", "b", "d")),
        Arguments.of(
            graph(
                MAP,
                transpose("a", "x", 2, 1, 0),
                new Node.Reshape("b", "a", new long[] {1, 120}),
                Networks.dense("c", "b", 120, 3)),
            List.of("x", "b", "c")),
        kept(
            MAP,
            transpose("a", "x", 1, 2, 0),
            new Node.Reshape("b", "a", new long[] {2, 60}),
            Networks.dense("c", "b", 60, 3)),
        kept(
            MAP,
            transpose("a", "x", 1, 2, 0),
            new Node.Reshape("b", "a", new long[] {120}),
            Networks.dense("c", "b", 120, 120),
            new Node.Add("d", List.of("b", "c"))));
  }

  static Stream<Node.Convolution> onSmallMaps() {
    List<Node.Convolution> nodes = new ArrayList<>();
    for (int kernel = 1; kernel <= 5; kernel++) {
      for (int stride = 1; stride <= 3; stride++) {
        for (int[] pads : new int[][] {{0, 0, 4, 4}, {2, 1, 2, 3}, {4, 4, 0, 0}, {3, 4, 4, 4}}) {
          nodes.add(
              new Node.Convolution(
                  "y",
                  "x",
                  noise(1, 4, 2, kernel, 3),
                  noise(2, 4),
                  new int[] {stride, 4 - stride},
                  pads,
                  new int[] {1, 1},
                  2));
        }
      }
    }
    return nodes.stream();
  }

  @ParameterizedTest
  @MethodSource("onSmallMaps")
  void kernel_withoutWhatOnlyMeetsPadding_computesTheSame(Node.Convolution convolution) {
    for (long[] shape : new long[][] {{4, 1, 1}, {4, 2, 1}, {4, 3, 2}}) {
      Graph graph = new Graph(List.of(new Node.Input("x", shape), convolution), List.of("y"));
      Node.Convolution smaller = (Node.Convolution) graph.simplified().node("y");
      assertArrayEquals(graph.shape("y"), graph.simplified().shape("y"));
      assertTrue(smaller.weights().length() <= convolution.weights().length());

      INDArray x = noise(3, 2, shape[0], shape[1], shape[2]);
      double[] flat = x.slice(1).dup('c').reshape(x.length() / 2).toDoubleVector();
      try (CompiledNetwork network = Engine.preferred().compile(graph, 2, DataType.DOUBLE)) {
        INDArray y = network.forward(x).get(0);
        double[] expected =
            Reference.compute(convolution, List.of(flat), List.of(shape), graph.shape("y"));
        assertClose(
            expected, y.slice(1).dup('c').reshape(expected.length).toDoubleVector(), 1e-12, 1e-12);
      }
    }
  }

  @Test
  void kernelOfThree_onAMapOfOne_isItsMiddle() {
    Node.Convolution convolution = Networks.convolution("y", "x", 4, 5, 3, 1, 1);
    Graph graph =
        new Graph(List.of(new Node.Input("x", new long[] {4, 1, 1}), convolution), List.of("y"));
    Node.Convolution middle = (Node.Convolution) graph.simplified().node("y");

    assertArrayEquals(new long[] {5, 4, 1, 1}, middle.weights().shape());
    assertArrayEquals(new int[4], middle.pads());
    assertSame(
        middle.weights(),
        ((Node.Convolution) graph.upTo(List.of("y")).simplified().node("y")).weights());
  }

  private static Arguments joined(String name, Node... nodes) {
    return Arguments.of(graph(nodes), List.of("x", name));
  }

  private static Arguments kept(Node... nodes) {
    return Arguments.of(graph(nodes), Arrays.stream(nodes).map(Node::name).toList());
  }

  private static Named<Graph> graph(Node... nodes) {
    Graph graph = new Graph(List.of(nodes), List.of(nodes[nodes.length - 1].name()));
    return Named.of(
        String.join(", ", Arrays.stream(nodes).map(n -> n.getClass().getSimpleName()).toList()),
        graph);
  }

  private static long[] one() {
    return new long[] {1};
  }

  private static Node affine(String name, String input, long[] scale, long[] shift) {
    return new Node.Affine(name, input, noise(1, scale), noise(2, shift));
  }

  private static Node deconvolution(String name, int out, int groups) {
    return new Node.Deconvolution(
        name,
        "x",
        noise(1, 4, out / groups, 3, 3),
        noise(2, out),
        new int[] {2, 2},
        new int[] {1, 1, 1, 1},
        new int[] {1, 1},
        new int[] {1, 1},
        groups);
  }

  private static Node pad(String name, long channels, long rows, double value) {
    return new Node.Pad(name, "x", new long[] {channels, rows, 2}, new long[] {0, 2, rows}, value);
  }

  private static Node pool(
      String name, Kind kind, int kernel, int pad, boolean ceil, boolean countPadding) {
    return new Node.Pool(
        name,
        "a",
        kind,
        new int[] {kernel, kernel},
        new int[] {2, 2},
        new int[] {pad, pad, pad, pad},
        new int[] {1, 1},
        ceil,
        countPadding);
  }

  private static Node transpose(String name, String input, int... axes) {
    return new Node.Transpose(name, input, axes);
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void nodes_areJoinedWhereThatIsExact(Graph graph, List<String> expected) {
    assertEquals(expected, graph.simplified().nodes().stream().map(Node::name).toList());
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void joining_changesNothingButRounding(Graph graph, List<String> expected) {
    // Nothing can be joined where everything is wanted.
    List<String> names = graph.nodes().stream().map(Node::name).toList();
    INDArray x = noise(3, 2, 4, 5, 6);
    try (CompiledNetwork a = Engine.preferred().compile(graph, 2, DataType.DOUBLE);
        CompiledNetwork b = Engine.preferred().compile(graph.upTo(names), 2, DataType.DOUBLE)) {
      INDArray y = a.forward(x).get(0);
      List<INDArray> all = b.forward(x);
      assertClose(all.get(all.size() - 1), y, 1e-10, 1e-12);
      List<INDArray> cotangents =
          new ArrayList<>(all.stream().map(o -> Nd4j.create(DataType.DOUBLE, o.shape())).toList());
      cotangents.set(all.size() - 1, noise(4, y.shape()));
      INDArray expectedGradient = b.backward(cotangents);
      assertCloseInNorm(expectedGradient, a.backward(List.of(noise(4, y.shape()))), 1e-12);
    }
  }

  @Test
  void transpositions_thatMoveNothing_areReshapes() {
    Graph graph =
        new Graph(
            List.of(
                MAP,
                new Node.Reduce("a", "x", Node.Reduce.Reduction.MEAN, new int[] {1, 2}),
                transpose("b", "a", 1, 2, 0),
                transpose("c", "x", 0, 1, 2)),
            List.of("b", "c"));
    assertTrue(graph.simplified().node("b") instanceof Node.Reshape);
    assertTrue(graph.simplified().node("c") instanceof Node.Reshape);
  }

  @Test
  void partsOfAGraph_shareTheWeightsOfJoinedNodes() {
    Graph graph = Networks.residual(List.of("logits"));
    Graph first = graph.upTo(List.of("a")).simplified();
    Graph second = graph.upTo(List.of("logits", "b")).upTo(List.of("b")).simplified();
    for (String name : List.of("stem.bn", "a1.bn", "a2.bn")) {
      assertSame(first.node(name), second.node(name));
    }
    // Where what is joined is wanted, it stays.
    Graph third = graph.upTo(List.of("a1", "a")).simplified();
    assertSame(graph.node("a1"), third.node("a1"));
    assertNotSame(first.node("a1.bn"), third.node("a1.bn"));
  }

  @Test
  void nodes_thatSeveralRead_areKept() {
    List<Node> nodes =
        IntStream.range(0, 2)
            .mapToObj(i -> (Node) Networks.convolution("c" + i, "p", 4, 3, 3, 1, 0))
            .toList();
    Graph graph =
        new Graph(
            List.of(
                MAP,
                new Node.Pad("p", "x", new long[] {0, 1, 1}, new long[3], 0),
                nodes.get(0),
                nodes.get(1)),
            List.of("c0", "c1"));
    assertEquals(graph.nodes(), graph.simplified().nodes());
  }
}
