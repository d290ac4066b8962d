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
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/** What holds for whole networks on the preferred engine. */
final class EngineTest {

  private static final List<String> TAPS = List.of("a1", "stem.relu", "logits", "a.sum", "pooled");

  private final Engine engine = Engine.preferred();

  @Test
  void severalOutputs_withACotangentEach_giveTheGradientOfTheirSum() {
    Graph graph = Networks.residual(TAPS);
    INDArray x = noise(1, 2, 3, 8, 8);
    try (CompiledNetwork network = engine.compile(graph, 2, DataType.DOUBLE)) {
      List<INDArray> cotangents = cotangents(network.forward(x));
      INDArray gradient = network.backward(cotangents).dup('c');
      assertCloseInNorm(differences(network, x, cotangents), gradient, 1e-6);
    }
  }

  private static INDArray differences(
      CompiledNetwork network, INDArray x, List<INDArray> cotangents) {
    INDArray differences = Nd4j.create(DataType.DOUBLE, x.shape());
    double h = 1e-6;
    for (long j = 0; j < x.length(); j++) {
      INDArray above = x.dup('c');
      above.reshape(x.length()).putScalar(j, x.reshape(x.length()).getDouble(j) + h);
      INDArray below = x.dup('c');
      below.reshape(x.length()).putScalar(j, x.reshape(x.length()).getDouble(j) - h);
      double difference =
          product(network.forward(above), cotangents) - product(network.forward(below), cotangents);
      differences.reshape(x.length()).putScalar(j, difference / (2 * h));
    }
    return differences;
  }

  @Test
  void severalOutputs_agreeWithOneAtATime() {
    severalOutputsAgree(Networks.residual(TAPS), noise(1, 2, 3, 8, 8));
  }

  @Test
  void severalOutputs_ofAttention_agreeWithOneAtATime() {
    List<String> taps =
        List.of("norms", "scores", "logits", "class.tanh", "placed", "normal", "v", "token", "erf");
    severalOutputsAgree(Networks.attention(taps), noise(1, 2, 6, 4));
  }

