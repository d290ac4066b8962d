package io.metamer.onednn;

import static io.metamer.contract.Close.relativeError;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.model.Layer;
import io.metamer.model.Network;
import io.metamer.network.CompiledNetwork;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.nd4j.Nd4jEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Both engines on networks that other people trained or exported. */
@Tag("reference")
final class ReferenceNetworksTest {

  private final Engine ours = new OneDnnEngine(false);
  private final Engine other = new Nd4jEngine();

  static List<Path> files() throws IOException {
    Path folder =
        Path.of(
            Objects.requireNonNull(
                System.getProperty("metamer.reference"),
                "set -Dmetamer.reference to the folder of the reference data"));
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().matches(".*\\.(onnx|keras|h5)")).sorted().toList();
    }
  }

  /**
   * Where a ReLU's input lies within rounding of 0, or two maxima of a window within rounding of
   * each other, the engines may take different sides, and the gradients differ by what comes
   * through there. So the gradient is compared twice: of the same network with smooth functions in
   * place of those, and as it is, where the bound is wider if there are maxima or a ReLU is seen to
   * differ. The networks of the ONNX project have one number for all weights, so that what their
   * softmax hands back cancels to rounding: they have no gradient to compare.
   */
  @ParameterizedTest
  @MethodSource("files")
  void representationAndGradient_ofBothEngines_agree(Path file) throws IOException {
    Graph graph = graph(file);
    INDArray x = images(graph.inputShape());
    assertTrue(ours.usable());
    assertBelow(1e-4, relativeError(forward(other, graph, x), forward(ours, graph, x)), "output");
    if (!file.toString().contains("onnx_light")) {
      assertBelow(1e-3, gradientError(smooth(graph), x), "gradient of the smooth network");
      boolean kinks = graph.nodes().stream().anyMatch(ReferenceNetworksTest::maximum);
      kinks = kinks || differingSides(graph, x) > 0;
      assertBelow(kinks ? 5e-2 : 1e-3, gradientError(graph, x), "gradient");
    }
  }

  private static void assertBelow(double bound, double error, String what) {
    assertTrue(error <= bound, "%s: expected at most %s, got %s".formatted(what, bound, error));
  }

  private static INDArray forward(Engine engine, Graph graph, INDArray x) {
    try (CompiledNetwork network = engine.compile(graph, batch(x), DataType.FLOAT)) {
      return network.forward(x).get(0).dup('c');
    }
  }

  private double gradientError(Graph graph, INDArray x) {
    return relativeError(gradient(other, graph, x), gradient(ours, graph, x));
  }

  private static INDArray gradient(Engine engine, Graph graph, INDArray x) {
    try (CompiledNetwork network = engine.compile(graph, batch(x), DataType.FLOAT)) {
      long[] shape = network.forward(x).get(0).shape();
      return network.backward(List.of(noise(2, shape))).dup('c');
    }
  }

  /**
   * How many outputs of ReLUs and their kind are positive with one engine and not with the other.
   */
  private long differingSides(Graph graph, INDArray x) {
    List<String> relus =
        graph.nodes().stream()
            .filter(node -> node instanceof Node.Activation a && kinked(a))
            .map(Node::name)
            .toList();
    if (relus.isEmpty()) {
      return 0;
    }
    Graph all = graph.upTo(relus);
    try (CompiledNetwork a = ours.compile(all, batch(x), DataType.FLOAT);
        CompiledNetwork b = other.compile(all, batch(x), DataType.FLOAT)) {
      List<INDArray> left = a.forward(x);
      List<INDArray> right = b.forward(x);
      return IntStream.range(0, relus.size())
          .mapToLong(i -> differing(left.get(i).gt(0), right.get(i).gt(0)))
          .sum();
    }
  }

  private static long differing(INDArray left, INDArray right) {
    return left.castTo(DataType.FLOAT).sub(right.castTo(DataType.FLOAT)).norm1Number().longValue();
  }

  private static Graph smooth(Graph graph) {
    List<Node> nodes = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node instanceof Node.Activation a && kinked(a)) {
        nodes.add(new Node.Activation(a.name(), a.input(), Function.FAKE_RELU));
      } else if (node instanceof Node.Pool p && maximum(p)) {
        nodes.add(
            new Node.Pool(
                p.name(),
                p.input(),
                Node.Pool.Kind.AVERAGE,
                p.kernel(),
                p.stride(),
                p.pads(),
                p.dilation(),
                p.ceil(),
                false));
      } else {
        nodes.add(node);
      }
    }
    return new Graph(nodes, graph.outputs());
  }

  private static boolean maximum(Node node) {
    return node instanceof Node.Pool pool && pool.kind() == Node.Pool.Kind.MAX;
  }

  private static boolean kinked(Node.Activation node) {
    return switch (node.function()) {
      case RELU, LEAKY_RELU, CLIP -> true;
      default -> false;
    };
  }

  private static Graph graph(Path file) throws IOException {
    Network network = Network.load(file);
    long[] shape = network.input().orElseGet(() -> besides(file));
    ImageSpec images =
        shape[0] == 1 ? ImageSpec.gray((int) shape[1]) : ImageSpec.rgb((int) shape[1]);
    List<Layer> layers = network.layers(images);
    return network.graph(List.of(layers.get(layers.size() - 1).name()), images);
  }

  /** The shape of the images that lie beside a network which states none. */
  private static long[] besides(Path file) {
    Path images = file.resolveSibling("images.npy");
    long size = Files.exists(images) ? Nd4j.createFromNpyFile(images.toFile()).size(2) : 64;
    return new long[] {3, size, size};
  }

  private static INDArray images(long[] shape) {
    int batch = shape[1] > 128 ? 1 : 2;
    return noise(1, batch, shape[0], shape[1], shape[2]).muli(0.25).addi(0.5);
  }

  private static INDArray noise(long seed, long... shape) {
    Random random = new Random(seed);
    float[] numbers = new float[(int) Layouts.length(shape)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return Nd4j.createFromArray(numbers).reshape(shape);
  }

  private static int batch(INDArray x) {
    return Math.toIntExact(x.size(0));
  }
}
