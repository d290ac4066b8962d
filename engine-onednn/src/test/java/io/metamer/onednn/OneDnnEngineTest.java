package io.metamer.onednn;

import static io.metamer.contract.Close.relativeError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.metamer.network.CompiledNetwork;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.nd4j.Nd4jEngine;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What this engine has of its own; what holds for every engine is tested by core's tests. */
final class OneDnnEngineTest {

  private static final int[] ONES = {1, 1};

  private final Engine engine = new OneDnnEngine(false);

  @Test
  void preferred_withTheModule_isTheOneOfOneDnn() {
    assertEquals(List.of("onednn", "nd4j"), Engine.available().stream().map(Engine::name).toList());
    assertEquals("onednn", Engine.preferred().name());
  }

  /** On a class path without the presets of oneDNN, or without their native library. */
  @ParameterizedTest
  @ValueSource(strings = {"dnnl-.*", "dnnl-.*-x86_64"})
  void withoutTheLibrary_isPassedOver(String missing) throws Exception {
    List<URL> urls = new ArrayList<>();
    int found = 0;
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (Path.of(entry).getFileName().toString().matches(missing + "\\.jar")) {
        found++;
      } else {
        urls.add(Path.of(entry).toUri().toURL());
      }
    }
    assertTrue(found > 0, System.getProperty("java.class.path"));
    ClassLoader parent = ClassLoader.getPlatformClassLoader();
    try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), parent)) {
      Class<?> type = loader.loadClass(Engine.class.getName());
      Object preferred = type.getMethod("preferred").invoke(null);
      assertEquals("nd4j", type.getMethod("name").invoke(preferred));
      Class<?> own = loader.loadClass(OneDnnEngine.class.getName());
      Object unusable = own.getConstructor(boolean.class).newInstance(false);
      assertEquals(false, type.getMethod("usable").invoke(unusable));
    }
  }

  @Test
  void double_goesToTheOtherEngineAsAWhole() {
    Graph graph = graph(input(3, 8), convolution("c", "x", 4, 3));
    try (CompiledNetwork network = engine.compile(graph, 1, DataType.DOUBLE)) {
      assertEquals(List.of("x", "c"), network.fallbacks());
    }
    try (CompiledNetwork network = engine.compile(graph, 1, DataType.FLOAT)) {
      assertEquals(List.of(), network.fallbacks());
    }
  }

  @Test
  void nodesWithoutAPrimitive_goToTheOtherEngineOneByOne() {
    Graph graph =
        graph(
            input(3, 8),
            convolution("c", "x", 16, 3),
            new Node.Activation("e", "c", Function.ERF),
            new Node.Activation("r", "e", Function.RELU),
            new Node.Maximum("m", "r", "c"),
            convolution("d", "m", 4, 16));
    INDArray x = noise(1, 2, 3, 8, 8);
    INDArray g = noise(2, 2, 4, 8, 8);
    try (CompiledNetwork network = engine.compile(graph, 2, DataType.FLOAT);
        CompiledNetwork expected = new Nd4jEngine().compile(graph, 2, DataType.FLOAT)) {
      assertEquals(List.of("e", "m"), network.fallbacks());
      for (int run = 0; run < 2; run++) {
        INDArray y = expected.forward(x).get(0);
        assertTrue(relativeError(y, network.forward(x).get(0)) < 1e-6);
        INDArray gradient = expected.backward(List.of(g));
        assertTrue(relativeError(gradient, network.backward(List.of(g))) < 1e-6);
      }
    }
  }

  @Test
  void partsOfAFallbacksGradient_ofOneImage_keepTheirPlaces() {
    // With one image each part is in row order by itself, and a reshape takes it as it lies.
    Graph graph =
        graph(
            input(1, 2),
            new Node.Reshape("a", "x", new long[] {2, 2}),
            new Node.Activation("e", "x", Function.EXP),
            new Node.Reshape("b", "e", new long[] {2, 2}),
            new Node.MatrixProduct("p", "a", "b"));
    INDArray x = noise(1, 1, 1, 2, 2);
    INDArray g = noise(2, 1, 2, 2);
    try (CompiledNetwork network = engine.compile(graph, 1, DataType.FLOAT);
        CompiledNetwork expected = new Nd4jEngine().compile(graph, 1, DataType.FLOAT)) {
      assertEquals(List.of("p"), network.fallbacks());
      expected.forward(x);
      network.forward(x);
      INDArray gradient = expected.backward(List.of(g));
      assertTrue(relativeError(gradient, network.backward(List.of(g))) < 1e-6);
    }
  }

  @Test
  void networksThatWouldMostlyBeLeftToTheOther_goToItAsAWhole() {
    List<Node> nodes = new ArrayList<>(List.of(input(3, 8)));
    for (int i = 0; i < 20; i++) {
      nodes.add(new Node.Activation("e" + i, i == 0 ? "x" : "e" + (i - 1), Function.ERF));
    }
    try (CompiledNetwork network =
        engine.compile(new Graph(nodes, List.of("e19")), 1, DataType.FLOAT)) {
      assertEquals(nodes.stream().map(Node::name).toList(), network.fallbacks());
    }
  }

  @Test
  void input_isReadWhereItLies_orCopiedIfNeededLater() {
    // A maximum at the input needs its numbers on the way back, when the caller may have changed
    // them.
    Graph graph = graph(input(1, 4), new Node.Maximum("m", "x", "x"), relu("r", "m"));
    Graph square = graph(input(1, 4), new Node.Multiply("m", List.of("x", "x")));
    INDArray x = noise(1, 1, 1, 4, 4);
    INDArray before = x.dup();
    INDArray ones = Nd4j.ones(DataType.FLOAT, 1, 1, 4, 4);
    try (CompiledNetwork network = engine.compile(square, 1, DataType.FLOAT)) {
      network.forward(x);
      x.assign(100);
      assertEquals(before.mul(2), network.backward(List.of(ones)));
    }
    x.assign(before);
    try (CompiledNetwork network = engine.compile(graph, 1, DataType.FLOAT)) {
      network.forward(x);
      x.assign(100);
      assertEquals(before.gt(0).castTo(DataType.FLOAT), network.backward(List.of(ones)));
      assertEquals(Nd4j.ones(DataType.FLOAT, 1, 1, 4, 4), ones);
    }
  }

  @Test
  void residualSums_ofEveryKind_agreeWithTheOtherEngine() {
    // Of two convolutions, of one and its own input, of one and what is wanted as well.
    Graph graph =
        new Graph(
            List.of(
                input(3, 8),
                convolution("a", "x", 16, 3),
                convolution("b", "a", 16, 16),
                convolution("c", "a", 16, 16),
                new Node.Add("bc", List.of("c", "b")),
                relu("bc.relu", "bc"),
                convolution("d", "bc.relu", 16, 16),
                new Node.Add("dd", List.of("bc.relu", "d")),
                new Node.Activation("dd.fake", "dd", Function.FAKE_RELU),
                convolution("e", "dd.fake", 16, 16),
                new Node.Add("three", List.of("e", "dd.fake", "a")),
                new Node.Add("twice", List.of("three", "three"))),
            List.of("bc", "twice", "dd"));
    agree(graph, noise(1, 3, 3, 8, 8), 1e-5);
  }

  @Test
  void odd_channelsGroupsAndDilations_agreeWithTheOtherEngine() {
    Graph graph =
        graph(
            input(5, 12),
            convolution("a", "x", 24, 5),
            new Node.Convolution(
                "b", "a", noise(3, 24, 1, 3, 3), null, ONES, new int[] {1, 1, 1, 1}, ONES, 24),
            new Node.Convolution(
                "c",
                "b",
                noise(4, 9, 8, 3, 3),
                noise(5, 9),
                new int[] {2, 1},
                new int[] {0, 2, 1, 1},
                new int[] {1, 2},
                3),
            relu("r", "c"),
            new Node.Reduce("mean", "r", Node.Reduce.Reduction.MEAN, new int[] {1, 2}),
            new Node.Activation("gate", "mean", Function.SIGMOID),
            new Node.Multiply("scaled", List.of("gate", "r")),
            new Node.Concat("joined", List.of("scaled", "r"), 0),
            new Node.Transpose("turned", "joined", new int[] {1, 2, 0}));
    agree(graph, noise(1, 2, 5, 12, 12), 1e-5);
  }

  private void agree(Graph graph, INDArray x, double tolerance) {
    int batch = Math.toIntExact(x.size(0));
    try (CompiledNetwork network = engine.compile(graph, batch, DataType.FLOAT);
        CompiledNetwork expected = new Nd4jEngine().compile(graph, batch, DataType.FLOAT)) {
      assertEquals(List.of(), network.fallbacks());
      List<INDArray> y = expected.forward(x);
      List<INDArray> z = network.forward(x);
      List<INDArray> cotangents = new ArrayList<>();
      for (int i = 0; i < y.size(); i++) {
        assertTrue(relativeError(y.get(i), z.get(i)) < tolerance);
        cotangents.add(noise(7 + i, y.get(i).shape()));
      }
      double error = relativeError(expected.backward(cotangents), network.backward(cotangents));
      assertTrue(error < tolerance, "gradient differs by " + error);
    }
  }

  @Test
  void bfloat16_isCloseToFloat_andNotTheSame() {
    Engine rough = new OneDnnEngine(true);
    assumeTrue(rough.usable());
    assertEquals("onednn-bf16", rough.name());
    Graph graph =
        graph(
            input(3, 16),
            convolution("a", "x", 32, 3),
            relu("ar", "a"),
            convolution("b", "ar", 32, 32),
            new Node.Add("s", List.of("b", "ar")),
            relu("sr", "s"),
            new Node.Reduce("mean", "sr", Node.Reduce.Reduction.MEAN, new int[] {1, 2}),
            new Node.Reshape("flat", "mean", new long[] {32}),
            new Node.Dense("y", "flat", noise(9, 10, 32), null));
    INDArray x = noise(1, 4, 3, 16, 16);
    INDArray g = noise(2, 4, 10);
    try (CompiledNetwork exact = engine.compile(graph, 4, DataType.FLOAT);
        CompiledNetwork network = rough.compile(graph, 4, DataType.FLOAT)) {
      double value = relativeError(exact.forward(x).get(0), network.forward(x).get(0));
      // Eight significant bits: 0.4 % a number.
      assertTrue(value > 1e-6 && value < 1e-2, "value " + value);
      double slope = relativeError(exact.backward(List.of(g)), network.backward(List.of(g)));
      assertTrue(slope > 1e-6 && slope < 0.1, "gradient " + slope);
    }
  }

  @Test
  void misuse_isRefused() {
    Graph graph = graph(input(3, 8), convolution("c", "x", 4, 3));
    assertThrows(IllegalArgumentException.class, () -> engine.compile(graph, 0, DataType.FLOAT));
    assertThrows(IllegalArgumentException.class, () -> engine.compile(graph, 1, DataType.INT64));
    try (CompiledNetwork network = engine.compile(graph, 1, DataType.FLOAT)) {
      INDArray x = noise(1, 1, 3, 8, 8);
      assertThrows(IllegalStateException.class, () -> network.backward(List.of(x)));
      assertEquals(
          "expected a batch of shape [1, 3, 8, 8] and type FLOAT, got [1, 3, 8, 8] and DOUBLE",
          assertThrows(
                  IllegalArgumentException.class, () -> network.forward(x.castTo(DataType.DOUBLE)))
              .getMessage());
      network.forward(x);
      assertThrows(IllegalArgumentException.class, () -> network.backward(List.of()));
      assertThrows(IllegalArgumentException.class, () -> network.backward(List.of(x)));
      assertFalse(network.forward(x).isEmpty());
    }
  }

  private static Graph graph(Node... nodes) {
    return new Graph(List.of(nodes), List.of(nodes[nodes.length - 1].name()));
  }

  private static Node.Input input(int channels, int size) {
    return new Node.Input("x", new long[] {channels, size, size});
  }

  private static Node.Activation relu(String name, String input) {
    return new Node.Activation(name, input, Function.RELU);
  }

  private static Node.Convolution convolution(String name, String input, int out, int in) {
    return new Node.Convolution(
        name,
        input,
        noise(name.hashCode(), out, in, 3, 3).divi(3 * Math.sqrt(in)),
        noise(1 + name.hashCode(), out),
        ONES,
        new int[] {1, 1, 1, 1},
        ONES,
        1);
  }

  private static INDArray noise(long seed, long... shape) {
    Random random = new Random(seed);
    float[] numbers = new float[(int) Layouts.length(shape)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return Nd4j.createFromArray(numbers).reshape(shape);
  }
}
