package io.metamer.model;

import static io.metamer.contract.Close.assertCloseInNorm;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What the networks of DL4J's zoo are made of, small and narrow, against DL4J itself. */
final class Dl4jTopologiesTest {

  // Bounds that cut nothing off.
  private static final ImageSpec IMAGES = new ImageSpec(3, 32, 32, -10, 10);

  static Stream<Arguments> topologies() {
    return Stream.of(
        topology("SimpleCNN", Dl4jTopologiesTest::simpleCnn),
        topology("AlexNet", Dl4jTopologiesTest::alexNet),
        topology("VGG16", Dl4jTopologiesTest::vgg),
        topology("ResNet50", Dl4jTopologiesTest::resNet),
        topology("SqueezeNet", Dl4jTopologiesTest::squeezeNet),
        topology("Darknet19", Dl4jTopologiesTest::darknet),
        topology("Xception", Dl4jTopologiesTest::xception),
        topology("UNet", Dl4jTopologiesTest::uNet),
        topology("NASNet", Dl4jTopologiesTest::nasNet));
  }

  private static Arguments topology(String name, Consumer<GraphBuilder> parts) {
    return Arguments.of(Named.of(name, parts));
  }

  @ParameterizedTest
  @MethodSource("topologies")
  void topologies_agreeWithDl4jAtEveryLayer(Consumer<GraphBuilder> parts) {
    ComputationGraph dl4j = graph(parts, "out");
    Network network = Dl4jNetwork.of(dl4j, "net");
    INDArray x = images();
    List<String> names = network.layers(IMAGES).stream().map(Layer::name).toList();
    Map<String, INDArray> expected = dl4j.feedForward(x.dup(), false);
    try (Taps taps = network.taps(names, IMAGES, Preprocessing.none())) {
      List<INDArray> actual = taps.forward(x);
      int compared = 0;
      for (int i = 0; i < names.size(); i++) {
        INDArray here = expected.get(names.get(i));
        if (here != null && !isOverwritten(dl4j, names.get(i))) {
          assertCloseInNorm(here.dup('c'), actual.get(i), 1e-4);
          compared++;
        }
      }
      assertTrue(compared >= 6, compared + " layers");
    }
  }

  @Test
  void tinyYolo_isReadUpToItsOutput() {
    ComputationGraph dl4j = graph(Dl4jTopologiesTest::tinyYolo, "out");
    Network network = Dl4jNetwork.of(dl4j, "net");
    INDArray x = images();
    try (RepresentationModel model = network.at("boxes", IMAGES, Preprocessing.none())) {
      INDArray expected = Objects.requireNonNull(dl4j.feedForward(x, false).get("boxes"));
      assertCloseInNorm(expected.reshape('c', 2, -1), model.represent(x), 1e-4);
    }
    Messages.assertRefused(
        UnsupportedModelException.class,
        () -> network.at("out", IMAGES, Preprocessing.none()),
        "layer out, Yolo2OutputLayer");
  }

  /** DL4J puts the output of an activation in the place of its input. */
  private static boolean isOverwritten(ComputationGraph dl4j, String name) {
    return dl4j.getConfiguration().getVertexInputs().entrySet().stream()
        .filter(reader -> reader.getValue().contains(name))
        .map(reader -> dl4j.getVertex(reader.getKey()).getLayer())
        .anyMatch(
            layer ->
                layer instanceof org.deeplearning4j.nn.layers.ActivationLayer
                    || layer instanceof org.deeplearning4j.nn.layers.LossLayer);
  }

  private static INDArray images() {
    Random random = new Random(3);
    float[] x = new float[2 * 3 * 32 * 32];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return Nd4j.createFromArray(x).reshape(2, 3, 32, 32);
  }

  // The topologies.

