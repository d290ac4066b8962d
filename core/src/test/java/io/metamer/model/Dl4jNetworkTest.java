package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

final class Dl4jNetworkTest {

  private static final ImageSpec IMAGES = new ImageSpec(2, 9, 8, -10, 10);
  private static final InputType INPUT = InputType.convolutional(9, 8, 2);

  @TempDir private static Path folder = Path.of("");

  @Test
  void everyLayerOfAMultiLayerNetwork_agreesWithDl4j() {
    MultiLayerNetwork dl4j = layers();
    INDArray x = images(3);
    Network network = Dl4jNetwork.of(dl4j, "mixed");
    List<String> names = dl4j.getLayerNames();
    try (Taps taps = network.taps(distinct(network, names), IMAGES, Preprocessing.none())) {
      List<INDArray> actual = taps.forward(x);
      for (int i = 0; i < names.size(); i++) {
        if (taps.layers().contains(names.get(i))) {
          // Up to this layer only: an activation layer overwrites the output of the one before.
          INDArray expected = dl4j.feedForwardToLayer(i, x.dup(), false).get(i + 1);
          assertCloseInNorm(expected, actual.get(taps.layers().indexOf(names.get(i))), 1e-4);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Truncate", "Same", "Strict"})
  void convolutionModes_agreeWithDl4j(ConvolutionMode mode) {
    ConvolutionLayer.Builder convolution =
        new ConvolutionLayer.Builder(3, 2).nOut(3).activation(Activation.IDENTITY);
    SubsamplingLayer.Builder pool = new SubsamplingLayer.Builder(PoolingType.AVG);
    if (mode == ConvolutionMode.Truncate) {
      convolution.padding(1, 1);
    }
    if (mode == ConvolutionMode.Strict) {
      convolution.stride(2, 2).padding(1, 1);
      pool.kernelSize(1, 2).stride(2, 1);
    } else {
      convolution.stride(2, 2);
      pool.kernelSize(2, 2).stride(2, 2);
    }
    assertAgrees(
        of(
            convolution.convolutionMode(mode).build(),
            pool.convolutionMode(mode).build(),
            output()));
  }

  static Stream<Layer> poolings() {
    return Stream.of(
        new SubsamplingLayer.Builder(PoolingType.MAX)
            .kernelSize(3, 3)
            .stride(2, 2)
            .padding(1, 1)
            .build(),
        new SubsamplingLayer.Builder(PoolingType.AVG)
            .kernelSize(3, 3)
            .stride(2, 2)
            .padding(1, 1)
            .build(),
        new SubsamplingLayer.Builder(PoolingType.AVG)
            .kernelSize(3, 3)
            .stride(1, 2)
            .padding(1, 1)
            .avgPoolIncludePadInDivisor(true)
            .build(),
        new SubsamplingLayer.Builder(PoolingType.AVG)
            .kernelSize(2, 3)
            .stride(2, 2)
            .convolutionMode(ConvolutionMode.Same)
            .build(),
        new GlobalPoolingLayer.Builder(PoolingType.MAX).build(),
        new GlobalPoolingLayer.Builder(PoolingType.AVG).build(),
        new GlobalPoolingLayer.Builder(PoolingType.AVG).collapseDimensions(false).build());
  }

  @ParameterizedTest
  @MethodSource("poolings")
  void poolings_agreeWithDl4j(Layer pooling) {
    assertAgrees(of(pooling, output()));
  }

  static Stream<IActivation> activations() {
    return Stream.concat(
        Stream.of(
                Activation.IDENTITY,
                Activation.RELU,
                Activation.RELU6,
                Activation.LEAKYRELU,
                Activation.ELU,
                Activation.SIGMOID,
                Activation.TANH,
                Activation.HARDTANH,
                Activation.SOFTMAX)
            .map(Activation::getActivationFunction),
        Stream.of(new ActivationReLU(0.5, 0.0, 0.0)));
  }

  @ParameterizedTest
  @MethodSource("activations")
  void activations_agreeWithDl4j(IActivation activation) {
    assertAgrees(
        of(
            new DenseLayer.Builder().nOut(7).activation(activation).build(),
            new ActivationLayer.Builder().activation(activation).build(),
            new LossLayer.Builder(LossFunction.MSE).activation(Activation.IDENTITY).build()));
  }

  @Test
  void layersWithoutBias_agreeWithDl4j() {
    assertAgrees(
        of(
            new ConvolutionLayer.Builder(2, 2).nOut(3).hasBias(false).dilation(2, 2).build(),
            new DenseLayer.Builder().nOut(4).hasBias(false).activation(Activation.TANH).build(),
            new LossLayer.Builder(LossFunction.MCXENT).activation(Activation.SOFTMAX).build()));
  }

  @Test
  void batchNormalizationWithLogDeviationOrLockedScale_agreesWithDl4j() {
    for (BatchNormalization normalization :
        List.of(
            new BatchNormalization.Builder().useLogStd(true).build(),
            new BatchNormalization.Builder().useLogStd(false).build(),
            new BatchNormalization.Builder(true).gamma(1.5).beta(-0.5).build())) {
      MultiLayerNetwork dl4j =
          of(
              new DenseLayer.Builder().nOut(5).activation(Activation.TANH).build(),
              normalization,
              output());
      INDArray deviation = dl4j.getLayer(1).paramTable().get("log10stdev");
      if (deviation != null) {
        deviation.assign(Nd4j.createFromArray(0.1f, 0.2f, -0.3f, 0.4f, 0.05f));
      }
      assertAgrees(dl4j);
    }
  }

  @Test
  void computationGraph_withShortcutAndBranches_agreesWithDl4j() {
    ComputationGraph dl4j = graph();
    INDArray x = images(3);
    Map<String, INDArray> expected = dl4j.feedForward(x, false);
    Network network = Dl4jNetwork.of(dl4j, "branches");
    List<String> names = List.of("a", "sum", "product", "both", "vector", "classes");
    try (Taps taps = network.taps(names, IMAGES, Preprocessing.none())) {
      List<INDArray> actual = taps.forward(x);
      for (int i = 0; i < names.size(); i++) {
        assertCloseInNorm(Objects.requireNonNull(expected.get(names.get(i))), actual.get(i), 1e-4);
      }
    }
    try (RepresentationModel model = network.at("penultimate", IMAGES, Preprocessing.none())) {
      assertEquals("vector", model.id().layer());
    }
  }

  @Test
  void gradient_throughTheNetwork_agreesWithCentralDifferences() {
    Network network = Dl4jNetwork.of(layers(), "mixed");
    INDArray x = images(1).castTo(DataType.DOUBLE);
    double h = 1e-5;
    try (Taps taps = network.taps(List.of("classes"), IMAGES, Preprocessing.none())) {
      INDArray c = Nd4j.createFromArray(new double[][] {{1, -2, 0.5, 3}});
      INDArray differences = x.ulike();
      for (long j = 0; j < x.length(); j++) {
        double at = x.getDouble(j);
        x.putScalar(j, at + h);
        double above = taps.forward(x).get(0).mul(c).sumNumber().doubleValue();
        x.putScalar(j, at - h);
        double below = taps.forward(x).get(0).mul(c).sumNumber().doubleValue();
        x.putScalar(j, at);
        differences.putScalar(j, (above - below) / (2 * h));
      }
      taps.forward(x);
      assertCloseInNorm(differences, taps.backward(List.of(c)), 1e-6);
    }
  }

  @Test
  void load_ofFilesOfBothKinds_givesTheNetworksInThem() throws IOException {
    for (Model dl4j : List.<Model>of(layers(), graph())) {
      Path file = folder.resolve("saved.zip");
      ModelSerializer.writeModel(dl4j, file.toFile(), false);
      Network network = Dl4jNetwork.load(file);
      assertEquals("saved", network.name());
      assertEquals(Digests.sha256(Files.readAllBytes(file)), network.sha256());
      INDArray x = images(2);
      INDArray expected =
          dl4j instanceof MultiLayerNetwork m
              ? m.output(x)
              : ((ComputationGraph) dl4j).outputSingle(x);
      try (RepresentationModel model = network.at("classes", IMAGES, Preprocessing.none())) {
        assertClose(expected, model.represent(x), 1e-4, 1e-6);
      }
    }
  }

  @Test
  void of_aNetworkThatIsTrainedOn_staysAsItWas() {
    MultiLayerNetwork dl4j = layers();
    Network network = Dl4jNetwork.of(dl4j, "mixed");
    INDArray x = images(2);
    INDArray before = dl4j.output(x).dup();
    dl4j.params().muli(2);
    assertNotEquals(network.sha256(), Dl4jNetwork.of(dl4j, "mixed").sha256());
    try (RepresentationModel model = network.at("classes", IMAGES, Preprocessing.none())) {
      assertClose(before, model.represent(x), 1e-4, 1e-6);
    }
  }

  @Test
  void input_ofFlatImages_isWhatTheNetworkUnfoldsThemTo() {
    MultiLayerNetwork dl4j =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(2).build())
                .layer(output())
                .setInputType(InputType.convolutionalFlat(9, 8, 2))
                .build());
    dl4j.init();
    Network network = Dl4jNetwork.of(dl4j, "flat");
    assertArrayEquals(new long[] {2, 9, 8}, network.input().orElseThrow());
    INDArray x = images(3);
    try (RepresentationModel model = network.at("classes", IMAGES, Preprocessing.none())) {
      assertClose(dl4j.output(x.reshape(3, 144)), model.represent(x), 1e-4, 1e-6);
    }
    assertRefused(
        IllegalArgumentException.class,
        () -> network.at("classes", ImageSpec.gray(12), Preprocessing.none()),
        "network flat takes images of 2 x 9 x 8, got 1 x 12 x 12");
  }

  @Test
  void input_ofVectors_isAnyImageOfAsManyPixels() {
    MultiLayerNetwork dl4j =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .list()
                .layer(
                    new DenseLayer.Builder().nIn(144).nOut(5).activation(Activation.TANH).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(5)
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    dl4j.init();
    Network network = Dl4jNetwork.of(dl4j, "vectors");
    assertTrue(network.input().isEmpty());
    INDArray x = images(3);
    try (RepresentationModel model = network.at("logits", IMAGES, Preprocessing.none())) {
      assertEquals(4, model.size());
    }
    try (RepresentationModel model = network.at("layer1", IMAGES, Preprocessing.none())) {
      assertClose(dl4j.output(x.reshape(3, 144)), model.represent(x), 1e-4, 1e-6);
    }
    assertRefused(
        IllegalArgumentException.class, () -> network.layers(ImageSpec.gray(10)), "[100]", "144]");
  }

  @Test
  void of_aGraphOfTwoInputs_namesThem() {
    GraphBuilder builder =
        builder()
            .addLayer("a", convolution(), "images")
            .addVertex("max", new ElementWiseVertex(ElementWiseVertex.Op.Max), "a", "images2");
    ComputationGraph two =
        new ComputationGraph(
            builder
                .addInputs("images2")
                .setInputTypes(INPUT, InputType.convolutional(9, 8, 3))
                .addLayer("classes", output(), "max")
                .setOutputs("classes")
                .build());
    two.init();
    assertRefused(
        UnsupportedModelException.class,
        () -> Dl4jNetwork.of(two, "net"),
        "inputs [images, images2]");
  }

  @Test
  void load_ofWhatIsNotASavedNetwork_isAnIoExceptionThatNamesIt() throws IOException {
    assertRefused(
        NoSuchFileException.class, () -> Dl4jNetwork.load(folder.resolve("no.zip")), "no.zip");
    Path text = Files.writeString(folder.resolve("text.zip"), "no zip");
    assertRefused(IOException.class, () -> Dl4jNetwork.load(text), "text.zip is not a network");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("configuration.json"));
      zip.write("{}".getBytes(StandardCharsets.UTF_8));
      zip.putNextEntry(new ZipEntry("coefficients.bin"));
    }
    assertRefused(
        IOException.class,
        () -> Dl4jNetwork.read(new ByteArrayInputStream(bytes.toByteArray()), "other"),
        "other is not a network saved by DL4J, or is cut short");
  }

  @Test
  void load_ofAFileCutShort_isAnIoExceptionThatNamesIt() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ModelSerializer.writeModel(layers(), bytes, false);
    byte[] whole = bytes.toByteArray();
    for (int length : new int[] {0, 10, whole.length / 4, whole.length / 2, whole.length * 3 / 4}) {
      Path file = Files.write(folder.resolve("cut.zip"), Arrays.copyOf(whole, length));
      assertRefused(IOException.class, () -> Dl4jNetwork.load(file), "cut.zip");
    }
  }

