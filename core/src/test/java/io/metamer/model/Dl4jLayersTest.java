package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.GaussianDropout;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PoolHelperVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SpaceToBatchLayer;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Each layer and vertex of the table against what DL4J itself computes. */
final class Dl4jLayersTest {

  private static final ImageSpec IMAGES = new ImageSpec(2, 9, 8, -10, 10);

  // Layers.

  static Stream<Arguments> layers() {
    return Stream.of(
            convolution(new ConvolutionLayer.Builder(3, 2).stride(2, 1).padding(1, 0)),
            convolution(new ConvolutionLayer.Builder(2, 3).dilation(2, 2)),
            convolution(
                new ConvolutionLayer.Builder(3, 4)
                    .stride(2, 2)
                    .convolutionMode(ConvolutionMode.Same)),
            convolution(
                new ConvolutionLayer.Builder(3, 2)
                    .dilation(2, 1)
                    .convolutionMode(ConvolutionMode.Same)),
            new ConvolutionLayer.Builder(3, 3).nOut(3).hasBias(false).build(),
            new DepthwiseConvolution2D.Builder(3, 2).depthMultiplier(2).nOut(8).build(),
            new DepthwiseConvolution2D.Builder(3, 3)
                .depthMultiplier(1)
                .nOut(4)
                .stride(2, 2)
                .hasBias(false)
                .convolutionMode(ConvolutionMode.Same)
                .build(),
            new SeparableConvolution2D.Builder(3, 2).depthMultiplier(2).nOut(5).build(),
            new SeparableConvolution2D.Builder(3, 3)
                .nOut(5)
                .stride(2, 1)
                .hasBias(false)
                .activation(Activation.RELU)
                .convolutionMode(ConvolutionMode.Same)
                .build(),
            new Deconvolution2D.Builder(3, 2).nOut(3).stride(2, 1).padding(1, 0).build(),
            new Deconvolution2D.Builder(3, 2)
                .nOut(3)
                .stride(2, 3)
                .convolutionMode(ConvolutionMode.Same)
                .build(),
            new Deconvolution2D.Builder(2, 2).nOut(3).stride(2, 2).hasBias(false).build(),
            new BatchNormalization.Builder().build(),
            new BatchNormalization.Builder(true).gamma(1.5).beta(-0.5).build(),
            new BatchNormalization.Builder(true).gamma(1.5).build(),
            new LocalResponseNormalization.Builder().build(),
            new LocalResponseNormalization.Builder(1.5, 4, 0.3, 0.6).build(),
            pooling(PoolingType.MAX).dilation(2, 1).build(),
            pooling(PoolingType.MAX).stride(2, 2).padding(1, 1).build(),
            pooling(PoolingType.AVG).stride(2, 2).padding(1, 1).build(),
            pooling(PoolingType.AVG).stride(2, 2).convolutionMode(ConvolutionMode.Same).build(),
            pooling(PoolingType.PNORM).pnorm(2).stride(2, 2).padding(1, 1).build(),
            pooling(PoolingType.PNORM).pnorm(3).build(),
            pooling(PoolingType.PNORM).pnorm(1).build(),
            new GlobalPoolingLayer.Builder(PoolingType.MAX).build(),
            new GlobalPoolingLayer.Builder(PoolingType.AVG).build(),
            new GlobalPoolingLayer.Builder(PoolingType.SUM).build(),
            new GlobalPoolingLayer.Builder(PoolingType.PNORM).pnorm(2).build(),
            new GlobalPoolingLayer.Builder(PoolingType.PNORM).pnorm(3).build(),
            new Upsampling2D.Builder(2).size(new int[] {2, 3}).build(),
            new ZeroPaddingLayer.Builder(1, 2, 0, 3).build(),
            new Cropping2D.Builder(1, 2, 0, 3).build(),
            new DropoutLayer.Builder(0.5).build(),
            new DropoutLayer.Builder(new GaussianDropout(0.3)).build(),
            new ActivationLayer.Builder().activation(Activation.SOFTPLUS).build(),
            new ActivationLayer.Builder().activation(Activation.SOFTMAX).build(),
            new FrozenLayer.Builder()
                .layer(convolution(new ConvolutionLayer.Builder(3, 2)))
                .build(),
            new FrozenLayerWithBackprop(convolution(new ConvolutionLayer.Builder(3, 2))))
        .flatMap(
            layer ->
                Stream.of(CNN2DFormat.values())
                    .map(format -> Arguments.of(Named.of(described(layer), layer), format)));
  }

