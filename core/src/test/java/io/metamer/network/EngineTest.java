package io.metamer.network;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static io.metamer.network.Networks.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Pool.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What holds for whole networks on the preferred engine. */
final class EngineTest {

  private static final List<String> TAPS = List.of("a1", "stem.relu", "logits", "a.sum", "pooled");

  private final Engine engine = Engine.preferred();

  @Test
  void preferred_withTheLibraryAlone_isTheOneOfNd4j() {
    assertEquals("nd4j", engine.name());
    assertEquals(0, engine.priority());
  }

  @Test
  void severalOutputs_withACotangentEach_giveTheGradientOfTheirSum() {
    Graph graph = Networks.residual(TAPS);
    INDArray x = noise(1, 2, 3, 8, 8);
    try (CompiledNetwork network = engine.compile(graph, 2, DataType.DOUBLE)) {
      List<INDArray> cotangents = cotangents(network.forward(x));
      INDArray gradient = network.backward(cotangents).dup('c');
      INDArray differences = Nd4j.create(DataType.DOUBLE, x.shape());
      double h = 1e-6;
      for (long j = 0; j < x.length(); j++) {
        INDArray above = x.dup('c');
        above.reshape(x.length()).putScalar(j, x.reshape(x.length()).getDouble(j) + h);
        INDArray below = x.dup('c');
        below.reshape(x.length()).putScalar(j, x.reshape(x.length()).getDouble(j) - h);
        double difference =
            product(network.forward(above), cotangents)
                - product(network.forward(below), cotangents);
        differences.reshape(x.length()).putScalar(j, difference / (2 * h));
      }
      assertCloseInNorm(differences, gradient, 1e-6);
    }
  }

  @Test
  void severalOutputs_agreeWithOneAtATime() {
    INDArray x = noise(1, 2, 3, 8, 8);
    try (CompiledNetwork all = engine.compile(Networks.residual(TAPS), 2, DataType.DOUBLE)) {
      List<INDArray> y = copies(all.forward(x));
      INDArray sum = Nd4j.create(DataType.DOUBLE, x.shape());
      for (int k = 0; k < TAPS.size(); k++) {
        Graph one = Networks.residual(List.of(TAPS.get(k))).upTo(List.of(TAPS.get(k)));
        try (CompiledNetwork network = engine.compile(one, 2, DataType.DOUBLE)) {
          assertClose(y.get(k), network.forward(x).get(0), 1e-10, 1e-12);
          sum.addi(network.backward(List.of(cotangents(y).get(k))));
        }
      }
      assertCloseInNorm(sum, all.backward(cotangents(y)), 1e-12);
    }
  }

  @Test
  void folding_changesNothingButRounding() {
    Graph folded = Networks.residual(List.of("logits"));
    // Nothing can be folded where everything is wanted.
    List<String> names = folded.nodes().stream().map(Node::name).toList();
    Graph plain = folded.upTo(names);
    INDArray x = noise(1, 2, 3, 8, 8);
    try (CompiledNetwork a = engine.compile(folded, 2, DataType.DOUBLE);
        CompiledNetwork b = engine.compile(plain, 2, DataType.DOUBLE)) {
      INDArray y = a.forward(x).get(0);
      List<INDArray> all = b.forward(x);
      assertClose(all.get(all.size() - 1), y, 1e-10, 1e-12);
      List<INDArray> cotangents =
          new ArrayList<>(all.stream().map(o -> Nd4j.create(DataType.DOUBLE, o.shape())).toList());
      cotangents.set(all.size() - 1, noise(2, y.shape()));
      INDArray expected = b.backward(cotangents);
      assertCloseInNorm(expected, a.backward(List.of(noise(2, y.shape()))), 1e-12);
    }
  }