  private static void simpleCnn(GraphBuilder g) {
    String x = convNormRelu(g, "c1", "images", 8, 7, 1);
    x = convNormRelu(g, "c2", x, 8, 7, 1);
    g.addLayer("p1", pool(PoolingType.AVG, 2, 2), x);
    x = convNormRelu(g, "c3", "p1", 12, 5, 1);
    g.addLayer("d1", new DropoutLayer.Builder(0.5).build(), x);
    x = convNormRelu(g, "c4", "d1", 5, 3, 2);
    g.addLayer("g1", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), x);
    g.addLayer(
        "out",
        new LossLayer.Builder(LossFunction.MCXENT).activation(Activation.SOFTMAX).build(),
        "g1");
  }

  private static void alexNet(GraphBuilder g) {
    g.addLayer("c1", conv(8, 11, 4).padding(3, 3).build(), "images");
    g.addLayer("n1", new LocalResponseNormalization.Builder(2, 5, 1e-4, 0.75).build(), "c1");
    g.addLayer("p1", pool(PoolingType.MAX, 3, 2), "n1");
    g.addLayer("c2", conv(12, 5, 1).padding(2, 2).build(), "p1");
    g.addLayer("n2", new LocalResponseNormalization.Builder(2, 5, 1e-4, 0.75).build(), "c2");
    g.addLayer("c3", conv(12, 3, 1).padding(1, 1).build(), "n2");
    g.addLayer("p2", pool(PoolingType.MAX, 3, 2), "c3");
    g.addLayer(
        "f1",
        new DenseLayer.Builder().nOut(20).activation(Activation.RELU).dropOut(0.5).build(),
        "p2");
    g.addLayer("out", output(), "f1");
  }

  private static void vgg(GraphBuilder g) {
    String x = "images";
    for (int block = 1; block <= 3; block++) {
      g.addLayer("a" + block, conv(4 * block, 3, 1).padding(1, 1).build(), x);
      g.addLayer("b" + block, conv(4 * block, 3, 1).padding(1, 1).build(), "a" + block);
      g.addLayer("p" + block, pool(PoolingType.MAX, 2, 2), "b" + block);
      x = "p" + block;
    }
    g.addLayer("f1", new DenseLayer.Builder().nOut(16).activation(Activation.RELU).build(), x);
    g.addLayer("out", output(), "f1");
  }

  private static void resNet(GraphBuilder g) {
    g.addLayer("pad", new ZeroPaddingLayer.Builder(3, 3).build(), "images");
    g.addLayer("stem", plain(8, 7, 2).build(), "pad");
    g.addLayer("norm", new BatchNormalization(), "stem");
    g.addLayer("relu", new ActivationLayer(Activation.RELU), "norm");
    g.addLayer("pool", pool(PoolingType.MAX, 3, 2), "relu");
    String x = "pool";
    for (int block = 1; block <= 2; block++) {
      String name = "block" + block;
      int stride = block;
      g.addLayer(name + "a", plain(4, 1, stride).build(), x);
      g.addLayer(name + "an", new BatchNormalization(), name + "a");
      g.addLayer(name + "ar", new ActivationLayer(Activation.RELU), name + "an");
      g.addLayer(
          name + "b", plain(4, 3, 1).convolutionMode(ConvolutionMode.Same).build(), name + "ar");
      g.addLayer(name + "bn", new BatchNormalization(), name + "b");
      g.addLayer(name + "c", plain(12, 1, 1).build(), name + "bn");
      g.addLayer(name + "short", plain(12, 1, stride).build(), x);
      g.addVertex(
          name + "sum",
          new ElementWiseVertex(ElementWiseVertex.Op.Add),
          name + "c",
          name + "short");
      g.addLayer(name, new ActivationLayer(Activation.RELU), name + "sum");
      x = name;
    }
    g.addLayer("avg", pool(PoolingType.AVG, 3, 3), x);
    g.addLayer("out", output(), "avg");
  }

  private static void squeezeNet(GraphBuilder g) {
    g.addLayer("c1", conv(8, 3, 2).build(), "images");
    g.addLayer("p1", pool(PoolingType.MAX, 3, 2), "c1");
    String x = "p1";
    for (int i = 1; i <= 2; i++) {
      g.addLayer("squeeze" + i, conv(3, 1, 1).build(), x);
      g.addLayer("left" + i, conv(6, 1, 1).build(), "squeeze" + i);
      g.addLayer("right" + i, conv(6, 3, 1).padding(1, 1).build(), "squeeze" + i);
      g.addVertex("fire" + i, new MergeVertex(), "left" + i, "right" + i);
      x = "fire" + i;
    }
    g.addLayer("drop", new DropoutLayer.Builder(0.5).build(), x);
    g.addLayer("c2", conv(10, 1, 1).build(), "drop");
    g.addLayer("avg", new GlobalPoolingLayer(PoolingType.AVG), "c2");
    g.addLayer(
        "out",
        new LossLayer.Builder(LossFunction.MCXENT).activation(Activation.SOFTMAX).build(),
        "avg");
  }

  private static void darknet(GraphBuilder g) {
    String x = leaky(g, "1", "images", 6);
    g.addLayer("p1", pool(PoolingType.MAX, 2, 2), x);
    x = leaky(g, "2", "p1", 8);
    g.addLayer("p2", pool(PoolingType.MAX, 2, 2), x);
    x = leaky(g, "3", "p2", 10);
    g.addLayer("c4", plain(7, 1, 1).hasBias(true).build(), x);
    g.addLayer("avg", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "c4");
    g.addLayer(
        "out",
        new LossLayer.Builder(LossFunction.MCXENT).activation(Activation.SOFTMAX).build(),
        "avg");
  }

  /** With the reorganisation of YOLO 2 as well. */
  private static void tinyYolo(GraphBuilder g) {
    String x = leaky(g, "1", "images", 6);
    g.addLayer("p1", pool(PoolingType.MAX, 2, 2), x);
    g.addLayer("p2", pool(PoolingType.MAX, 2, 2), leaky(g, "2", "p1", 8));
    g.addLayer("depth", new SpaceToDepthLayer.Builder<>(2).build(), "p1");
    g.addVertex("both", new MergeVertex(), "p2", "depth");
    g.addLayer("boxes", plain(2 * (5 + 3), 1, 1).hasBias(true).build(), "both");
    g.addLayer(
        "out",
        new Yolo2OutputLayer.Builder()
            .boundingBoxPriors(Nd4j.createFromArray(new float[][] {{1, 2}, {2, 1}}))
            .build(),
        "boxes");
  }

  private static void xception(GraphBuilder g) {
    g.addLayer("stem", conv(6, 3, 2).build(), "images");
    g.addLayer("short", plain(8, 1, 2).convolutionMode(ConvolutionMode.Same).build(), "stem");
    g.addLayer("s1", separable(8), "stem");
    g.addLayer("n1", new BatchNormalization(), "s1");
    g.addLayer("r1", new ActivationLayer(Activation.RELU), "n1");
    g.addLayer("s2", separable(8), "r1");
    g.addLayer(
        "p1",
        new SubsamplingLayer.Builder(PoolingType.MAX)
            .kernelSize(3, 3)
            .stride(2, 2)
            .convolutionMode(ConvolutionMode.Same)
            .build(),
        "s2");
    g.addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "p1", "short");
    g.addLayer("avg", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "sum");
    g.addLayer("out", output(), "avg");
  }

  private static void uNet(GraphBuilder g) {
    g.addLayer("c1", same(6), "images");
    g.addLayer("p1", pool(PoolingType.MAX, 2, 2), "c1");
    g.addLayer("c2", same(8), "p1");
    g.addLayer("p2", pool(PoolingType.MAX, 2, 2), "c2");
    g.addLayer("c3", same(10), "p2");
    g.addLayer("u1", new Upsampling2D.Builder(2).build(), "c3");
    g.addLayer("c4", same(8), "u1");
    g.addVertex("m1", new MergeVertex(), "c2", "c4");
    g.addLayer("u2", new Upsampling2D.Builder(2).build(), "m1");
    g.addVertex("m2", new MergeVertex(), "c1", "u2");
    g.addLayer("c5", plain(1, 1, 1).hasBias(true).build(), "m2");
    g.addLayer(
        "out",
        new CnnLossLayer.Builder(LossFunction.XENT).activation(Activation.SIGMOID).build(),
        "c5");
  }

  private static void nasNet(GraphBuilder g) {
    g.addLayer("stem", plain(6, 3, 1).build(), "images");
    g.addLayer("relu", new ActivationLayer(Activation.RELU), "stem");
    g.addLayer("left", separable(4), "relu");
    g.addLayer("pad", new ZeroPaddingLayer.Builder(0, 1, 0, 1).build(), "relu");
    g.addLayer("crop", new Cropping2D.Builder(1, 0, 1, 0).build(), "pad");
    g.addLayer("right", plain(4, 1, 1).build(), "crop");
    g.addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "left", "right");
    g.addLayer(
        "avg3",
        new SubsamplingLayer.Builder(PoolingType.AVG)
            .kernelSize(3, 3)
            .stride(1, 1)
            .convolutionMode(ConvolutionMode.Same)
            .build(),
        "sum");
    g.addVertex("cell", new MergeVertex(), "sum", "avg3", "relu");
    g.addLayer("avg", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "cell");
    g.addLayer("out", output(), "avg");
  }

  // Their parts.

  private static ComputationGraph graph(Consumer<GraphBuilder> parts, String output) {
    GraphBuilder builder =
        new NeuralNetConfiguration.Builder()
            .seed(3)
            .convolutionMode(ConvolutionMode.Truncate)
            .graphBuilder()
            .addInputs("images");
    parts.accept(builder);
    ComputationGraph dl4j =
        new ComputationGraph(
            builder.setInputTypes(InputType.convolutional(32, 32, 3)).setOutputs(output).build());
    dl4j.init();
    return dl4j;
  }

  private static ConvolutionLayer.Builder plain(int channels, int kernel, int stride) {
    return new ConvolutionLayer.Builder(kernel, kernel)
        .nOut(channels)
        .stride(stride, stride)
        .hasBias(false)
        .activation(Activation.IDENTITY);
  }

  private static ConvolutionLayer.Builder conv(int channels, int kernel, int stride) {
    return plain(channels, kernel, stride).hasBias(true).biasInit(0.1).activation(Activation.RELU);
  }

  private static ConvolutionLayer same(int channels) {
    return conv(channels, 3, 1).convolutionMode(ConvolutionMode.Same).build();
  }

  private static SeparableConvolution2D separable(int channels) {
    return new SeparableConvolution2D.Builder(3, 3)
        .nOut(channels)
        .hasBias(false)
        .convolutionMode(ConvolutionMode.Same)
        .activation(Activation.IDENTITY)
        .build();
  }

  private static SubsamplingLayer pool(PoolingType type, int kernel, int stride) {
    return new SubsamplingLayer.Builder(type)
        .kernelSize(kernel, kernel)
        .stride(stride, stride)
        .build();
  }

  private static String convNormRelu(
      GraphBuilder g, String name, String from, int channels, int kernel, int stride) {
    g.addLayer(
        name,
        plain(channels, kernel, stride).hasBias(true).convolutionMode(ConvolutionMode.Same).build(),
        from);
    g.addLayer(name + "n", new BatchNormalization(), name);
    g.addLayer(name + "r", new ActivationLayer(Activation.RELU), name + "n");
    return name + "r";
  }

  private static String leaky(GraphBuilder g, String name, String from, int channels) {
    g.addLayer(
        "c" + name, plain(channels, 3, 1).convolutionMode(ConvolutionMode.Same).build(), from);
    g.addLayer("n" + name, new BatchNormalization(), "c" + name);
    g.addLayer("l" + name, new ActivationLayer(new ActivationLReLU(0.1)), "n" + name);
    return "l" + name;
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(5)
        .activation(Activation.SOFTMAX)
        .build();
  }
}
