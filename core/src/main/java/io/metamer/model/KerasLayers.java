package io.metamer.model;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The table of Keras' layers: what weights each has, and what nodes it becomes. */
final class KerasLayers {

  /** Adds the nodes of a layer; the last one has the step's name. */
  @FunctionalInterface
  interface Translator {
    KerasTensor translate(KerasStep step);
  }

  /** Layers that do nothing once a network is trained. */
  private static final Set<String> IDENTITIES =
      Set.of(
          "ActivityRegularization",
          "AlphaDropout",
          "AugMix",
          "CutMix",
          "Dropout",
          "GaussianDropout",
          "GaussianNoise",
          "Identity",
          "MixUp",
          "RandAugment",
          "RandomBrightness",
          "RandomColorDegeneration",
          "RandomColorJitter",
          "RandomContrast",
          "RandomElasticTransform",
          "RandomErasing",
          "RandomFlip",
          "RandomGaussianBlur",
          "RandomGrayscale",
          "RandomHeight",
          "RandomHue",
          "RandomInvert",
          "RandomPerspective",
          "RandomPosterization",
          "RandomRotation",
          "RandomSaturation",
          "RandomSharpness",
          "RandomShear",
          "RandomTranslation",
          "RandomWidth",
          "RandomZoom",
          "SpatialDropout1D",
          "SpatialDropout2D",
          "SpatialDropout3D",
          "StochasticDepth");

  private static final Map<String, Translator> TABLE =
      Map.ofEntries(
          entry("Activation", KerasLayers::activation),
          entry("Add", KerasJoins::add),
          entry("Average", KerasJoins::average),
          entry("AveragePooling2D", s -> KerasConvolutions.pool(s, Node.Pool.Kind.AVERAGE)),
          entry("BatchNormalization", KerasNormalizations::batchNormalization),
          entry("BatchNormalizationV1", KerasNormalizations::batchNormalization),
          entry("BatchNormalizationV2", KerasNormalizations::batchNormalization),
          entry("CenterCrop", KerasShapes::centerCrop),
          entry("Concatenate", KerasJoins::concatenate),
          entry("Conv2D", KerasConvolutions::convolution),
          entry("Conv2DTranspose", KerasConvolutions::transposedConvolution),
          entry("Cropping2D", s -> KerasShapes.framed(s, "cropping", -1)),
          entry("Dense", KerasConvolutions::dense),
          entry("DepthwiseConv2D", KerasConvolutions::depthwiseConvolution),
          entry("ELU", s -> function(s, Function.ELU, s.layer().number("alpha", 1))),
          entry("Flatten", KerasShapes::flatten),
          entry(
              "GlobalAveragePooling1D",
              s -> KerasConvolutions.globalPoolOfPositions(s, Reduction.MEAN)),
          entry("GlobalAveragePooling2D", s -> KerasConvolutions.globalPool(s, Reduction.MEAN)),
          entry(
              "GlobalMaxPooling1D", s -> KerasConvolutions.globalPoolOfPositions(s, Reduction.MAX)),
          entry("GlobalMaxPooling2D", s -> KerasConvolutions.globalPool(s, Reduction.MAX)),
          entry("GroupNormalization", KerasNormalizations::groupNormalization),
          entry("InputLayer", KerasStep::input),
          entry("LayerNormalization", KerasNormalizations::layerNormalization),
          entry("LayerScale", KerasNormalizations::layerScale),
          entry("LeakyReLU", KerasLayers::leakyRelu),
          entry("MaxPooling2D", s -> KerasConvolutions.pool(s, Node.Pool.Kind.MAX)),
          entry("Maximum", KerasJoins::maximum),
          entry("Minimum", KerasJoins::minimum),
          entry("MultiHeadAttention", KerasJoins::attention),
          entry("Multiply", KerasJoins::multiply),
          entry("Normalization", KerasNormalizations::normalization),
          entry("PReLU", KerasLayers::prelu),
          entry("Permute", KerasShapes::permute),
          entry("RMSNormalization", KerasNormalizations::rootMeanSquare),
          entry("ReLU", KerasLayers::relu),
          entry("RepeatVector", KerasShapes::repeatVector),
          entry("Rescaling", KerasNormalizations::rescaling),
          entry("Reshape", KerasShapes::reshape),
          entry("Resizing", KerasShapes::resizing),
          entry("SeparableConv2D", KerasConvolutions::separableConvolution),
          entry("SlicingOpLambda", KerasOperations::sliced),
          entry("Softmax", KerasLayers::softmax),
          entry("Subtract", KerasJoins::subtract),
          entry("SyncBatchNormalization", KerasNormalizations::batchNormalization),
          entry("TFOpLambda", KerasOperations::tensorFlow),
          entry("ThresholdedReLU", KerasLayers::thresholdedRelu),
          entry("UnitNormalization", KerasNormalizations::unitNormalization),
          entry("UpSampling2D", KerasShapes::upSampling),
          entry("ZeroPadding2D", s -> KerasShapes.framed(s, "padding", 1)));

  /** What layers of several nodes are called where the last of their nodes does not say it. */
  private static final Map<String, String> COMPOSED =
      Map.of(
          "Average", "mean",
          "BatchNormalization", "batch normalization",
          "MultiHeadAttention", "multi-head attention",
          "RMSNormalization", "root mean square normalization",
          "Resizing", "resize",
          "ThresholdedReLU", "thresholded relu",
          "UnitNormalization", "unit normalization",
          "UpSampling2D", "resize");

