package io.metamer.model;

import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What names stand for, in networks [3, 4, 4] made node by node. */
final class TranslationTest {

  private static final Class<? extends Exception> ILLEGAL = IllegalArgumentException.class;

  private final GraphBuilder graph = new GraphBuilder();

  TranslationTest() {
    graph.add(new Node.Input("x", new long[] {3, 4, 4}));
  }

  @Test
  void penultimate_isTheLastDenseLayersInput_throughWhatFollowsIt() {
    pooled();
    graph.step(dense("product", "features", 5, 3));
    graph.add(bias("scores", "product", 5));
    graph.add(new Node.Reshape("row", "scores", new long[] {1, 5}));
    graph.add(new Node.Softmax("probabilities", "row", 1));
    graph.add(new Node.Reshape("y", "probabilities", new long[] {5}));
    assertEquals("features", one(graph.build("y"), "penultimate"));
    assertEquals("row", one(graph.build("y"), "logits"));
  }

  @Test
  void penultimate_ofAClassifierThatIsAConvolution_isItsInput() {
    graph.add(new Node.Activation("map", "x", Function.RELU));
    graph.add(convolution("scores", "map", 5, 3));
    graph.add(new Node.Activation("relu", "scores", Function.RELU));
    graph.add(new Node.Reduce("mean", "relu", Reduction.MEAN, new int[] {1, 2}));
    graph.add(new Node.Reshape("y", "mean", new long[] {5}));
    assertEquals("map", one(graph.build("y"), "penultimate"));
    assertEquals("y", one(graph.build("y"), "logits"));
  }

  @Test
  void penultimate_ofAClassifierOfTokens_isItsInput() {
    graph.add(new Node.Reshape("maps", "x", new long[] {3, 16}));
    graph.add(new Node.Transpose("tokens", "maps", new int[] {1, 0}));
    graph.add(dense("scores", "tokens", 5, 3));
    graph.add(new Node.Reduce("y", "scores", Reduction.MEAN, new int[] {0}));
    assertEquals("tokens", one(graph.build("y"), "penultimate"));
  }

  @Test
  void penultimate_behindConstants_isFound() {
    pooled();
    graph.add(dense("product", "features", 5, 3));
    graph.add(new Node.Constant("b", Nd4j.ones(DataType.DOUBLE, 5)));
    graph.add(new Node.Add("sum", List.of("product", "b")));
    graph.add(new Node.Multiply("y", List.of("b", "sum")));
    assertEquals("features", one(graph.build("y"), "penultimate"));
  }

  @Test
  void penultimate_ofClassifiersThatAreSummed_isTheLastOnesInput() {
    pooled();
    graph.add(new Node.Activation("other", "features", Function.TANH));
    graph.add(dense("a", "features", 5, 3));
    graph.add(dense("b", "other", 5, 3));
    graph.add(new Node.Add("sum", List.of("b", "a")));
    graph.add(bias("y", "sum", 5));
    assertEquals("other", one(graph.build("y"), "penultimate"));
  }

  @Test
  void penultimate_whereABlockMeetsItsShortcut_isNone() {
    pooled();
    graph.add(dense("a", "features", 3, 3));
    graph.add(new Node.Add("one", List.of("a", "features")));
    graph.add(dense("b", "one", 3, 3));
    graph.add(new Node.Add("y", List.of("b", "one")));
    assertRefused(
        ILLEGAL,
        () -> one(graph.build("y"), "penultimate"),
        "the output y of network net does not come from a classifier",
        "such as ");
  }

  @Test
  void logits_beforeAStepOfTheSoftmaxs_areTheLayer() {
    pooled();
    graph.step(new Node.Reshape("y/flat", "features", new long[] {1, 3}));
    graph.add(new Node.Softmax("y", "y/flat", 1));
    assertEquals("features", one(graph.build("y"), "logits"));
  }