  @Test
  void foldingOfChains_changesNothingButRounding() {
    List<Node> nodes =
        List.of(
            new Node.Input("x", new long[] {4, 1, 1}),
            Networks.affine("a", "x", 1),
            Networks.affine("b", "a", 4),
            new Node.Affine("c", "b", noise(7, 1), noise(8, 4)),
            Networks.convolution("d", "c", 4, 3, 1, 1, 0),
            new Node.Affine("e", "d", noise(9, 1), noise(10, 3)),
            new Node.Reshape("f", "e", new long[] {3}),
            new Node.Dense("g", "f", noise(11, 2, 3), null),
            Networks.affine("h", "g", 1));
    List<String> all = nodes.stream().map(Node::name).toList();
    INDArray x = noise(1, 3, 4, 1, 1);
    try (CompiledNetwork folded =
            engine.compile(new Graph(nodes, List.of("h")), 3, DataType.DOUBLE);
        CompiledNetwork plain = engine.compile(new Graph(nodes, all), 3, DataType.DOUBLE)) {
      assertClose(plain.forward(x).get(8), folded.forward(x).get(0), 1e-12, 1e-12);
    }
  }

  @Test
  void anExampleAlone_getsWhatItGetsInABatch() {
    Graph graph = Networks.residual(List.of("b", "logits"));
    INDArray x = noise(1, 5, 3, 8, 8);
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      double rtol = type == DataType.DOUBLE ? 1e-12 : 1e-5;
      try (CompiledNetwork five = engine.compile(graph, 5, type);
          CompiledNetwork one = engine.compile(graph, 1, type)) {
        List<INDArray> all = copies(five.forward(x.castTo(type)));
        INDArray gradient = five.backward(cotangents(all)).dup('c');
        for (int i = 0; i < 5; i++) {
          List<INDArray> alone = one.forward(rows(x, i).castTo(type));
          for (int k = 0; k < 2; k++) {
            assertCloseInNorm(rows(all.get(k), i), alone.get(k), rtol);
          }
          int row = i;
          List<INDArray> cotangents = cotangents(all).stream().map(g -> rows(g, row)).toList();
          assertCloseInNorm(rows(gradient, i), one.backward(cotangents), rtol);
        }
      }
    }
  }

  @Test
  void backward_twice_givesTheSame_andOutputsStay() {
    Graph graph = Networks.residual(TAPS);
    try (CompiledNetwork network = engine.compile(graph, 2, DataType.FLOAT)) {
      List<INDArray> y = network.forward(noise(1, 2, 3, 8, 8).castTo(DataType.FLOAT));
      List<INDArray> before = copies(y);
      INDArray first = network.backward(cotangents(y)).dup('c');
      assertEquals(before, y);
      assertEquals(first, network.backward(cotangents(y)));
    }
  }

  @Test
  void sameInput_givesTheSameBits() {
    Graph graph = Networks.residual(TAPS);
    INDArray x = noise(1, 2, 3, 8, 8).castTo(DataType.FLOAT);
    try (CompiledNetwork a = engine.compile(graph, 2, DataType.FLOAT);
        CompiledNetwork b = engine.compile(graph, 2, DataType.FLOAT)) {
      a.forward(x.add(1));
      List<INDArray> y = a.forward(x);
      assertEquals(copies(b.forward(x)), y);
      assertEquals(b.backward(cotangents(y)), a.backward(cotangents(y)));
    }
  }

  @Test
  void forward_takesViewsAndOtherOrders_andLeavesThemUnchanged() {
    Graph graph = Networks.residual(List.of("logits"));
    INDArray x = noise(1, 2, 3, 8, 8);
    INDArray last = x.permute(0, 2, 3, 1).dup('c').permute(0, 3, 1, 2);
    INDArray large = noise(2, 4, 3, 8, 8);
    INDArray view = Nd4j.concat(0, large, x, large);
    view = view.get(NDArrayIndex.interval(4, 6));
    try (CompiledNetwork network = engine.compile(graph, 2, DataType.DOUBLE)) {
      INDArray expected = network.forward(x).get(0).dup('c');
      for (INDArray same : List.of(x.dup('f'), last, view)) {
        assertEquals(expected, network.forward(same).get(0));
        assertEquals(x, same);
      }
    }
  }

  @Test
  void inputAsOutput_isPassedThrough() {
    Graph graph =
        new Graph(
            List.of(new Node.Input("x", new long[] {3}), Networks.relu("r", "x")),
            List.of("r", "x"));
    INDArray x = Nd4j.createFromArray(new double[][] {{-1, 0, 2}});
    INDArray g = Nd4j.createFromArray(new double[][] {{10, 20, 30}});
    try (CompiledNetwork network = engine.compile(graph, 1, DataType.DOUBLE)) {
      List<INDArray> y = network.forward(x);
      assertEquals(Nd4j.createFromArray(new double[][] {{0, 0, 2}}), y.get(0));
      assertEquals(x, y.get(1));
      // ReLU'(0) = 0.
      assertEquals(
          Nd4j.createFromArray(new double[][] {{10, 20, 60}}), network.backward(List.of(g, g)));
    }
  }

  @Test
  void derivatives_atKinks_areAsDocumented() {
    INDArray x = Nd4j.createFromArray(new double[][] {{-1, 0, 0.5, 1, 2}});
    INDArray ones = Nd4j.ones(DataType.DOUBLE, 1, 5);
    assertEquals(
        Nd4j.createFromArray(new double[][] {{0, 0, 1, 0, 0}}),
        slope(new Node.Activation("y", "x", Function.CLIP, 0, 1), x, ones));
    assertEquals(
        Nd4j.createFromArray(new double[][] {{0.25, 0.25, 1, 1, 1}}),
        slope(new Node.Activation("y", "x", Function.LEAKY_RELU, 0.25, 0), x, ones));
  }

  @Test
  void tiesOfAMaximum_goToTheFirstInRowOrder() {
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray x = Nd4j.ones(type, 1, 1, 4, 4);
      INDArray ones = Nd4j.ones(type, 1, 1, 2, 2);
      INDArray expected = Nd4j.create(type, 1, 1, 4, 4);
      for (int[] first : new int[][] {{0, 0}, {0, 2}, {2, 0}, {2, 2}}) {
        expected.putScalar(new int[] {0, 0, first[0], first[1]}, 1);
      }
      assertEquals(expected, slope(Networks.pool("y", "x", Kind.MAX, 2, 2, 0), x, ones));
    }
  }

  private INDArray slope(Node node, INDArray x, INDArray cotangent) {
    long[] shape = Arrays.copyOfRange(x.shape(), 1, x.rank());
    Graph graph = new Graph(List.of(new Node.Input("x", shape), node), List.of(node.name()));
    try (CompiledNetwork network = engine.compile(graph, 1, x.dataType())) {
      network.forward(x);
      return network.backward(List.of(cotangent)).dup('c');
    }
  }

  @Test
  void compilations_inAWorkspace_outliveIt() {
    Graph graph = Networks.residual(List.of("logits"));
    Graph another = Networks.residual(List.of("logits"));
    INDArray x = noise(1, 2, 3, 8, 8);
    WorkspaceConfiguration space = WorkspaceConfiguration.builder().initialSize(1 << 20).build();
    try (CompiledNetwork outside = engine.compile(graph, 2, DataType.DOUBLE)) {
      INDArray expected = outside.forward(x).get(0).dup('c');
      CompiledNetwork network;
      try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().getAndActivateWorkspace(space, "test")) {
        network = engine.compile(another, 2, DataType.DOUBLE);
      }
      try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().getAndActivateWorkspace(space, "test")) {
        Nd4j.ones(DataType.DOUBLE, 1000);
        INDArray y = network.forward(x).get(0);
        assertTrue(!y.isAttached());
        assertEquals(expected, y);
      }
      network.close();
    }
  }

  @Test
  void compilations_ofOneGraph_shareItsWeights() {
    int size = 2048;
    Graph graph =
        new Graph(
            List.of(
                new Node.Input("x", new long[] {size}),
                new Node.Dense("y", "x", Nd4j.ones(DataType.DOUBLE, size, size), null)),
            List.of("y"));
    List<CompiledNetwork> networks = new ArrayList<>();
    networks.add(engine.compile(graph, 1, DataType.FLOAT));
    long before = Pointer.physicalBytes();
    for (int batch = 2; batch < 6; batch++) {
      networks.add(engine.compile(graph, batch, DataType.FLOAT));
      networks.get(networks.size() - 1).forward(Nd4j.ones(DataType.FLOAT, batch, size));
    }
    long grown = Pointer.physicalBytes() - before;
    networks.forEach(CompiledNetwork::close);
    // Four more copies would be 64 MB.
    assertTrue(grown < 2 * 4L * size * size, "grew by " + grown + " bytes");
  }

  @Test
  void steps_allocateNothing() {
    Graph graph =
        new Graph(
            List.of(
                new Node.Input("x", new long[] {2, 64, 64}),
                Networks.convolution("c", "x", 2, 8, 3, 2, 1),
                Networks.relu("r", "c"),
                new Node.Multiply("m", List.of("r", "r")),
                new Node.Activation("t", "m", Function.TANH, 0, 0),
                Networks.pool("p", "t", Kind.MAX, 2, 2, 0)),
            List.of("p"));
    INDArray x = noise(1, 32, 2, 64, 64).castTo(DataType.FLOAT);
    try (CompiledNetwork network = engine.compile(graph, 32, DataType.FLOAT)) {
      List<INDArray> cotangents = cotangents(network.forward(x));
      steps(network, x, cotangents, 20);
      long before = Pointer.physicalBytes();
      steps(network, x, cotangents, 300);
      long grown = Pointer.physicalBytes() - before;
      // The smallest array that a step could leave behind has 256 KB: 77 MB in all.
      assertTrue(grown < 40 << 20, "resident memory grew by " + grown + " bytes");
    }
  }

  private static void steps(
      CompiledNetwork network, INDArray x, List<INDArray> cotangents, int count) {
    for (int i = 0; i < count; i++) {
      network.forward(x);
      network.backward(cotangents);
    }
  }

  @Test
  void misuse_isRefused() {
    Graph graph = Networks.residual(List.of("logits"));
    assertThrows(IllegalArgumentException.class, () -> engine.compile(graph, 0, DataType.FLOAT));
    assertThrows(IllegalArgumentException.class, () -> engine.compile(graph, 1, DataType.INT64));
    CompiledNetwork network = engine.compile(graph, 2, DataType.DOUBLE);
    INDArray g = Nd4j.create(DataType.DOUBLE, 2, 5);
    assertThrows(IllegalStateException.class, () -> network.backward(List.of(g)));
    String message =
        assertThrows(IllegalArgumentException.class, () -> network.forward(noise(1, 1, 3, 8, 8)))
            .getMessage();
    assertEquals(
        "expected a batch of shape [2, 3, 8, 8] and type DOUBLE, got [1, 3, 8, 8] and DOUBLE",
        message);
    INDArray x = noise(1, 2, 3, 8, 8);
    assertThrows(IllegalArgumentException.class, () -> network.forward(x.castTo(DataType.FLOAT)));
    network.forward(x);
    assertThrows(IllegalArgumentException.class, () -> network.backward(List.of()));
    assertThrows(IllegalArgumentException.class, () -> network.backward(List.of(x)));
    assertArrayEquals(x.shape(), network.backward(List.of(g)).shape());
    network.close();
    network.close();
    assertThrows(IllegalStateException.class, () -> network.forward(x));
    assertThrows(IllegalStateException.class, () -> network.backward(List.of(g)));
  }

  private static List<INDArray> copies(List<INDArray> arrays) {
    return arrays.stream().map(array -> array.dup('c')).toList();
  }

  private static List<INDArray> cotangents(List<INDArray> outputs) {
    return IntStream.range(0, outputs.size())
        .mapToObj(k -> noise(k, outputs.get(k).shape()).castTo(outputs.get(k).dataType()))
        .toList();
  }

  private static double product(List<INDArray> y, List<INDArray> cotangents) {
    double sum = 0;
    for (int k = 0; k < y.size(); k++) {
      sum += y.get(k).mul(cotangents.get(k)).sumNumber().doubleValue();
    }
    return sum;
  }

  private static INDArray rows(INDArray batch, int i) {
    long[] shape = batch.shape().clone();
    shape[0] = 1;
    return batch.slice(i).dup('c').reshape(shape);
  }
}