  private void severalOutputsAgree(Graph graph, INDArray x) {
    try (CompiledNetwork all = engine.compile(graph, 2, DataType.DOUBLE)) {
      List<INDArray> y = copies(all.forward(x));
      INDArray sum = Nd4j.create(DataType.DOUBLE, x.shape());
      for (int k = 0; k < y.size(); k++) {
        Graph one = graph.upTo(List.of(graph.outputs().get(k)));
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
  void gradients_ofAttention_agreeWithCentralDifferences() {
    Graph graph = Networks.attention(List.of("scores", "logits", "norms", "class.tanh"));
    INDArray x = noise(1, 2, 6, 4);
    try (CompiledNetwork network = engine.compile(graph, 2, DataType.DOUBLE);
        CompiledNetwork narrow = engine.compile(graph, 2, DataType.FLOAT)) {
      List<INDArray> cotangents = cotangents(network.forward(x));
      INDArray gradient = network.backward(cotangents).dup('c');
      assertCloseInNorm(differences(network, x, cotangents), gradient, 1e-6);
      List<INDArray> y = narrow.forward(x.castTo(DataType.FLOAT));
      assertCloseInNorm(gradient, narrow.backward(cotangents(y)), 1e-4);
    }
  }

  @Test
  void outputsThatDoNotDependOnTheInput_areConstant_andGiveNoGradient() {
    INDArray value = noise(1, 2, 3);
    for (List<String> outputs : List.of(List.of("c", "d", "y"), List.of("d"), List.of("c"))) {
      Graph graph =
          new Graph(
                  List.of(
                      new Node.Input("x", new long[] {2, 3}),
                      new Node.Constant("c", value),
                      new Node.Activation("d", "c", Function.EXP),
                      new Node.Multiply("y", List.of("x", "d"))),
                  outputs)
              .upTo(outputs);
      constantOutputs(graph, value, DataType.DOUBLE, 1e-12);
      constantOutputs(graph, value, DataType.FLOAT, 1e-6);
    }
  }

  private void constantOutputs(Graph graph, INDArray c, DataType type, double tolerance) {
    List<String> outputs = graph.outputs();
    INDArray value = c.castTo(type);
    INDArray x = noise(2, 4, 2, 3).castTo(type);
    try (CompiledNetwork network = engine.compile(graph, 4, type)) {
      for (int run = 0; run < 2; run++) {
        List<INDArray> y = network.forward(x);
        INDArray expected = Nd4j.create(type, 4, 2, 3);
        for (int i = 0; i < y.size(); i++) {
          INDArray one = outputs.get(i).equals("c") ? value : Transforms.exp(value);
          for (int k = 0; k < 4 && !outputs.get(i).equals("y"); k++) {
            assertClose(one, rows(y.get(i), k).reshape(2, 3), tolerance, tolerance);
          }
        }
        List<INDArray> cotangents = cotangents(y);
        if (outputs.contains("y")) {
          for (int k = 0; k < 4; k++) {
            expected.putSlice(k, Transforms.exp(value).mul(cotangents.get(2).slice(k)));
          }
        }
        assertClose(expected, network.backward(cotangents), tolerance, tolerance);
      }
    }
  }

  @Test
  void anExampleAlone_getsWhatItGetsInABatch() {
    examplesAgree(Networks.residual(List.of("b", "logits")), noise(1, 5, 3, 8, 8));
    examplesAgree(Networks.attention(List.of("scores", "logits")), noise(1, 5, 6, 4));
  }

  private void examplesAgree(Graph graph, INDArray x) {
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
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray x = noise(1, 2, 3, 8, 8).castTo(type);
      INDArray last = x.permute(0, 2, 3, 1).dup('c').permute(0, 3, 1, 2);
      INDArray large = noise(2, 4, 3, 8, 8).castTo(type);
      INDArray view = Nd4j.concat(0, large, x, large);
      view = view.get(NDArrayIndex.interval(4, 6));
      try (CompiledNetwork network = engine.compile(graph, 2, type)) {
        INDArray expected = network.forward(x).get(0).dup('c');
        for (INDArray same : List.of(x.dup('f'), last, view)) {
          assertEquals(expected, network.forward(same).get(0));
          assertEquals(x, same);
        }
      }
    }
  }

  @Test
  void weights_mayBeViewsAndOfOtherOrders() {
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray x = noise(1, 2, 3, 8, 8).castTo(type);
      INDArray turned = noise(2, 3, 4, 3, 3).castTo(type).permute(1, 0, 2, 3);
      INDArray dense = noise(3, 64, 5).castTo(type).permute(1, 0);
      try (CompiledNetwork views = engine.compile(small(turned, dense), 2, type);
          CompiledNetwork rows = engine.compile(small(turned.dup('c'), dense.dup('c')), 2, type)) {
        INDArray y = rows.forward(x).get(0);
        assertCloseInNorm(y, views.forward(x).get(0), 1e-6);
        assertCloseInNorm(rows.backward(List.of(y.dup())), views.backward(List.of(y.dup())), 1e-6);
      }
    }
  }

  private static Graph small(INDArray convolution, INDArray dense) {
    return new Graph(
        List.of(
            new Node.Input("x", new long[] {3, 8, 8}),
            new Node.Convolution(
                "c",
                "x",
                convolution,
                null,
                new int[] {2, 2},
                new int[] {1, 1, 1, 1},
                new int[] {1, 1},
                1),
            new Node.Reshape("r", "c", new long[] {64}),
            new Node.Dense("y", "r", dense, null)),
        List.of("y"));
  }

  @Test
  void inputAsOutput_isPassedThrough() {
    Graph graph =
        new Graph(
            List.of(new Node.Input("x", new long[] {3}), Networks.relu("r", "x")),
            List.of("r", "x"));
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray x = row(type, -1, 0, 2);
      INDArray g = row(type, 10, 20, 30);
      try (CompiledNetwork network = engine.compile(graph, 1, type)) {
        List<INDArray> y = network.forward(x);
        assertEquals(row(type, 0, 0, 2), y.get(0));
        assertEquals(x, y.get(1));
        // ReLU'(0) = 0.
        assertEquals(row(type, 10, 20, 60), network.backward(List.of(g, g)));
      }
    }
  }