  /** Everything in a row: convolution, normalization, pooling, dropout, dense. */
  private static MultiLayerNetwork layers() {
    MultiLayerNetwork dl4j =
        of(
            convolution(),
            new BatchNormalization.Builder().name("norm").build(),
            new ActivationLayer.Builder().name("elu").activation(Activation.ELU).build(),
            new SubsamplingLayer.Builder(PoolingType.MAX)
                .name("pool")
                .kernelSize(2, 2)
                .stride(2, 2)
                .build(),
            new DropoutLayer.Builder(0.5).name("drop").build(),
            new DenseLayer.Builder().name("vector").nOut(6).activation(Activation.SIGMOID).build(),
            output());
    dl4j.getParam("1_gamma").assign(Nd4j.createFromArray(1.5f, -0.5f, 0.8f));
    dl4j.getParam("1_beta").assign(Nd4j.createFromArray(0.1f, 0.2f, -0.3f));
    dl4j.getParam("1_mean").assign(Nd4j.createFromArray(0.2f, -0.1f, 0.4f));
    dl4j.getParam("1_log10stdev").assign(Nd4j.createFromArray(-0.2f, 0.3f, 0.1f));
    return dl4j;
  }

  private static ComputationGraph graph() {
    ComputationGraph dl4j =
        new ComputationGraph(
            builder()
                .setInputTypes(INPUT)
                .addLayer("a", convolution(), "images")
                .addLayer("b", convolution(), "images")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "a", "b")
                .addVertex("product", new ElementWiseVertex(ElementWiseVertex.Op.Product), "a", "b")
                .addVertex("both", new MergeVertex(), "sum", "product")
                .addVertex("one", new MergeVertex(), "both")
                .addLayer(
                    "pool",
                    new GlobalPoolingLayer.Builder(PoolingType.AVG)
                        .collapseDimensions(false)
                        .build(),
                    "one")
                .addVertex(
                    "flat",
                    new PreprocessorVertex(new CnnToFeedForwardPreProcessor(1, 1, 6)),
                    "pool")
                .addLayer(
                    "vector",
                    new DenseLayer.Builder().nIn(6).nOut(5).activation(Activation.TANH).build(),
                    "flat")
                .addLayer("classes", output(), "vector")
                .setOutputs("classes")
                .build());
    dl4j.init();
    return dl4j;
  }

  private static GraphBuilder builder() {
    return new NeuralNetConfiguration.Builder().seed(3).graphBuilder().addInputs("images");
  }

  private static ConvolutionLayer convolution() {
    return new ConvolutionLayer.Builder(3, 3)
        .name("conv")
        .nOut(3)
        .convolutionMode(ConvolutionMode.Same)
        .biasInit(0.1)
        .activation(Activation.TANH)
        .build();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .name("classes")
        .nOut(4)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static MultiLayerNetwork of(Layer... layers) {
    MultiLayerNetwork dl4j =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder().seed(5).list(layers).setInputType(INPUT).build());
    dl4j.init();
    return dl4j;
  }

  private static void assertAgrees(MultiLayerNetwork dl4j) {
    INDArray x = images(3);
    List<String> names = dl4j.getLayerNames();
    Network network = Dl4jNetwork.of(dl4j, "net");
    try (RepresentationModel model =
        network.at(names.get(names.size() - 1), IMAGES, Preprocessing.none())) {
      assertCloseInNorm(dl4j.output(x), model.represent(x), 1e-4);
    }
  }

  /** The names whose layers add a node of their own: not a dropout's. */
  private static List<String> distinct(Network network, List<String> names) {
    List<String> nodes = network.layers(IMAGES).stream().map(io.metamer.model.Layer::name).toList();
    return names.stream().filter(nodes::contains).toList();
  }

  private static INDArray images(int n) {
    Random random = new Random(11);
    float[] x = new float[n * 2 * 9 * 8];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return Nd4j.createFromArray(x).reshape(n, 2, 9, 8);
  }
}
