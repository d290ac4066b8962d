package io.metamer.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Pool.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class GraphTest {

  private static final Node.Input X = new Node.Input("x", new long[] {3, 8, 8});
  private static final int[] ONE = {1, 1};
  private static final int[] NONE = {0, 0, 0, 0};

  @Test
  void shapes_ofAResidualNetwork_areInferred() {
    Graph graph = Networks.residual(List.of("logits"));
    assertArrayEquals(new long[] {3, 8, 8}, graph.inputShape());
    assertArrayEquals(new long[] {6, 8, 8}, graph.shape("a"));
    assertArrayEquals(new long[] {8, 4, 4}, graph.shape("b"));
    assertArrayEquals(new long[] {8, 1, 1}, graph.shape("pooled"));
    assertArrayEquals(new long[] {5}, graph.shape("logits"));
  }

  @Test
  void ceil_countsALastWindowOnlyIfItStartsBeforeThePaddingAfter() {
    // PyTorch's MaxPool2d(2, 2, padding=1, ceil_mode=True) on 5 rows: 3; MaxPool2d(3, 2) on 8
    // columns: 4 with ceil_mode, 3 without.
    assertArrayEquals(new long[] {1, 3, 3}, pooled(5, 2, 2, 1, true));
    assertArrayEquals(new long[] {1, 4, 4}, pooled(8, 3, 2, 0, true));
    assertArrayEquals(new long[] {1, 3, 3}, pooled(8, 3, 2, 0, false));
    // A fourth window of MaxPool2d(1, 2, ceil_mode=True) on 6 would start beyond the map.
    assertArrayEquals(new long[] {1, 3, 3}, pooled(6, 1, 2, 0, true));
  }

  private static long[] pooled(long size, int kernel, int stride, int pad, boolean ceil) {
    return new Node.Pool(
            "p",
            "x",
            Kind.MAX,
            new int[] {kernel, kernel},
            new int[] {stride, stride},
            new int[] {pad, pad, pad, pad},
            ONE,
            ceil,
            false)
        .outputShape(List.of(new long[] {1, size, size}));
  }

  @Test
  void upTo_keepsWhatLeadsToTheOutputs_inTheirOrder() {
    Graph part = Networks.residual(List.of("logits")).upTo(List.of("b.sum", "a1"));
    assertEquals(List.of("b.sum", "a1"), part.outputs());
    List<String> names = part.nodes().stream().map(Node::name).toList();
    assertTrue(names.containsAll(List.of("image", "a1", "a", "bs", "b.sum")));
    assertFalse(names.contains("b"));
    assertFalse(names.contains("logits"));
    assertThrows(IllegalArgumentException.class, () -> part.node("logits"));
  }

  @Test
  void simplified_foldsNormalization_intoTheConvolutionBeforeIt() {
    Graph graph = Networks.residual(List.of("logits"));
    Graph simplified = graph.simplified();
    List<Node> affine =
        simplified.nodes().stream().filter(node -> node instanceof Node.Affine).toList();
    assertEquals(List.of("normal"), affine.stream().map(Node::name).toList());
    assertTrue(simplified.node("a2.bn") instanceof Node.Convolution);
    assertThrows(IllegalArgumentException.class, () -> simplified.node("a2"));
    assertSame(simplified, graph.simplified());
    assertSame(simplified, simplified.simplified());
  }

  @Test
  void simplified_keepsWhatOthersReadAndWhatIsWanted() {
    Graph graph =
        new Graph(
            List.of(
                X,
                Networks.convolution("wanted", "x", 3, 3, 3, 1, 1),
                Networks.affine("a", "wanted", 3),
                Networks.convolution("read", "a", 3, 3, 3, 1, 1),
                Networks.affine("b", "read", 3),
                new Node.Add("sum", List.of("b", "read"))),
            List.of("sum", "wanted"));
    Graph simplified = graph.simplified();
    assertTrue(simplified.node("a") instanceof Node.Affine);
    assertTrue(simplified.node("b") instanceof Node.Affine);
    assertEquals(graph.nodes(), simplified.nodes());
  }

  @Test
  void simplified_foldsChainsAndDense() {
    Graph graph =
        new Graph(
            List.of(
                new Node.Input("x", new long[] {4}),
                Networks.affine("a", "x", 4),
                Networks.affine("b", "a", 1),
                Networks.affine("c", "b", 4),
                Networks.dense("d", "c", 4, 3),
                Networks.affine("e", "d", 3),
                Networks.affine("f", "e", 1)),
            List.of("f"));
    List<String> names = graph.simplified().nodes().stream().map(Node::name).toList();
    assertEquals(List.of("x", "c", "f"), names);
    assertTrue(graph.simplified().node("f") instanceof Node.Dense);
  }

  @Test
  void fakeRelu_isTheLastThatLeadsToTheOutput() {
    Graph graph = Networks.residual(List.of("logits", "a.sum"));
    Graph fake = graph.withFakeRelu("logits");
    assertEquals(graph.outputs(), fake.outputs());
    for (Node node : graph.nodes()) {
      if (!node.name().equals("b")) {
        assertSame(node, fake.node(node.name()));
      }
    }
    assertEquals(new Node.Activation("b", "b.sum", Function.FAKE_RELU), fake.node("b"));
    assertEquals(
        new Node.Activation("stem.relu", "stem.bn", Function.FAKE_RELU),
        graph.withFakeRelu("stem.relu").node("stem.relu"));
    assertEquals(
        new Node.Activation("a1.relu", "a1.bn", Function.FAKE_RELU),
        graph.withFakeRelu("a.sum").node("a1.relu"));
  }

  @Test
  void fakeRelu_whereNoneLeadsToTheOutput_isRefused() {
    Graph graph = Networks.residual(List.of("logits"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> graph.withFakeRelu("stem.bn"))
            .getMessage();
    assertEquals("expected an output that a ReLU leads to, got 'stem.bn'", message);
  }

  static Stream<Arguments> misfits() {
    INDArray weights = Networks.noise(1, 4, 3, 3, 3);
    INDArray four = Networks.noise(1, 4);
    INDArray square = Networks.noise(1, 2, 2);
    return Stream.of(
        wrong("first node", List.of(Networks.relu("r", "x"))),
        wrong("node 'y'", List.of(X, new Node.Input("y", new long[] {1}))),
        wrong("two nodes 'x'", List.of(X, Networks.relu("x", "x"))),
        wrong("'r' reads 'late'", List.of(X, Networks.relu("r", "late"))),
        wrong(
            "'c': expected an input of [2, H, W], got [3, 8, 8]",
            List.of(X, Networks.convolution("c", "x", 2, 2, 3, 1, 1))),
        wrong(
            "'c': expected an input of a map that its kernel, 9",
            List.of(X, Networks.convolution("c", "x", 3, 2, 9, 1, 0))),
        wrong(
            "'d': expected an input of [..., 4], got [3, 8, 8]",
            List.of(X, Networks.dense("d", "x", 4, 2))),
        wrong(
            "'a': expected an input of a shape that [4] broadcasts to, got [3, 8, 8]",
            List.of(X, Networks.affine("a", "x", 4))),
        wrong(
            "'p': expected an input of a map that its kernel, 9",
            List.of(X, Networks.pool("p", "x", Kind.MAX, 9, 1, 0))),
        wrong(
            "'p': expected an input of [C, H, W], got [192]",
            List.of(
                X,
                new Node.Reshape("f", "x", new long[] {192}),
                Networks.pool("p", "f", Kind.MAX, 2, 1, 0))),
        wrong(
            "'p': expected an input of a shape with an axis 1, got [192]",
            List.of(
                X,
                new Node.Reshape("f", "x", new long[] {192}),
                new Node.Reduce("p", "f", Node.Reduce.Reduction.MAX, new int[] {1, 2}))),
        wrong(
            "'s': expected shapes that broadcast to one another, got [3, 8, 8], [192]",
            List.of(
                X,
                new Node.Reshape("f", "x", new long[] {192}),
                new Node.Add("s", List.of("x", "f")))),
        wrong(
            "'s': expected shapes that broadcast to one another, got [3, 8, 8], [3, 3, 3]",
            List.of(
                X,
                Networks.pool("p", "x", Kind.MAX, 3, 2, 0),
                new Node.Multiply("s", List.of("x", "p")))),
        wrong(
            "'j': expected shapes that differ along axis 0 only, got [3, 8, 8], [3, 3, 3]",
            List.of(
                X,
                Networks.pool("p", "x", Kind.MAX, 3, 2, 0),
                new Node.Concat("j", List.of("x", "p"), 0))),
        wrong(
            "'j': expected an input of a shape with an axis 3",
            List.of(X, new Node.Concat("j", List.of("x", "x"), 3))),
        wrong(
            "'f': expected an input of as many elements as [191], got [3, 8, 8]",
            List.of(X, new Node.Reshape("f", "x", new long[] {191}))),
        wrong(
            "'f': expected an input of as many elements",
            List.of(X, new Node.Reshape("f", "x", new long[] {-1, -192}))),
        wrong(
            "'s': expected an input of a shape with an axis -1",
            List.of(X, new Node.Softmax("s", "x", -1))),
        Arguments.of(
            "node 'x': expected a shape", (Runnable) () -> new Node.Input("x", new long[0])),
        Arguments.of(
            "node 'x': expected a shape",
            (Runnable) () -> new Node.Input("x", new long[] {3, 0, 8})),
        Arguments.of(
            "weights [O, C / groups, kH, kW]",
            (Runnable) () -> convolution(square, four, ONE, NONE, ONE, 1)),
        Arguments.of("groups = 3", (Runnable) () -> convolution(weights, four, ONE, NONE, ONE, 3)),
        Arguments.of("groups = 0", (Runnable) () -> convolution(weights, four, ONE, NONE, ONE, 0)),
        Arguments.of(
            "a bias of shape [4]",
            (Runnable) () -> convolution(weights, square, ONE, NONE, ONE, 1)),
        Arguments.of(
            "as stride",
            (Runnable) () -> convolution(weights, four, new int[] {0, 1}, NONE, ONE, 1)),
        Arguments.of("as pads", (Runnable) () -> convolution(weights, four, ONE, ONE, ONE, 1)),
        Arguments.of(
            "as dilation", (Runnable) () -> convolution(weights, four, ONE, NONE, NONE, 1)),
        Arguments.of("weights [O, D]", (Runnable) () -> new Node.Dense("d", "x", four, null)),
        Arguments.of(
            "scale and shift of one or more axes",
            (Runnable) () -> new Node.Affine("a", "x", four, Nd4j.scalar(1.0))),
        Arguments.of(
            "bounds alpha < beta",
            (Runnable) () -> new Node.Activation("c", "x", Function.CLIP, 1, Double.NaN)),
        Arguments.of(
            "a finite alpha",
            (Runnable) () -> new Node.Activation("c", "x", Function.ELU, Double.NaN, 0)),
        Arguments.of(
            "pads below the extent of kernel [2, 2], got [2, 2, 2, 2]",
            (Runnable) () -> Networks.pool("p", "x", Kind.MAX, 2, 2, 2)),
        Arguments.of(
            "node 'd': expected finite weights",
            (Runnable) () -> new Node.Dense("d", "x", numbers(1, Double.NaN), null)),
        Arguments.of(
            "node 'c': expected finite weights",
            (Runnable)
                () ->
                    convolution(
                        numbers(1, 2).reshape(1, 2, 1, 1),
                        numbers(Double.POSITIVE_INFINITY).reshape(1),
                        ONE,
                        NONE,
                        ONE,
                        1)),
        Arguments.of(
            "node 'a': expected finite weights",
            (Runnable)
                () ->
                    new Node.Affine(
                        "a", "x", numbers(1).reshape(1), numbers(Double.NaN).reshape(1))),
        Arguments.of("two or more inputs", (Runnable) () -> new Node.Add("s", List.of("x"))));
  }

  private static INDArray numbers(double... row) {
    return Nd4j.createFromArray(new double[][] {row});
  }

  private static Arguments wrong(String message, List<Node> nodes) {
    return Arguments.of(
        message, (Runnable) () -> new Graph(nodes, List.of(nodes.get(nodes.size() - 1).name())));
  }

  private static void convolution(
      INDArray weights, INDArray bias, int[] stride, int[] pads, int[] dilation, int groups) {
    Networks.convolution("c", "x", weights, bias, stride, pads, dilation, groups);
  }

  @ParameterizedTest
  @MethodSource("misfits")
  void construction_ofWhatDoesNotFit_namesTheNode(String message, Runnable construction) {
    String got =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, construction::run).getMessage());
    assertTrue(got.contains(message), got);
  }

  @Test
  void outputs_thatAreNone_twiceOrUnknown_areRefused() {
    List<Node> nodes = new ArrayList<>(List.of(X, Networks.relu("r", "x")));
    for (List<String> outputs : Arrays.asList(List.of("r", "r"), List.<String>of())) {
      assertThrows(IllegalArgumentException.class, () -> new Graph(nodes, outputs));
    }
    String message =
        assertThrows(IllegalArgumentException.class, () -> new Graph(nodes, List.of("q")))
            .getMessage();
    assertEquals("expected one of the nodes [x, r], got 'q'", message);
  }
}