  @Test
  void derivatives_atKinks_areAsDocumented() {
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray x = row(type, -1, 0, 0.5, 1, 2);
      INDArray ones = Nd4j.ones(type, 1, 5);
      assertEquals(
          row(type, 0, 0, 1, 0, 0),
          slope(new Node.Activation("y", "x", Function.CLIP, 0, 1), x, ones));
      assertEquals(
          row(type, 0.25, 0.25, 1, 1, 1),
          slope(new Node.Activation("y", "x", Function.LEAKY_RELU, 0.25, 0), x, ones));
      assertEquals(
          row(type, 0, 0, 1, 1, 1), slope(new Node.Activation("y", "x", Function.RELU), x, ones));
    }
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

  @Test
  void tiesOfAReduction_goToTheFirstInRowOrder() {
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray x = Nd4j.ones(type, 1, 2, 3, 2);
      for (int[] axes : new int[][] {{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}}) {
        Node node = new Node.Reduce("y", "x", Node.Reduce.Reduction.MAX, axes);
        long[] shape = {1, 2, 3, 2};
        INDArrayIndex[] first = new INDArrayIndex[4];
        Arrays.fill(first, NDArrayIndex.all());
        for (int axis : axes) {
          shape[axis + 1] = 1;
          first[axis + 1] = NDArrayIndex.interval(0, 1);
        }
        INDArray expected = Nd4j.create(type, 1, 2, 3, 2);
        expected.get(first).assign(1);
        assertEquals(expected, slope(node, x, Nd4j.ones(type, shape)));
      }
    }
  }

  @Test
  void tiesOfTwo_areShared() {
    Graph graph =
        new Graph(
            List.of(
                new Node.Input("x", new long[] {3}),
                new Node.Constant("c", Nd4j.createFromArray(0.0, 1.0, 2.0)),
                new Node.Maximum("y", "c", "x")),
            List.of("y"));
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      try (CompiledNetwork network = engine.compile(graph, 1, type)) {
        network.forward(Nd4j.ones(type, 1, 3));
        assertEquals(
            Nd4j.createFromArray(new double[][] {{1, 0.5, 0}}).castTo(type),
            network.backward(List.of(Nd4j.ones(type, 1, 3))));
      }
    }
  }

  @Test
  void derivatives_whereThereIsNone_areAsDocumented() {
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray x = Nd4j.createFromArray(new double[][] {{0, 4}}).castTo(type);
      INDArray large = Nd4j.valueArrayOf(new long[] {1, 2}, 1e30, type);
      INDArray g = Nd4j.createFromArray(new double[][] {{8, 8}}).castTo(type);
      assertEquals(row(type, 0, 2), slope(new Node.Activation("y", "x", Function.SQRT), x, g));
      assertEquals(row(type, 0, 8), slope(new Node.Activation("y", "x", Function.ABS), x, g));
      assertEquals(
          row(type, 8, 8), slope(new Node.Activation("y", "x", Function.FAKE_RELU), x.sub(2), g));
      Node norm = new Node.Reduce("y", "x", Node.Reduce.Reduction.L2, new int[] {0});
      INDArray one = Nd4j.ones(type, 1, 1).muli(1e30);
      assertEquals(row(type, 0, 0), slope(norm, Nd4j.create(type, 1, 2), one));
      assertEquals(
          row(type, 0, 0),
          slope(new Node.Activation("y", "x", Function.SQRT), Nd4j.create(type, 1, 2), large));
    }
  }

  private static INDArray row(DataType type, double... numbers) {
    return Nd4j.createFromArray(new double[][] {numbers}).castTo(type);
  }

  @Test
  void exponentials_ofLargeNumbers_stayFinite() {
    INDArray x = row(DataType.DOUBLE, -800, -100, 0, 100, 800);
    INDArray g = row(DataType.DOUBLE, 1, 2, 3, 4, 5);
    double log2 = Math.log(2);
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      Node softplus = new Node.Activation("y", "x", Function.SOFTPLUS);
      assertClose(
          row(DataType.DOUBLE, 0, 0, log2, 100, 800), value(softplus, x.castTo(type)), 1e-6, 1e-30);
      assertClose(
          row(DataType.DOUBLE, 0, 0, 1.5, 4, 5),
          slope(softplus, x.castTo(type), g.castTo(type)),
          1e-6,
          1e-30);
      Node logarithm = new Node.Softmax("y", "x", 0, true);
      assertClose(
          row(DataType.DOUBLE, -1600, -900, -800, -700, 0),
          value(logarithm, x.castTo(type)),
          1e-6,
          1e-6);
      assertClose(
          row(DataType.DOUBLE, 1, 2, 3, 4, -10),
          slope(logarithm, x.castTo(type), g.castTo(type)),
          1e-6,
          1e-6);
      assertClose(
          row(DataType.DOUBLE, 0, 0, 0, 0, 1),
          value(new Node.Softmax("y", "x", 0), x.castTo(type)),
          1e-6,
          1e-30);
    }
  }

  private INDArray value(Node node, INDArray x) {
    long[] shape = Arrays.copyOfRange(x.shape(), 1, x.rank());
    Graph graph = new Graph(List.of(new Node.Input("x", shape), node), List.of(node.name()));
    try (CompiledNetwork network = engine.compile(graph, 1, x.dataType())) {
      return network.forward(x).get(0).dup('c');
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
  void compilations_ofGraphsWithTheSameArrays_shareTheirWeights() {
    int size = 2048;
    INDArray weights = Nd4j.ones(DataType.DOUBLE, size, size);
    List<CompiledNetwork> networks = new ArrayList<>();
    long before = 0;
    for (int i = 0; i < 5; i++) {
      Graph graph =
          new Graph(
              List.of(
                  new Node.Input("x", new long[] {size}),
                  new Node.Dense("y" + i, "x", weights, null)),
              List.of("y" + i));
      networks.add(engine.compile(graph, 1, DataType.FLOAT));
      networks.get(i).forward(Nd4j.ones(DataType.FLOAT, 1, size));
      if (i == 0) {
        before = Pointer.physicalBytes();
      }
    }
    long grown = Pointer.physicalBytes() - before;
    networks.forEach(CompiledNetwork::close);
    // Four more copies would be 64 MB.
    assertTrue(grown < 2 * 4L * size * size, "grew by " + grown + " bytes");
  }

  @Test
  void steps_allocateNothing() {
    allocatesNothing(
        noise(1, 32, 2, 64, 64),
        new Node.Input("x", new long[] {2, 64, 64}),
        Networks.convolution("c", "x", 2, 8, 3, 2, 1),
        Networks.relu("r", "c"),
        new Node.Multiply("m", List.of("r", "r")),
        new Node.Activation("t", "m", Function.TANH, 0, 0),
        Networks.pool("p", "t", Kind.MAX, 2, 2, 0));
  }

  @Test
  void steps_ofNormalizationsAndParts_allocateNothing() {
    allocatesNothing(
        noise(1, 1024, 4, 64),
        new Node.Input("x", new long[] {4, 64}),
        new Node.Standardize("n", "x", new int[] {1}, 1e-5),
        Networks.dense("d", "n", 64, 64),
        new Node.Softmax("s", "d", 1),
        new Node.Softmax("l", "d", 1, true),
        new Node.Maximum("m", "s", "l"),
        new Node.Transpose("t", "m", new int[] {1, 0}),
        new Node.Slice("even", "t", new long[2], new long[] {32, 4}, new long[] {2, 1}),
        new Node.Pad("p", "even", new long[] {0, 1}, new long[] {0, 2}, 1),
        new Node.Concat("c", List.of("p", "p"), 0),
        new Node.AxisProduct("a", "c", 0, noise(2, 64, 64)),
        new Node.Activation("e", "a", Function.SOFTPLUS),
        new Node.Reduce("y", "e", Node.Reduce.Reduction.MAX, new int[] {1}));
  }

  private void allocatesNothing(INDArray batch, Node... nodes) {
    String last = nodes[nodes.length - 1].name();
    Graph graph = new Graph(List.of(nodes), List.of(last));
    INDArray x = batch.castTo(DataType.FLOAT);
    int size = Math.toIntExact(x.size(0));
    try (CompiledNetwork network = engine.compile(graph, size, DataType.FLOAT)) {
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
