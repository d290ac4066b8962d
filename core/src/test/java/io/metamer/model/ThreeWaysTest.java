package io.metamer.model;

import static io.metamer.contract.Close.assertCloseInNorm;

import io.metamer.image.ImageSpec;
import io.metamer.weights.StateDict;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The same weights as a network of each kind: its representations are those that TensorFlow
 * computed, and its gradients those of the others.
 */
final class ThreeWaysTest {

  private static final Path GOLDEN = Path.of("src", "test", "resources", "golden", "same");
  private static final ImageSpec IMAGES = new ImageSpec(3, 8, 8, -10, 10);

  @Test
  void sameWeights_asOnnxDl4jAndKeras_giveTheSameRepresentations() throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve("weights.npz"));
    INDArray cotangent = Nd4j.createFromArray(1f, -2, 0.5f, 3, 0.25f, -1, 2);
    List<Network> ways =
        List.of(
            onnx(weights),
            dl4j(weights),
            KerasNetwork.load(GOLDEN.resolve("network.keras")),
            KerasNetwork.load(GOLDEN.resolve("network.h5")));
    INDArray first = null;
    for (Network network : ways) {
      List<String> layers = List.of("features", "classes");
      try (Taps taps = network.taps(layers, IMAGES, Preprocessing.none())) {
        List<INDArray> actual = taps.forward(weights.tensor("images", 3, 3, 8, 8));
        for (int i = 0; i < layers.size(); i++) {
          assertCloseInNorm(weights.tensor(layers.get(i)), actual.get(i), 1e-5);
        }
        INDArray at = Nd4j.create(3, 7).addiRowVector(cotangent);
        INDArray none = Nd4j.create(3, 4);
        INDArray gradient = taps.backward(List.of(at, none)).dup();
        first = first == null ? gradient : first;
        assertCloseInNorm(first, gradient, 1e-5);
      }
    }
  }

  private static Network onnx(StateDict weights) throws IOException {
    OnnxFile file = OnnxFile.ofImages(3, 8, 8);
    put(file, weights, "conv1/kernel", 3, 2, 0, 1);
    put(file, weights, "conv1/bias", 0);
    put(file, weights, "conv2/kernel", 3, 2, 0, 1);
    for (String name : List.of("gamma", "beta", "moving_mean", "moving_variance")) {
      put(file, weights, "norm/" + name, 0);
    }
    // Rows of the vector's [H, W, C] as those of [C, H, W].
    INDArray kernel = weights.tensor("features/kernel", 24, 7).reshape(2, 2, 6, 7);
    put(file, "features/kernel", kernel.permute(2, 0, 1, 3).dup('c').reshape('c', 24, 7));
    put(file, weights, "features/bias", 0);
    put(file, weights, "classes/kernel", 0, 1);
    put(file, weights, "classes/bias", 0);
    return file.node("Conv", "c1", "x", "conv1/kernel", "conv1/bias")
        .with("strides", 2, 2)
        .with("pads", 0, 0, 1, 1)
        .node("Relu", "r1", "c1")
        .node("Conv", "c2", "r1", "conv2/kernel")
        .with("pads", 1, 1, 1, 1)
        .node(
            "BatchNormalization",
            "norm",
            "c2",
            "norm/gamma",
            "norm/beta",
            "norm/moving_mean",
            "norm/moving_variance")
        .with(
            onnx.Onnx.AttributeProto.newBuilder()
                .setName("epsilon")
                .setType(onnx.Onnx.AttributeProto.AttributeType.FLOAT)
                .setF(1e-3f))
        .node("Add", "sum", "r1", "norm")
        .node("MaxPool", "pool", "sum")
        .with("kernel_shape", 2, 2)
        .with("strides", 2, 2)
        .node("Flatten", "flat", "pool")
        .node("Gemm", "g1", "flat", "features/kernel", "features/bias")
        .node("Tanh", "features", "g1")
        .node("Gemm", "g2", "features", "classes/kernel", "classes/bias")
        .node("Softmax", "classes", "g2")
        .output("classes")
        .read();
  }

  private static void put(OnnxFile file, StateDict weights, String name, int... axes) {
    put(file, name, weights.tensor(name).permute(axes).dup('c'));
  }

  private static void put(OnnxFile file, String name, INDArray array) {
    file.constant(name, array.shape(), OnnxTensors.doubles(array));
  }

  private static Network dl4j(StateDict weights) throws IOException {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("images")
                .addLayer(
                    "conv1",
                    convolution().stride(2, 2).activation(Activation.RELU).build(),
                    "images")
                .addLayer("conv2", convolution().hasBias(false).build(), "conv1")
                .addLayer(
                    "norm",
                    new BatchNormalization.Builder().eps(1e-3).useLogStd(false).build(),
                    "conv2")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "conv1", "norm")
                .addLayer(
                    "pool",
                    new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build(),
                    "sum")
                .addLayer(
                    "features",
                    new DenseLayer.Builder().nOut(7).activation(Activation.TANH).build(),
                    "pool")
                .addLayer(
                    "classes",
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build(),
                    "features")
                .setInputTypes(InputType.convolutional(8, 8, 3, CNN2DFormat.NHWC))
                .setOutputs("classes")
                .build());
    graph.init();
    for (String conv : List.of("conv1", "conv2")) {
      graph.getParam(conv + "_W").assign(weights.tensor(conv + "/kernel").permute(3, 2, 0, 1));
    }
    graph.getParam("conv1_b").assign(weights.tensor("conv1/bias"));
    graph.getParam("norm_gamma").assign(weights.tensor("norm/gamma"));
    graph.getParam("norm_beta").assign(weights.tensor("norm/beta"));
    graph.getParam("norm_mean").assign(weights.tensor("norm/moving_mean"));
    graph.getParam("norm_var").assign(weights.tensor("norm/moving_variance"));
    for (String dense : List.of("features", "classes")) {
      graph.getParam(dense + "_W").assign(weights.tensor(dense + "/kernel"));
      graph.getParam(dense + "_b").assign(weights.tensor(dense + "/bias"));
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    ModelSerializer.writeModel(graph, file, false);
    return Dl4jNetwork.read(new ByteArrayInputStream(file.toByteArray()), "dl4j");
  }

  private static ConvolutionLayer.Builder convolution() {
    return new ConvolutionLayer.Builder(3, 3)
        .nOut(6)
        .convolutionMode(ConvolutionMode.Same)
        .activation(Activation.IDENTITY);
  }
}