  private KerasLayers() {}

  /** The classes of layers that are supported, models inside of models aside. */
  static Set<String> names() {
    Set<String> names = new TreeSet<>(TABLE.keySet());
    names.addAll(IDENTITIES);
    return names;
  }

  /**
   * The weights of a layer, in the order in which Keras makes them.
   *
   * @param version Keras' major version
   */
  static List<String> weights(String kind, JsonNode config, int version) {
    boolean bias = config.path("use_bias").asBoolean(true);
    Map<String, Boolean> weights = new LinkedHashMap<>();
    switch (kind) {
      case "Conv2D", "Conv2DTranspose", "Dense" -> {
        weights.put("kernel", true);
        weights.put("bias", bias);
      }
      case "DepthwiseConv2D" -> {
        weights.put(version == 2 ? "depthwise_kernel" : "kernel", true);
        weights.put("bias", bias);
      }
      case "SeparableConv2D" -> {
        weights.put("depthwise_kernel", true);
        weights.put("pointwise_kernel", true);
        weights.put("bias", bias);
      }
      case "BatchNormalization",
          "BatchNormalizationV1",
          "BatchNormalizationV2",
          "SyncBatchNormalization",
          "LayerNormalization",
          "GroupNormalization" -> {
        weights.put("gamma", config.path("scale").asBoolean(true));
        weights.put("beta", config.path("center").asBoolean(true));
        weights.put("moving_mean", kind.contains("Batch"));
        weights.put("moving_variance", kind.contains("Batch"));
      }
      case "LayerScale" -> weights.put("gamma", true);
      case "RMSNormalization" -> weights.put("scale", true);
      case "PReLU" -> weights.put("alpha", true);
      case "Normalization" -> {
        boolean adapted = !config.hasNonNull("mean");
        weights.put("mean", adapted);
        weights.put("variance", adapted);
      }
      case "MultiHeadAttention" -> {
        for (String part : List.of("query", "key", "value", "attention_output")) {
          weights.put(part + "/kernel", true);
          weights.put(part + "/bias", bias);
        }
      }
      default -> {}
    }
    return weights.entrySet().stream().filter(Map.Entry::getValue).map(Map.Entry::getKey).toList();
  }

  static KerasTensor translate(KerasStep step) {
    KerasLayer layer = step.layer();
    if (layer.operation()) {
      return KerasOperations.translate(step);
    }
    if (IDENTITIES.contains(layer.kind())) {
      return step.input();
    }
    Translator translator = TABLE.get(layer.kind());
    if (translator == null) {
      throw layer.unsupported(
          layer.kind().equals("Lambda")
              ? "it holds code, and code is not run"
              : "it is not supported; KerasNetwork.supported() lists the layers that are");
    }
    if (layer.config().path("dtype").path("class_name").asText().contains("Quantized")) {
      throw layer.unsupported("its weights are quantized; supported are floating point numbers");
    }
    KerasTensor result = translator.translate(step);
    String words = COMPOSED.get(layer.kind());
    if (words != null && result.node().equals(step.name())) {
      step.graph().called(words, result.tensor());
    }
    return result;
  }

  // Activations.

  private static KerasTensor activation(KerasStep step) {
    return KerasActivations.translate(step, step.layer().config().path("activation"), step.input());
  }

  private static KerasTensor function(KerasStep step, Function function, double alpha) {
    KerasTensor x = step.input();
    return new KerasTensor(KerasActivations.function(step, x, function, alpha, 0), x.moved());
  }

  private static KerasTensor leakyRelu(KerasStep step) {
    KerasLayer layer = step.layer();
    return function(
        step, Function.LEAKY_RELU, layer.number("negative_slope", layer.number("alpha", 0.3)));
  }

  private static KerasTensor relu(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    double most = layer.number("max_value", Double.POSITIVE_INFINITY);
    double slope = layer.number("negative_slope", 0);
    double threshold = layer.number("threshold", 0);
    if (!(most > threshold)) {
      throw layer.unsupported(
          "max_value %s and threshold %s; supported are larger ones and smaller ones"
              .formatted(most, threshold));
    }
    return new KerasTensor(KerasActivations.relu(step, x, most, slope, threshold), x.moved());
  }

  private static KerasTensor thresholdedRelu(KerasStep step) {
    KerasTensor x = step.input();
    Tensor gate = KerasActivations.above(step, x.tensor(), step.layer().number("theta", 1), false);
    return new KerasTensor(KerasActivations.gated(step, x.tensor(), gate), x.moved());
  }

  private static KerasTensor prelu(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    int[] shared =
        layer.has("shared_axes")
            ? Arrays.stream(layer.integers("shared_axes")).map(a -> step.axis(a, x)).toArray()
            : new int[0];
    long[] expected = x.shape();
    for (int axis : shared) {
      expected[axis] = 1;
    }
    INDArray alpha = layer.weight("alpha", expected);
    int[] axes =
        IntStream.range(0, x.rank())
            .filter(axis -> Arrays.stream(shared).noneMatch(s -> s == axis))
            .toArray();
    return new KerasTensor(
        step.composites().prelu(step.name(), x.tensor(), step.spread(alpha, axes, x)), x.moved());
  }

  private static KerasTensor softmax(KerasStep step) {
    KerasTensor x = step.input();
    int[] axes = step.layer().has("axis") ? step.layer().integers("axis") : new int[] {-1};
    return new KerasTensor(KerasActivations.softmax(step, x, axes, false), x.moved());
  }
}