  @Test
  void logits_ofALogSoftmaxOrSigmoid_areItsInput() {
    pooled();
    graph.add(new Node.Softmax("log", "features", 0, true));
    assertEquals("features", one(graph.build("log"), "logits"));
    graph.add(new Node.Activation("sigmoid", "features", Function.SIGMOID));
    assertEquals("features", one(graph.build("sigmoid"), "logits"));
    graph.add(new Node.Softmax("p", "features", 0));
    graph.add(new Node.Activation("log p", "p", Function.LOG));
    assertEquals("features", one(graph.build("log p"), "logits"));
  }

  @Test
  void logits_withoutAnyOfThese_areTheOutput() {
    pooled();
    graph.add(new Node.Activation("y", "features", Function.TANH));
    assertEquals("y", one(graph.build("y"), "logits"));
  }

  @Test
  void regularExpressions_standForAllLayersThatTheyMatchWhole_inOrder() {
    pooled();
    graph.add(new Node.Activation("relu2", "features", Function.RELU));
    graph.step(new Node.Activation("relu3", "relu2", Function.RELU));
    graph.add(new Node.Activation("relu10", "relu3", Function.RELU));
    Translation net = graph.build("relu10");
    assertEquals("\"relu2\", \"relu10\"", one(net, "relu[0-9]+"));
    assertEquals("relu10", one(net, ".*10"));
    assertRefused(ILLEGAL, () -> one(net, "elu2"), "no layer \"elu2\"; near names: relu2");
    assertRefused(ILLEGAL, () -> one(net, "relu("), "no layer \"relu(\"; near names: relu2");
    assertEquals(
        "\"features\", 0.5 * \"relu2\", 0.5 * \"relu10\"",
        net.resolve("net", LayerSelection.of("features").and("relu.*", 0.5)).toString());
  }

  @Test
  void names_comeBeforeRegularExpressions() {
    graph.add(new Node.Activation("a.b", "x", Function.RELU));
    graph.add(new Node.Activation("aab", "a.b", Function.RELU));
    assertEquals("a.b", one(graph.build("aab"), "a.b"));
  }

  @Test
  void layers_twice_areRefused() {
    pooled();
    Translation net = graph.build("features");
    assertRefused(
        ILLEGAL,
        () -> net.resolve("net", LayerSelection.of("features").and("feat.*")),
        "each layer once, got features twice");
  }

  @Test
  void whatIsRefused_throwsItsReason_alsoWhereAnExpressionMatchesIt() {
    UnsupportedModelException reason = new UnsupportedModelException("no");
    pooled();
    Translation net = graph.build("top", Map.of("top", reason, "features2", reason));
    for (String name : List.of("top", "penultimate", "logits", "features.*", "t.p")) {
      assertSame(reason, assertThrows(UnsupportedModelException.class, () -> one(net, name)), name);
    }
    assertEquals("features", one(net, "features"));
  }

  @Test
  void kinds_areTheFieldsWords() {
    graph.add(convolution("convolution", "x", 3, 3));
    graph.add(
        new Node.Convolution(
            "depthwise convolution",
            "x",
            Nd4j.ones(3, 1, 1, 1),
            null,
            new int[] {1, 1},
            new int[4],
            new int[] {1, 1},
            3));
    graph.add(
        new Node.Deconvolution(
            "transposed convolution",
            "x",
            Nd4j.ones(3, 2, 1, 1),
            null,
            new int[] {1, 1},
            new int[4],
            new int[2],
            new int[] {1, 1},
            1));
    graph.add(new Node.Reduce("global average pool", "x", Reduction.MEAN, new int[] {1, 2}));
    graph.add(new Node.Reduce("global max pool", "x", Reduction.MAX, new int[] {1, 2}));
    graph.add(new Node.Reduce("mean over channels", "x", Reduction.MEAN, new int[] {0}));
    graph.add(new Node.Reduce("sum over rows and columns", "x", Reduction.SUM, new int[] {1, 2}));
    graph.add(new Node.Standardize("instance normalization", "x", new int[] {1, 2}, 1e-5));
    graph.add(new Node.AxisProduct("linear along rows", "x", 1, Nd4j.ones(2, 4)));
    graph.add(new Node.MatrixProduct("matrix product", "x", "x"));
    graph.add(new Node.Activation("leaky relu", "x", Function.LEAKY_RELU, 0.1, 0));
    graph.add(new Node.Activation("error function", "x", Function.ERF));
    graph.add(new Node.Add("sum", List.of("x", "x")));
    graph.add(new Node.Multiply("product", List.of("x", "x")));
    graph.add(new Node.Concat("concatenation", List.of("x", "x"), 0));
    graph.add(new Node.Transpose("transpose", "x", new int[] {0, 2, 1}));
    graph.add(new Node.Reshape("reshape", "x", new long[] {12, 4}));
    graph.add(new Node.Softmax("log softmax", "x", 0, true));
    graph.add(new Node.Reshape("flatten", "x", new long[] {48}));
    graph.add(new Node.Reduce("norm over axis 0", "flatten", Reduction.L2, new int[] {0}));
    graph.add(new Node.Standardize("layer normalization", "flatten", new int[] {0}, 1e-5));
    graph.add(dense("dense", "flatten", 2, 48));
    for (Layer layer : graph.build("dense").layers()) {
      assertEquals(layer.name(), layer.kind());
    }
  }