  private static String described(Object layer) {
    String text = layer.toString();
    return text.substring(0, Math.min(200, text.length()));
  }

  private static ConvolutionLayer convolution(ConvolutionLayer.Builder builder) {
    return builder.nOut(3).activation(Activation.TANH).biasInit(0.1).build();
  }

  private static SubsamplingLayer.Builder pooling(PoolingType type) {
    return new SubsamplingLayer.Builder(type).kernelSize(3, 2).stride(1, 1);
  }

  @ParameterizedTest
  @MethodSource("layers")
  void layersOfMaps_agreeWithDl4j(Layer layer, CNN2DFormat format) {
    assertAgrees(format, first(), layer.clone(), output());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void spaceToDepth_agreesWithDl4j(CNN2DFormat format) {
    Layer even = new Cropping2D.Builder(0, 1, 0, 0).build();
    assertAgrees(
        format,
        even,
        new SpaceToDepthLayer.Builder<>(2).build(),
        first(),
        new SpaceToDepthLayer.Builder<>(4).build(),
        output());
  }

  static Stream<CNN2DFormat> formats() {
    return Stream.of(CNN2DFormat.values());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void lossOfMaps_agreesWithDl4j(CNN2DFormat format) {
    for (Activation activation : List.of(Activation.SOFTMAX, Activation.SIGMOID)) {
      assertAgrees(
          format,
          first(),
          new CnnLossLayer.Builder(LossFunction.MSE).activation(activation).format(format).build());
    }
  }

  static Stream<Layer> layersOfVectors() {
    return Stream.of(
        new DenseLayer.Builder().nOut(5).activation(Activation.TANH).build(),
        new DenseLayer.Builder().nOut(5).hasLayerNorm(true).activation(Activation.TANH).build(),
        new DenseLayer.Builder().nOut(5).hasLayerNorm(true).hasBias(false).build(),
        new BatchNormalization.Builder().build(),
        new BatchNormalization.Builder(true).gamma(1.5).beta(-0.5).build(),
        new BatchNormalization.Builder(true).gamma(1.5).build(),
        new ElementWiseMultiplicationLayer.Builder()
            .nIn(6)
            .nOut(6)
            .activation(Activation.TANH)
            .build(),
        new PReLULayer.Builder().inputShape(6).build());
  }

  @ParameterizedTest
  @MethodSource("layersOfVectors")
  void layersOfVectors_agreeWithDl4j(Layer layer) {
    assertAgrees(
        CNN2DFormat.NCHW,
        new DenseLayer.Builder().nOut(6).activation(Activation.IDENTITY).build(),
        layer,
        new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
            .nOut(4)
            .activation(Activation.SOFTMAX)
            .build());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void prelu_withAndWithoutSharedSlopes_agreesWithDl4j(CNN2DFormat format) {
    boolean last = format == CNN2DFormat.NHWC;
    long[] shape = last ? new long[] {9, 8, 2} : new long[] {2, 9, 8};
    long[] shared = last ? new long[] {1, 2} : new long[] {2, 3};
    assertAgrees(format, new PReLULayer.Builder().inputShape(shape).build(), output());
    assertAgrees(
        format,
        new PReLULayer.Builder().inputShape(shape).sharedAxes(shared).build(),
        first(),
        output());
  }

  // Activations.

  static Stream<IActivation> activations() {
    return Stream.concat(
        Stream.of(Activation.values())
            .filter(a -> a != Activation.GELU)
            .map(Activation::getActivationFunction),
        Stream.of(
            new ActivationELU(0.3),
            new ActivationGELU(false),
            new ActivationGELU(true),
            new ActivationRReLU(0.2, 0.6),
            new ActivationThresholdedReLU(0.4),
            new ActivationReLU(0.5, 0.0, 0.0),
            new ActivationReLU(0.5, 0.2, 0.0),
            new ActivationReLU(0.5, 0.2, 0.3),
            new ActivationReLU(null, 0.2, 0.3),
            new ActivationReLU(null, 0.2, null),
            new ActivationReLU(null, 0.0, 0.3),
            new ActivationReLU(0.5, 0.0, 0.3)));
  }

  @ParameterizedTest
  @MethodSource("activations")
  void activations_agreeWithDl4j(IActivation activation) {
    assertAgrees(
        CNN2DFormat.NCHW,
        new ConvolutionLayer.Builder(3, 3).nOut(3).activation(activation).build(),
        new DenseLayer.Builder().nOut(20).activation(activation).build(),
        new LossLayer.Builder(LossFunction.MSE).activation(activation).build());
  }

  @ParameterizedTest
  @MethodSource("activations")
  void gradientsOfActivations_agreeWithCentralDifferences(IActivation activation) {
    assertGradient(new ActivationLayer.Builder().activation(activation).build());
  }

  static Stream<Layer> composites() {
    return Stream.of(
        new LocalResponseNormalization.Builder(1.5, 4, 0.3, 0.6).build(),
        pooling(PoolingType.PNORM).pnorm(2).build(),
        pooling(PoolingType.PNORM).pnorm(3).stride(2, 2).padding(1, 1).build(),
        new GlobalPoolingLayer.Builder(PoolingType.PNORM).pnorm(3).build(),
        new DenseLayer.Builder().nOut(5).hasLayerNorm(true).activation(Activation.TANH).build(),
        new SeparableConvolution2D.Builder(3, 2).depthMultiplier(2).nOut(3).build(),
        new Deconvolution2D.Builder(3, 2)
            .nOut(3)
            .stride(2, 3)
            .convolutionMode(ConvolutionMode.Same)
            .build(),
        new Upsampling2D.Builder(2).build());
  }

  @ParameterizedTest
  @MethodSource("composites")
  void gradientsOfComposites_agreeWithCentralDifferences(Layer layer) {
    assertGradient(layer);
  }

  /** Where a window is all zeros a norm has no derivative, and the gradient stays finite. */
  @Test
  void gradientsOfNorms_atZero_areZero() {
    for (int p : new int[] {1, 2, 3}) {
      MultiLayerNetwork dl4j =
          of(CNN2DFormat.NCHW, pooling(PoolingType.PNORM).pnorm(p).build(), output());
      Network network = Dl4jNetwork.of(dl4j, "net");
      try (Taps taps = network.taps(List.of("layer0"), IMAGES, Preprocessing.none())) {
        INDArray y = taps.forward(images().muli(0)).get(0);
        INDArray gradient = taps.backward(List.of(y.ulike().assign(1)));
        assertEquals(0, gradient.norm2Number().doubleValue());
      }
    }
  }

  private static void assertGradient(Layer layer) {
    Network network = Dl4jNetwork.of(of(CNN2DFormat.NCHW, layer, output()), "net");
    INDArray x = images().castTo(DataType.DOUBLE);
    Random random = new Random(4);
    double h = 1e-6;
    try (Taps taps = network.taps(List.of("layer0"), IMAGES, Preprocessing.none())) {
      INDArray c = taps.forward(x).get(0).dup();
      INDArray direction = x.ulike();
      for (long i = 0; i < Math.max(c.length(), x.length()); i++) {
        c.putScalar(Math.min(i, c.length() - 1), random.nextGaussian());
        direction.putScalar(Math.min(i, x.length() - 1), random.nextGaussian());
      }
      double above = taps.forward(x.add(direction.mul(h))).get(0).mul(c).sumNumber().doubleValue();
      double below = taps.forward(x.sub(direction.mul(h))).get(0).mul(c).sumNumber().doubleValue();
      taps.forward(x);
      double along = taps.backward(List.of(c)).mul(direction).sumNumber().doubleValue();
      assertClose((above - below) / (2 * h), along, 1e-6, 1e-6);
    }
  }

  @Test
  void activations_allOfDl4js_areInTheTable() {
    for (Activation activation : Activation.values()) {
      String name = activation.getActivationFunction().getClass().getSimpleName();
      assertTrue(Dl4jActivations.names().contains(name), name);
    }
  }

  // Vertices.

  static Stream<Arguments> vertices() {
    return Stream.of(
            new ElementWiseVertex(ElementWiseVertex.Op.Add),
            new ElementWiseVertex(ElementWiseVertex.Op.Average),
            new ElementWiseVertex(ElementWiseVertex.Op.Product),
            new ElementWiseVertex(ElementWiseVertex.Op.Max),
            new ElementWiseVertex(ElementWiseVertex.Op.Subtract),
            new MergeVertex(),
            new ScaleVertex(-1.5),
            new ShiftVertex(0.25),
            new L2NormalizeVertex(),
            new SubsetVertex(1, 1),
            new PoolHelperVertex(),
            new FrozenVertex(new ScaleVertex(2)),
            new ReshapeVertex(-1, 6, 3, 8))
        .flatMap(
            vertex ->
                Stream.of(CNN2DFormat.values())
                    .filter(format -> format == CNN2DFormat.NCHW || inBothFormats(vertex))
                    .map(format -> Arguments.of(vertex, format)));
  }

  /** Vertices that DL4J itself runs on maps with their channels last. */
  private static boolean inBothFormats(GraphVertex vertex) {
    return !(vertex instanceof PoolHelperVertex
        || vertex instanceof ReshapeVertex
        || vertex instanceof SubsetVertex);
  }

  @ParameterizedTest
  @MethodSource("vertices")
  void vertices_agreeWithDl4j(GraphVertex vertex, CNN2DFormat format) {
    int count =
        !(vertex instanceof ElementWiseVertex e)
            ? vertex instanceof MergeVertex ? 2 : 1
            : e.getOp() == ElementWiseVertex.Op.Subtract ? 2 : 3;
    String[] inputs = Stream.of("a", "b", "c").limit(count).toArray(String[]::new);
    ComputationGraph dl4j =
        graph(
            format,
            builder -> {
              for (String name : inputs) {
                builder.addLayer(name, same(2), "images");
              }
              builder.addVertex("vertex", vertex, inputs);
              builder.addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "vertex");
              builder.addLayer("classes", output(), "pool");
            });
    assertAgrees(dl4j, format, "vertex", "classes");
  }

  @ParameterizedTest
  @MethodSource("formats")
  void verticesOfVectors_agreeWithDl4j(CNN2DFormat format) {
    ComputationGraph dl4j =
        graph(
            format,
            builder -> {
              builder.addLayer("a", first(), "images");
              builder.addVertex(
                  "flat",
                  new PreprocessorVertex(new CnnToFeedForwardPreProcessor(9, 8, 4, format)),
                  "a");
              builder.addVertex("part", new SubsetVertex(3, 20), "flat");
              builder.addVertex("unit", new L2NormalizeVertex(), "part");
              builder.addVertex("both", new MergeVertex(), "unit", "flat");
              builder.addLayer("classes", output(), "both");
            });
    assertAgrees(dl4j, format, "flat", "part", "unit", "both", "classes");
  }

  @Test
  void vectorsOfMaps_asMapsAgain_agreeWithDl4j() {
    InputPreProcessor composed =
        new ComposableInputPreProcessor(
            new CnnToFeedForwardPreProcessor(9, 8, 2), new FeedForwardToCnnPreProcessor(6, 3, 8));
    ComputationGraph dl4j =
        graph(
            CNN2DFormat.NCHW,
            builder -> {
              builder.addVertex("again", new PreprocessorVertex(composed), "images");
              builder.addLayer("pool", new GlobalPoolingLayer(PoolingType.MAX), "again");
              builder.addLayer("classes", output(), "pool");
            });
    assertAgrees(dl4j, CNN2DFormat.NCHW, "again", "classes");
  }

  /** A gate of one number a channel, as in squeeze and excitation; DL4J infers no types of it. */
  @Test
  void gates_agreeWithDl4j() {
    ComputationGraph dl4j =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .graphBuilder()
                .addInputs("images")
                .addLayer("a", new ConvolutionLayer.Builder(3, 3).nIn(2).nOut(4).build(), "images")
                .addLayer(
                    "pool",
                    new GlobalPoolingLayer.Builder(PoolingType.AVG)
                        .collapseDimensions(false)
                        .build(),
                    "a")
                .addLayer(
                    "gate",
                    new ConvolutionLayer.Builder(1, 1)
                        .nIn(4)
                        .nOut(4)
                        .activation(Activation.SIGMOID)
                        .build(),
                    "pool")
                .addVertex(
                    "product", new ElementWiseVertex(ElementWiseVertex.Op.Product), "a", "gate")
                .addVertex(
                    "largest", new ElementWiseVertex(ElementWiseVertex.Op.Max), "product", "gate")
                .addLayer("mean", new GlobalPoolingLayer(PoolingType.AVG), "largest")
                .addLayer(
                    "classes",
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(4)
                        .nOut(4)
                        .activation(Activation.IDENTITY)
                        .build(),
                    "mean")
                .setOutputs("classes")
                .build());
    dl4j.init();
    assertAgrees(dl4j, CNN2DFormat.NCHW, "product", "largest", "classes");
  }

  // Refusals.

  @Test
  void layers_thatAreNotKnown_doNotStandInTheWayOfThoseBefore() {
    MultiLayerNetwork dl4j =
        of(
            CNN2DFormat.NCHW,
            first(),
            new SpaceToBatchLayer.Builder<>(new int[] {2, 2}).name("odd").build());
    Network network = Dl4jNetwork.of(dl4j, "net");
    INDArray x = images();
    try (Taps taps = network.taps(List.of("layer0"), IMAGES, Preprocessing.none())) {
      assertCloseInNorm(dl4j.feedForwardToLayer(0, x, false).get(1), taps.forward(x).get(0), 1e-5);
    }
    for (String name : List.of("odd", "logits", "penultimate")) {
      assertRefused(
          UnsupportedModelException.class,
          () -> network.at(name, IMAGES, Preprocessing.none()),
          "network net: layer odd, SpaceToBatchLayer: it is not supported; Dl4jNetwork.supported() lists");
    }
  }

  @Test
  void steps_afterOneThatIsNotKnown_areRefusedForIt() {
    ComputationGraph dl4j =
        graph(
            CNN2DFormat.NCHW,
            builder -> {
              builder.addLayer("a", first(), "images");
              builder.addVertex("stack", new StackVertex(), "a", "a");
              builder.addLayer("b", first(), "stack");
              builder.addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "b");
              builder.addLayer("classes", output(), "pool");
            });
    Network network = Dl4jNetwork.of(dl4j, "net");
    assertEquals("a", network.layers(IMAGES).get(network.layers(IMAGES).size() - 1).name());
    assertRefused(
        UnsupportedModelException.class,
        () -> network.at("b", IMAGES, Preprocessing.none()),
        "network net: layer stack, StackVertex");
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(
            pooling(PoolingType.AVG).dilation(2, 2).build(), "averages with dilation [2, 2]"),
        Arguments.of(pooling(PoolingType.SUM).build(), "pooling SUM; supported are MAX"),
        Arguments.of(
            new ActivationLayer.Builder().activation(new ActivationReLU(0.0, 0.1, 0.0)).build(),
            "a ReLU of at most 0.0"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void settings_thatAreNotSupported_areNamed(Layer layer, String reason) {
    Network network = Dl4jNetwork.of(of(CNN2DFormat.NCHW, first(), layer, output()), "net");
    assertRefused(
        UnsupportedModelException.class,
        () -> network.at("layer1", IMAGES, Preprocessing.none()),
        "network net: layer layer1, " + layer.getClass().getSimpleName(),
        reason);
  }

  @Test
  void vertices_ofTwoExamples_areRefused() {
    ComputationGraph dl4j =
        graph(
            CNN2DFormat.NCHW,
            builder -> {
              builder.addLayer("a", new GlobalPoolingLayer(PoolingType.AVG), "images");
              builder.addVertex("distance", new L2Vertex(), "a", "a");
              builder.addLayer("classes", output(), "a");
              builder.addLayer("other", output(), "distance");
            });
    assertRefused(
        UnsupportedModelException.class,
        () -> Dl4jNetwork.of(dl4j, "net").at("distance", IMAGES, Preprocessing.none()),
        "layer distance, L2Vertex");
  }

  // Networks.

  private static ConvolutionLayer first() {
    return new ConvolutionLayer.Builder(3, 3)
        .nOut(4)
        .convolutionMode(ConvolutionMode.Same)
        .biasInit(0.1)
        .activation(Activation.TANH)
        .build();
  }

  private static ConvolutionLayer same(int channels) {
    return new ConvolutionLayer.Builder(3, 3)
        .nOut(channels)
        .convolutionMode(ConvolutionMode.Same)
        .activation(Activation.TANH)
        .build();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(4)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static InputType input(CNN2DFormat format) {
    return InputType.convolutional(9, 8, 2, format);
  }

  private static MultiLayerNetwork of(CNN2DFormat format, Layer... layers) {
    MultiLayerNetwork dl4j =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(5)
                .list(layers)
                .setInputType(input(format))
                .build());
    dl4j.init();
    scramble(dl4j.paramTable());
    return dl4j;
  }

  private static ComputationGraph graph(CNN2DFormat format, Consumer<GraphBuilder> parts) {
    GraphBuilder builder =
        new NeuralNetConfiguration.Builder().seed(3).graphBuilder().addInputs("images");
    builder.allowDisconnected(true).setInputTypes(input(format));
    parts.accept(builder);
    ComputationGraph dl4j = new ComputationGraph(builder.setOutputs("classes").build());
    dl4j.init();
    scramble(dl4j.paramTable());
    return dl4j;
  }

  /** Gives all parameters numbers of their own: DL4J starts some at 0 or 1. */
  private static void scramble(Map<String, INDArray> parameters) {
    Random random = new Random(8);
    parameters.forEach(
        (name, array) -> {
          double spread = name.endsWith("_W") ? 0 : 0.2;
          for (long i = 0; spread > 0 && i < array.length(); i++) {
            array.putScalar(i, array.getDouble(i) + spread * random.nextDouble());
          }
          if (name.endsWith("_W") && array.minNumber().equals(array.maxNumber())) {
            for (long i = 0; i < array.length(); i++) {
              array.putScalar(i, random.nextDouble());
            }
          }
        });
  }

  private static void assertAgrees(CNN2DFormat format, Layer... layers) {
    MultiLayerNetwork dl4j = of(format, layers);
    Network network = Dl4jNetwork.of(dl4j, "net");
    for (int i = 0; i < layers.length; i++) {
      // Up to this layer only: an activation layer overwrites the output of the one before.
      INDArray expected = dl4j.feedForwardToLayer(i, own(images(), format), false).get(i + 1);
      assertAgrees(expected, network, "layer" + i, format);
    }
  }

  private static void assertAgrees(ComputationGraph dl4j, CNN2DFormat format, String... names) {
    Map<String, INDArray> expected = dl4j.feedForward(own(images(), format), false);
    Network network = Dl4jNetwork.of(dl4j, "net");
    for (String name : names) {
      assertAgrees(Objects.requireNonNull(expected.get(name)), network, name, format);
    }
  }

  private static void assertAgrees(
      INDArray expected, Network network, String layer, CNN2DFormat format) {
    INDArray ours =
        expected.rank() == 4 && format == CNN2DFormat.NHWC
            ? expected.permute(0, 3, 1, 2)
            : expected;
    try (Taps taps = network.taps(List.of(layer), IMAGES, Preprocessing.none())) {
      assertCloseInNorm(ours.dup('c'), taps.forward(images()).get(0), 1e-5);
    }
  }

  /** Images in the order that a network of DL4J takes. */
  private static INDArray own(INDArray images, CNN2DFormat format) {
    return format == CNN2DFormat.NHWC ? images.permute(0, 2, 3, 1).dup('c') : images;
  }

  private static INDArray images() {
    Random random = new Random(11);
    float[] x = new float[3 * 2 * 9 * 8];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return Nd4j.createFromArray(x).reshape(3, 2, 9, 8);
  }
}
