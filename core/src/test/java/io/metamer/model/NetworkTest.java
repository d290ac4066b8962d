package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.DifferentiableLossContract;
import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A small classifier, {@link OnnxFile#classifier}, by whose numbers one can check by hand. */
final class NetworkTest implements DifferentiableLossContract {

  private static final ImageSpec IMAGES = ImageSpec.gray(4);
  private static final Class<? extends Exception> ILLEGAL = IllegalArgumentException.class;

  @Test
  void layers_areTheFilesTensorsWithTheirShapes() throws IOException {
    List<Layer> layers = network().layers();
    assertEquals(
        List.of("conv1", "relu1", "conv2", "sum", "pool", "features", "scores", "probabilities"),
        layers.stream().map(Layer::name).toList());
    assertEquals("convolution", layers.get(0).kind());
    assertEquals("relu", layers.get(1).kind());
    assertEquals("global average pool", layers.get(4).kind());
    assertArrayEquals(new long[] {2, 4, 4}, layers.get(3).shape());
    assertArrayEquals(new long[] {2}, layers.get(5).shape());
  }

  @Test
  void at_namesOfTensorsNodesAndWhatLeavesThemAlone_areOneLayer() throws IOException {
    Network network = network();
    for (String name : List.of("sum", "the sum", "dropped", "the dropped")) {
      try (RepresentationModel model = network.at(name, IMAGES, Preprocessing.none())) {
        assertEquals("sum", model.id().layer());
        assertEquals(32, model.size());
      }
    }
  }

  @Test
  void at_penultimateAndLogits_areTheClassifiersInputAndOutput() throws IOException {
    Network network = network();
    try (RepresentationModel features = network.at("penultimate", IMAGES, Preprocessing.none());
        RepresentationModel logits = network.at("logits", IMAGES, Preprocessing.none())) {
      assertEquals(
          new ModelId("small", network.sha256(), "features", Preprocessing.none()), features.id());
      assertEquals("scores", logits.id().layer());
      assertEquals(IMAGES, logits.input());
      // x = 0.5 everywhere: relu1 = (1, 0), sum = (1.5, -1), scores as below.
      INDArray x = Nd4j.valueArrayOf(new long[] {3, 1, 4, 4}, 0.5, DataType.DOUBLE);
      INDArray expected = Nd4j.createFromArray(new double[][] {{1.5, -1}}).repeat(0, 3);
      assertClose(expected, features.represent(x), 1e-12, 1e-12);
      INDArray scores = Nd4j.createFromArray(new double[][] {{-0.5, -3.5}}).repeat(0, 3);
      assertClose(scores, logits.represent(x), 1e-12, 1e-12);
    }
  }

  @Test
  void at_penultimateOfAFullyConvolutionalClassifier_isTheConvolutionsInput() throws IOException {
    Network network =
        OnnxFile.ofImages(1, 4, 4)
            .node("Tanh", "map", "x")
            .constant("w", new long[] {2, 1, 1, 1}, 1, 2)
            .node("Conv", "conv", "map", "w")
            .node("Relu", "relu", "conv")
            .node("GlobalMaxPool", "pool", "relu")
            .output("pool")
            .read();
    try (RepresentationModel model = network.at("penultimate", IMAGES, Preprocessing.none())) {
      assertEquals("map", model.id().layer());
      assertEquals(16, model.size());
    }
  }

  @Test
  void at_penultimateOfFeatures_saysThatThereIsNoClassifier() throws IOException {
    Network maps =
        OnnxFile.ofImages(1, 4, 4)
            .constant("w", new long[] {2, 1, 1, 1}, 1, 2)
            .node("Conv", "conv", "x", "w")
            .output("conv")
            .read();
    Network sum =
        OnnxFile.ofImages(1, 4, 4)
            .node("Tanh", "t", "x")
            .node("Add", "s", "t", "x")
            .output("s")
            .read();
    for (Network network : List.of(maps, sum)) {
      assertRefused(
          ILLEGAL,
          () -> network.at("penultimate", IMAGES, Preprocessing.none()),
          "does not come from a classifier");
    }
  }

  @Test
  void at_anUnknownLayer_listsNearNames() throws IOException {
    Network network = network();
    assertRefused(
        ILLEGAL,
        () -> network.at("Feature", IMAGES, Preprocessing.none()),
        "network small has no layer \"Feature\"; near names: features");
    assertRefused(
        ILLEGAL, () -> network.at("penultima", IMAGES, Preprocessing.none()), "penultimate");
  }

  @Test
  void at_severalLayers_isTheConcatenationOfTheWeightedActivations() throws IOException {
    Network network = network();
    LayerSelection selection = LayerSelection.of("relu1", 2).and("penultimate").and("sum", 0.5);
    try (RepresentationModel model = network.at(selection, IMAGES, Preprocessing.none());
        Taps taps =
            network.taps(List.of("relu1", "features", "sum"), IMAGES, Preprocessing.none())) {
      assertEquals(32 + 2 + 32, model.size());
      assertEquals("2.0 * \"relu1\", \"features\", 0.5 * \"sum\"", model.id().layer());
      List<INDArray> activations = taps.forward(point());
      INDArray expected =
          Nd4j.hstack(
              activations.get(0).reshape(3, 32).mul(2),
              activations.get(1),
              activations.get(2).reshape(3, 32).mul(0.5));
      assertClose(expected, model.represent(point()), 1e-12, 1e-12);
      INDArray cotangent = Nd4j.linspace(-1, 1, 3 * 66, DataType.DOUBLE).reshape(3, 66);
      INDArray gradient =
          model
              .pullBack((r, rows) -> new ValueAndGradient(new double[3], cotangent))
              .evaluate(point(), rows(3))
              .gradient();
      taps.forward(point());
      INDArray byTaps =
          taps.backward(
              List.of(
                  part(cotangent, 0, 32).mul(2).reshape(3, 2, 4, 4),
                  part(cotangent, 32, 34),
                  part(cotangent, 34, 66).mul(0.5).reshape(3, 2, 4, 4)));
      assertClose(byTaps, gradient, 1e-12, 1e-12);
    }
  }

  @Test
  void at_aRegularExpression_isAllLayersThatItMatches() throws IOException {
    try (RepresentationModel model = network().at("conv\\d", IMAGES, Preprocessing.none())) {
      assertEquals("\"conv1\", \"conv2\"", model.id().layer());
      assertEquals(64, model.size());
    }
    assertEquals(
        List.of("conv2", "features", "x"),
        network().layers(LayerSelection.of("conv2").and("penultimate").and("x"), IMAGES).stream()
            .map(Layer::name)
            .toList());
  }

  @Test
  void at_withFakeRelu_computesTheSameForward() throws IOException {
    Network network = network();
    LayerSelection fake = LayerSelection.of("penultimate").withFakeRelu();
    try (RepresentationModel exact = network.at("penultimate", IMAGES, Preprocessing.none());
        RepresentationModel model = network.at(fake, IMAGES, Preprocessing.none())) {
      assertClose(exact.represent(point()), model.represent(point()), 0, 0);
      assertEquals("\"features\", fake ReLU", model.id().layer());
    }
  }

  @Test
  void gradient_withFakeRelu_passesUnitsThatAreZero() throws IOException {
    // conv1 = (x + 0.5, 0.25 - x): where x is above 0.25, relu1 keeps the second channel at 0.
    INDArray x = Nd4j.valueArrayOf(new long[] {1, 1, 4, 4}, 0.5, DataType.DOUBLE);
    assertClose(x.mul(0).addi(1), gradientOfSum(LayerSelection.of("relu1"), x), 1e-12, 1e-12);
    assertClose(
        x.mul(0), gradientOfSum(LayerSelection.of("relu1").withFakeRelu(), x), 1e-12, 1e-12);
  }

  @Test
  void gradient_withFakeReluOfTwoLayersBehindOneRelu_changesThatOneOnly() throws IOException {
    Network network =
        OnnxFile.ofImages(1, 1, 1)
            .node("Relu", "relu1", "x")
            .constant("w", new long[] {1, 1, 1, 1}, -1)
            .node("Conv", "conv", "relu1", "w")
            .node("Relu", "relu2", "conv")
            .node("Flatten", "flat", "relu2")
            .output("flat")
            .read();
    LayerSelection both = LayerSelection.of("relu2").and("flat").withFakeRelu();
    ImageSpec pixel = new ImageSpec(1, 1, 1, -1, 1);
    try (RepresentationModel model = network.at(both, pixel, Preprocessing.none())) {
      for (double x : new double[] {-0.5, 0.5}) {
        INDArray image = Nd4j.valueArrayOf(new long[] {1, 1, 1, 1}, x, DataType.DOUBLE);
        // relu2 passes the gradient either way, relu1 where x is above 0.
        assertEquals(x > 0 ? -2 : 0, gradientOfSum(model, image).getDouble(0), 1e-12);
      }
    }
  }

  @Test
  void at_withoutAReluForAFakeOne_isRefused() throws IOException {
    Network network = network();
    LayerSelection fake = LayerSelection.of("relu1").and("conv1").withFakeRelu();
    assertRefused(
        ILLEGAL,
        () -> network.at(fake, IMAGES, Preprocessing.none()),
        "a ReLU leads to, got 'conv1'");
  }

  @Test
  void at_aSecondTime_sharesTheTranslation_ofTheLastFourSizes() {
    List<Long> translated = new ArrayList<>();
    Network network =
        new Network(
            "counted",
            "0".repeat(64),
            null,
            shape -> {
              translated.add(shape[1]);
              GraphBuilder graph = new GraphBuilder();
              graph.add(new Node.Input("x", shape));
              graph.add(new Node.Activation("y", "x", Function.RELU));
              return graph.build("y");
            });
    for (int size : new int[] {5, 5, 6, 7, 8, 5, 9, 5, 6}) {
      network.at("y", ImageSpec.gray(size), Preprocessing.none()).close();
    }
    assertEquals(List.of(5L, 6L, 7L, 8L, 9L, 6L), translated);
  }

  @Test
  void normalizationInside_isSaidByTheNetworkAndItsModels() throws IOException {
    Network network =
        OnnxFile.ofImages(1, 4, 4)
            .constant("mean", new long[] {1, 1, 1, 1}, 0.5)
            .node("Sub", "centred", "x", "mean")
            .node("Relu", "y", "centred")
            .output("y")
            .read();
    assertEquals(Optional.of(Preprocessing.of(0.5, 1)), network.normalization(IMAGES));
    assertEquals(Optional.empty(), network().normalization(IMAGES));
    Preprocessing nothing = Preprocessing.of(new double[1], new double[] {1});
    try (RepresentationModel model = network.at("y", IMAGES, nothing);
        RepresentationModel twice = network.at("y", IMAGES, Preprocessing.of(0.5, 1))) {
      assertEquals(network.normalization(IMAGES), model.id().inside());
      assertFalse(model.id().isNormalizedTwice());
      assertTrue(twice.id().isNormalizedTwice());
      assertTrue(twice.toString().contains("inside=Optional[x - 0.5]"), twice::toString);
    }
  }

  @Test
  void table_listsLayersAndWhatStandsForWhat() throws IOException {
    Network network = network();
    assertEquals(network.table(), network.table(IMAGES));
    assertEquals(
        """
        network      small
        SHA-256      %s...
        images       1 x 4 x 4
        parameters   14
        penultimate  features
        logits       scores
        normalises   not inside, as far as can be seen

        layer          kind                 shape      parameters
        conv1          convolution          2 x 4 x 4           4
        relu1          relu                 2 x 4 x 4
        conv2          convolution          2 x 4 x 4           4
        sum            sum                  2 x 4 x 4
        pool           global average pool  2 x 1 x 1
        features       flatten              2
        scores         dense                2                   6
        probabilities  softmax              2
        """
            .formatted(network.sha256().substring(0, 16)),
        network.table());
  }

  @Test
  void table_saysWhatIsRefusedAndWhatHappensInside() {
    UnsupportedModelException reason = new UnsupportedModelException("node n\n, operator N: no");
    Network network =
        new Network(
            "odd\u001b[31m",
            "0".repeat(64),
            new long[] {1, 2, 2},
            shape -> {
              GraphBuilder graph = new GraphBuilder();
              graph.add(new Node.Input("x", shape));
              graph.add(
                  GraphBuilder.affine(
                      "a",
                      new GraphBuilder.Tensor("x", shape),
                      new double[] {2},
                      new double[] {-1},
                      DataType.DOUBLE));
              graph.add(new Node.Activation("y", "a", Function.RELU));
              return graph.build("z", Map.of("z", reason, "n", reason));
            });
    String table = network.table();
    assertTrue(table.contains("network      odd?[31m\n"), table);
    assertTrue(table.contains("\nrefused      node n?, operator N: no (2 tensors)\n"), table);
    assertTrue(table.contains("\npenultimate  none\n"), table);
    assertTrue(table.contains("\nnormalises   inside: (x - 0.5) / 0.5\n"), table);
  }

  @Test
  void at_imagesThatTheNetworkDoesNotTake_namesBothSizes() throws IOException {
    Network network = network();
    assertRefused(
        ILLEGAL,
        () -> network.at("features", ImageSpec.rgb(4), Preprocessing.none()),
        "network small takes images of 1 x 4 x 4, got 3 x 4 x 4");
    assertRefused(ILLEGAL, () -> network.layers(ImageSpec.gray(5)), "got 1 x 5 x 5");
    Network free = OnnxFile.ofImages(3, -1, -1).node("Relu", "y", "x").output("y").read();
    assertRefused(ILLEGAL, () -> free.layers(ImageSpec.gray(5)), "3 x any x any, got 1 x 5 x 5");
    assertEquals(OptionalInt.of(3), free.channels());
    assertEquals(Optional.empty(), free.input());
    assertRefused(IllegalStateException.class, free::table, "ask for table(ImageSpec)");
    assertRefused(ILLEGAL, () -> network.at("features", IMAGES, Preprocessing.cifar10()), "got 3");
  }

  @Test
  void at_imagesOfASizeThatAFreeNetworksLayersDoNotFit_namesTheNode() throws IOException {
    Network network =
        OnnxFile.ofImages(1, -1, -1)
            .node("Flatten", "v", "x")
            .constant("w", new long[] {16, 1}, new double[16])
            .node("MatMul", "y", "v", "w")
            .output("y")
            .read();
    assertRefused(
        UnsupportedModelException.class,
        () -> network.at("y", ImageSpec.gray(5), Preprocessing.none()),
        "node the y, operator MatMul",
        "[25]");
  }

  @Test
  void taps_giveActivationsInOrder_andTheirGradientIsTheSum() throws IOException {
    try (Taps taps =
        network().taps(List.of("features", "relu1"), IMAGES, Preprocessing.of(0.5, 2))) {
      assertEquals(List.of("features", "relu1"), taps.layers());
      assertEquals(IMAGES, taps.input());
      INDArray x = point();
      List<INDArray> activations = taps.forward(x);
      assertArrayEquals(new long[] {3, 2}, activations.get(0).shape());
      assertArrayEquals(new long[] {3, 2, 4, 4}, activations.get(1).shape());
      INDArray ones = Nd4j.ones(DataType.DOUBLE, 3, 2);
      INDArray zeros = Nd4j.zeros(DataType.DOUBLE, 3, 2, 4, 4);
      INDArray first = taps.backward(List.of(ones, zeros)).dup();
      INDArray second =
          taps.backward(List.of(ones.mul(0), Nd4j.ones(DataType.DOUBLE, 3, 2, 4, 4))).dup();
      INDArray both = taps.backward(List.of(ones, zeros.add(1)));
      assertClose(first.add(second), both, 1e-12, 1e-12);
    }
  }

  @Test
  void taps_withNoLayersOrOneTwice_areRefused() throws IOException {
    Network network = network();
    assertRefused(
        ILLEGAL, () -> network.taps(List.of(), IMAGES, Preprocessing.none()), "at least one layer");
    assertRefused(
        ILLEGAL,
        () -> network.taps(List.of("features", "penultimate"), IMAGES, Preprocessing.none()),
        "features twice");
  }

  @Test
  void forward_ofOtherShapesOrTypes_isRefused() throws IOException {
    try (Taps taps = network().taps(List.of("features"), IMAGES, Preprocessing.none())) {
      assertRefused(
          ILLEGAL,
          () -> taps.forward(Nd4j.zeros(DataType.FLOAT, 2, 4, 4, 1)),
          "expected images of shape [N, 1, 4, 4], got [2, 4, 4, 1]");
      assertRefused(ILLEGAL, () -> taps.forward(Nd4j.zeros(DataType.FLOAT, 1, 4, 4)), "[1, 4, 4]");
      assertRefused(
          ILLEGAL, () -> taps.forward(Nd4j.zeros(DataType.INT32, 1, 1, 4, 4)), "FLOAT or DOUBLE");
      assertRefused(
          IllegalStateException.class,
          () -> taps.backward(List.of(Nd4j.zeros(DataType.FLOAT, 1, 2))),
          "forward before backward");
    }
  }

  @Test
  void models_onceClosed_saySo() throws IOException {
    RepresentationModel model = network().at("features", IMAGES, Preprocessing.none());
    model.close();
    assertRefused(IllegalStateException.class, () -> model.represent(point()), "closed");
  }

  @Test
  void represent_ofAnyNumberOfImages_agreesWithThatOfEachAlone() throws IOException {
    try (RepresentationModel model = network().at("features", IMAGES, Preprocessing.of(0.1, 3))) {
      INDArray x = Nd4j.linspace(0, 1, 150 * 16, DataType.DOUBLE).reshape(150, 1, 4, 4);
      INDArray all = model.represent(x);
      assertArrayEquals(new long[] {150, 2}, all.shape());
      for (int i : new int[] {0, 63, 64, 127, 128, 149}) {
        INDArray alone = model.represent(x.slice(i).reshape(1, 1, 4, 4));
        assertClose(alone.getRow(0), all.getRow(i), 1e-12, 1e-12);
      }
      assertEquals(DataType.FLOAT, model.represent(x.castTo(DataType.FLOAT)).dataType());
    }
  }

  @Test
  void represent_insideAWorkspace_givesWhatOutlivesIt() throws IOException {
    try (RepresentationModel model = network().at("features", IMAGES, Preprocessing.none())) {
      INDArray expected = model.represent(point());
      INDArray inside;
      try (MemoryWorkspace ws =
          Nd4j.getWorkspaceManager()
              .getAndActivateWorkspace(WorkspaceConfiguration.builder().build(), "A_STEP")) {
        inside = model.represent(point());
        assertTrue(ws.isScopeActive());
      }
      assertTrue(!inside.isAttached());
      assertClose(expected, inside, 1e-12, 1e-12);
    }
  }

  @Test
  void batchSizes_moreThanAreKept_stillAgree() throws IOException {
    try (RepresentationModel model = network().at("features", IMAGES, Preprocessing.none())) {
      INDArray x = Nd4j.linspace(0, 1, 8 * 16, DataType.DOUBLE).reshape(8, 1, 4, 4);
      INDArray all = model.represent(x);
      for (int round = 0; round < 2; round++) {
        for (int n = 1; n <= 8; n++) {
          INDArray part =
              model.represent(Nd4j.pullRows(x.reshape(8, 16), 1, rows(n)).reshape(n, 1, 4, 4));
          assertClose(all.getRow(n - 1), part.getRow(n - 1), 1e-12, 1e-12);
        }
      }
    }
  }

  @Test
  void gradients_ofTwoLossesOnOneModel_doNotShareMemory() {
    RepresentationModel model = model();
    DifferentiableLoss a = model.pullBack(squares());
    ValueAndGradient first = a.evaluate(point(), rows(3));
    INDArray kept = first.gradient().dup();
    ValueAndGradient second = a.evaluate(point().mul(0.5), rows(3));
    assertNotSame(first.gradient(), second.gradient());
    assertEquals(kept, first.gradient());
    model.close();
  }

  @Override
  public DifferentiableLoss loss() {
    return model().pullBack(squares());
  }

  @Override
  public INDArray point() {
    return Nd4j.linspace(0.02, 0.9, 48, DataType.DOUBLE).reshape(3, 1, 4, 4);
  }

  /** Half the squared norm of each representation. */
  private static DifferentiableLoss squares() {
    return (r, rows) -> {
      double[] value = new double[rows.length];
      for (int i = 0; i < value.length; i++) {
        value[i] = r.getRow(i).mul(r.getRow(i)).sumNumber().doubleValue() / 2;
      }
      return new ValueAndGradient(value, r.dup());
    };
  }

  private static INDArray gradientOfSum(LayerSelection selection, INDArray x) throws IOException {
    try (RepresentationModel model = network().at(selection, IMAGES, Preprocessing.none())) {
      return gradientOfSum(model, x);
    }
  }

  private static INDArray gradientOfSum(RepresentationModel model, INDArray x) {
    return model
        .pullBack((r, rows) -> new ValueAndGradient(new double[1], r.mul(0).addi(1)))
        .evaluate(x, rows(1))
        .gradient();
  }

  private static INDArray part(INDArray rows, int from, int to) {
    return rows.get(NDArrayIndex.all(), NDArrayIndex.interval(from, to)).dup('c');
  }

  private static int[] rows(int n) {
    int[] rows = new int[n];
    for (int i = 0; i < n; i++) {
      rows[i] = i;
    }
    return rows;
  }

  private static RepresentationModel model() {
    try {
      return network().at("probabilities", IMAGES, Preprocessing.of(0.3, 0.2));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Network network() throws IOException {
    return OnnxFile.classifier().read();
  }
}