  @Test
  void kinds_ofLayersOfSeveralNodes_areTheirNames() {
    GraphBuilder.Tensor x = new GraphBuilder.Tensor("x", new long[] {3, 4, 4});
    Composites layers = new Composites(graph);
    INDArray ones = Nd4j.ones(DataType.DOUBLE, 3);
    layers.gelu("gelu", x);
    layers.hardSwish("hard swish", x);
    layers.swish("swish", x, 1);
    layers.selu("selu", x, 1, 1);
    layers.prelu("prelu", x, ones);
    layers.difference("difference", x, x);
    layers.localResponse("local response normalization", x, 3, 1, 1, 1);
    layers.groupNormalization("group normalization", x, 1, 1e-5, ones, null);
    layers.standardized("instance normalization", x, new int[] {1, 2}, 1e-5, ones, ones);
    layers.standardized("layer normalization", x, new int[] {2}, 1e-5, null, null);
    List<Layer> listed = graph.build("layer normalization").layers();
    assertEquals(10, listed.size());
    for (Layer layer : listed) {
      assertEquals(layer.name(), layer.kind());
    }
  }

  @Test
  void parameters_areTheNodesAndThoseOfStepsTowardsIt_sharedOnesOnce() {
    pooled();
    graph.step(dense("product", "features", 5, 3));
    graph.add(bias("scores", "product", 5));
    Node.Dense shared = new Node.Dense("a", "scores", Nd4j.ones(5, 5), Nd4j.ones(5));
    graph.add(shared);
    graph.add(new Node.Dense("b", "a", shared.weights(), null));
    graph.add(new Node.Constant("token", Nd4j.ones(5)));
    graph.add(new Node.Add("y", List.of("b", "token")));
    assertEquals(
        List.of(0L, 0L, 5L * 3 + 10, 30L, 0L, 5L),
        graph.build("y").layers().stream().map(Layer::parameters).toList());
  }

  private void pooled() {
    graph.add(new Node.Reduce("pool", "x", Reduction.MEAN, new int[] {1, 2}));
    graph.add(new Node.Reshape("features", "pool", new long[] {3}));
  }

  private static String one(Translation translation, String name) {
    return translation.resolve("net", LayerSelection.of(name)).toString();
  }

  private static Node dense(String name, String input, int out, int in) {
    return new Node.Dense(name, input, Nd4j.ones(DataType.DOUBLE, out, in), null);
  }

  private static Node bias(String name, String input, int size) {
    return new Node.Affine(
        name, input, Nd4j.ones(DataType.DOUBLE, size), Nd4j.ones(DataType.DOUBLE, size));
  }

  private static Node convolution(String name, String input, int out, int in) {
    return new Node.Convolution(
        name,
        input,
        Nd4j.ones(DataType.DOUBLE, out, in, 1, 1),
        null,
        new int[] {1, 1},
        new int[4],
        new int[] {1, 1},
        1);
  }
}
