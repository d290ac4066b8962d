package io.metamer.model;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The table of Keras' layers: what weights each has, and what nodes it becomes. */
final class KerasLayers {

  /** Adds the nodes of a layer; the last one has the step's name. */
  @FunctionalInterface
  interface Translator {
    KerasTensor translate(KerasStep step);
  }

  // Keras' own defaults, where a file does not say.
  private static final double NORMALIZATION_EPSILON = 1e-3;
  private static final double SMALLEST_DEVIATION = 1e-7;
  private static final double SHORTEST = 1e-6;

  /** Of a matrix that resizes an axis: what a thousandfold of a large image has. */
  private static final long MOST_OF_A_MATRIX = 1 << 24;

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
          entry("Add", KerasLayers::add),
          entry("Average", KerasLayers::average),
          entry("AveragePooling2D", s -> pool(s, Node.Pool.Kind.AVERAGE)),
          entry("BatchNormalization", KerasLayers::batchNormalization),
          entry("BatchNormalizationV1", KerasLayers::batchNormalization),
          entry("BatchNormalizationV2", KerasLayers::batchNormalization),
          entry("CenterCrop", KerasLayers::centerCrop),
          entry("Concatenate", KerasLayers::concatenate),
          entry("Conv2D", KerasLayers::convolution),
          entry("Conv2DTranspose", KerasLayers::transposedConvolution),
          entry("Cropping2D", s -> framed(s, "cropping", -1)),
          entry("Dense", KerasLayers::dense),
          entry("DepthwiseConv2D", KerasLayers::depthwiseConvolution),
          entry("ELU", s -> function(s, Function.ELU, s.layer().number("alpha", 1))),
          entry("Flatten", KerasLayers::flatten),
          entry("GlobalAveragePooling1D", s -> globalPoolOfPositions(s, Reduction.MEAN)),
          entry("GlobalAveragePooling2D", s -> globalPool(s, Reduction.MEAN)),
          entry("GlobalMaxPooling1D", s -> globalPoolOfPositions(s, Reduction.MAX)),
          entry("GlobalMaxPooling2D", s -> globalPool(s, Reduction.MAX)),
          entry("GroupNormalization", KerasLayers::groupNormalization),
          entry("InputLayer", KerasStep::input),
          entry("LayerNormalization", KerasLayers::layerNormalization),
          entry("LayerScale", KerasLayers::layerScale),
          entry("LeakyReLU", KerasLayers::leakyRelu),
          entry("MaxPooling2D", s -> pool(s, Node.Pool.Kind.MAX)),
          entry("Maximum", KerasLayers::maximum),
          entry("Minimum", KerasLayers::minimum),
          entry("MultiHeadAttention", KerasLayers::attention),
          entry("Multiply", KerasLayers::multiply),
          entry("Normalization", KerasLayers::normalization),
          entry("PReLU", KerasLayers::prelu),
          entry("Permute", KerasLayers::permute),
          entry("RMSNormalization", KerasLayers::rootMeanSquare),
          entry("ReLU", KerasLayers::relu),
          entry("RepeatVector", KerasLayers::repeatVector),
          entry("Rescaling", KerasLayers::rescaling),
          entry("Reshape", KerasLayers::reshape),
          entry("Resizing", KerasLayers::resizing),
          entry("SeparableConv2D", KerasLayers::separableConvolution),
          entry("SlicingOpLambda", KerasOperations::sliced),
          entry("Softmax", KerasLayers::softmax),
          entry("Subtract", KerasLayers::subtract),
          entry("SyncBatchNormalization", KerasLayers::batchNormalization),
          entry("TFOpLambda", KerasOperations::tensorFlow),
          entry("ThresholdedReLU", KerasLayers::thresholdedRelu),
          entry("UnitNormalization", KerasLayers::unitNormalization),
          entry("UpSampling2D", KerasLayers::upSampling),
          entry("ZeroPadding2D", s -> framed(s, "padding", 1)));

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

  // Convolutions.

  private static KerasTensor convolution(KerasStep step) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    int groups = Math.max(1, layer.integer("groups", 1));
    int[] kernel = kernel(layer);
    long filters = layer.integer("filters", 0);
    INDArray weights =
        layer
            .weight("kernel", kernel[0], kernel[1], x.channels() / groups, filters)
            .permute(3, 2, 0, 1)
            .dup('c');
    INDArray bias = layer.bias("bias", filters);
    return step.activated(step.mapsLast(), name -> convolved(step, name, x, weights, bias, groups));
  }

  private static Tensor convolved(
      KerasStep step,
      String name,
      Tensor x,
      INDArray weights,
      @Nullable INDArray bias,
      int groups) {
    KerasLayer layer = step.layer();
    int[] stride = layer.pair("strides", 1);
    int[] dilation = layer.pair("dilation_rate", 1);
    int[] kernel = {(int) weights.size(2), (int) weights.size(3)};
    return step.graph()
        .add(
            new Node.Convolution(
                name,
                x.node(),
                weights,
                bias,
                stride,
                pads(layer, x, kernel, stride, dilation),
                dilation,
                groups));
  }

  private static KerasTensor depthwiseConvolution(KerasStep step) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    String name = layer.version() == 2 ? "depthwise_kernel" : "kernel";
    INDArray weights = depthwise(layer, name, x);
    INDArray bias = layer.bias("bias", weights.size(0));
    int channels = Math.toIntExact(x.channels());
    return step.activated(step.mapsLast(), own -> convolved(step, own, x, weights, bias, channels));
  }

  private static INDArray depthwise(KerasLayer layer, String name, Tensor x) {
    int[] kernel = kernel(layer);
    long multiplier = layer.integer("depth_multiplier", 1);
    return layer
        .weight(name, kernel[0], kernel[1], x.channels(), multiplier)
        .permute(2, 3, 0, 1)
        .dup('c')
        .reshape(x.channels() * multiplier, 1, kernel[0], kernel[1]);
  }

  private static KerasTensor separableConvolution(KerasStep step) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    INDArray depthwise = depthwise(layer, "depthwise_kernel", x);
    long filters = layer.integer("filters", 0);
    INDArray pointwise =
        layer
            .weight("pointwise_kernel", 1, 1, depthwise.size(0), filters)
            .permute(3, 2, 0, 1)
            .dup('c');
    INDArray bias = layer.bias("bias", filters);
    Tensor spread =
        convolved(
            step, step.name() + "/depthwise", x, depthwise, null, Math.toIntExact(x.channels()));
    int[] ones = {1, 1};
    return step.activated(
        step.mapsLast(),
        name ->
            step.graph()
                .add(
                    new Node.Convolution(
                        name, spread.node(), pointwise, bias, ones, new int[4], ones, 1)));
  }

  private static KerasTensor transposedConvolution(KerasStep step) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    int[] kernel = kernel(layer);
    int[] stride = layer.pair("strides", 1);
    int[] dilation = layer.pair("dilation_rate", 1);
    long filters = layer.integer("filters", 0);
    if (layer.integer("groups", 1) != 1) {
      throw layer.unsupported("with groups; supported is one");
    }
    INDArray weights =
        layer
            .weight("kernel", kernel[0], kernel[1], filters, x.channels())
            .permute(3, 2, 0, 1)
            .dup('c');
    INDArray bias = layer.bias("bias", filters);
    boolean same = isSame(layer);
    int[] pads = new int[4];
    int[] more = new int[2];
    for (int i = 0; i < 2; i++) {
      int size = Math.toIntExact(x.shape()[1 + i]);
      int reach = dilation[i] * (kernel[i] - 1) + 1;
      int whole = Math.addExact(Math.multiplyExact(size - 1, stride[i]), reach);
      int out;
      if (layer.has("output_padding")) {
        out = whole + layer.pairOrZero("output_padding")[i] - (same ? 2 * (reach / 2) : 0);
      } else {
        out = same ? size * stride[i] : whole + Math.max(0, stride[i] - reach);
      }
      int cut = Math.max(0, whole - out);
      pads[i] = same ? cut / 2 : 0;
      pads[i + 2] = cut - pads[i];
      more[i] = Math.max(0, out - whole);
    }
    return step.activated(
        step.mapsLast(),
        name ->
            step.graph()
                .add(
                    new Node.Deconvolution(
                        name, x.node(), weights, bias, stride, pads, more, dilation, 1)));
  }

  private static int[] kernel(KerasLayer layer) {
    return layer.pair("kernel_size", 1);
  }

  private static boolean isSame(KerasLayer layer) {
    String padding = layer.text("padding", "valid");
    return switch (padding) {
      case "same" -> true;
      case "valid" -> false;
      default ->
          throw layer.unsupported("padding %s; supported are valid and same".formatted(padding));
    };
  }

  /** Top, left, bottom, right; of an odd number the bottom and the right get more. */
  private static int[] pads(
      KerasLayer layer, Tensor x, int[] kernel, int[] stride, int[] dilation) {
    int[] pads = new int[4];
    if (isSame(layer)) {
      for (int i = 0; i < 2; i++) {
        long size = x.shape()[1 + i];
        long windows = (size + stride[i] - 1) / stride[i];
        long reach = (windows - 1) * stride[i] + dilation[i] * (kernel[i] - 1L) + 1;
        int total = Math.toIntExact(Math.max(0, reach - size));
        pads[i] = total / 2;
        pads[i + 2] = total - total / 2;
      }
    }
    return pads;
  }

  private static KerasTensor dense(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    long units = layer.integer("units", 0);
    long size = x.shape()[x.rank() - 1];
    INDArray weights = layer.weight("kernel", size, units).transpose().dup('c');
    INDArray bias = layer.bias("bias", units);
    int[] ones = {1, 1};
    // On a map it is a convolution with windows of one pixel.
    return step.activated(
        x.moved(),
        name ->
            step.graph()
                .add(
                    x.moved()
                        ? new Node.Convolution(
                            name,
                            x.node(),
                            weights.reshape(units, size, 1, 1),
                            bias,
                            ones,
                            new int[4],
                            ones,
                            1)
                        : new Node.Dense(name, x.node(), weights, bias)));
  }

  // Normalizations.

  private static KerasTensor batchNormalization(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    int[] given = layer.has("axis") ? layer.integers("axis") : new int[] {-1};
    if (given.length != 1) {
      throw layer.unsupported("over %d axes; supported is one".formatted(given.length));
    }
    int axis = step.axis(given[0], x);
    long size = x.shape()[axis];
    double[] mean = OnnxTensors.doubles(layer.weight("moving_mean", size));
    double[] variance = OnnxTensors.doubles(layer.weight("moving_variance", size));
    double[] gamma = perChannel(layer, "gamma", "scale", size, 1);
    double[] beta = perChannel(layer, "beta", "center", size, 0);
    double epsilon = layer.number("epsilon", NORMALIZATION_EPSILON);
    double[] scale = new double[mean.length];
    double[] shift = new double[mean.length];
    for (int c = 0; c < scale.length; c++) {
      scale[c] = gamma[c] / Math.sqrt(variance[c] + epsilon);
      shift[c] = beta[c] - mean[c] * scale[c];
    }
    return affine(step, x, scale, shift, new int[] {axis});
  }

  private static double[] perChannel(
      KerasLayer layer, String weight, String option, long size, double otherwise) {
    if (layer.flag(option, true)) {
      return OnnxTensors.doubles(layer.weight(weight, size));
    }
    double[] all = new double[Math.toIntExact(size)];
    Arrays.fill(all, otherwise);
    return all;
  }

  /** {@code scale * x + shift} with numbers that belong to some axes, or one for all. */
  private static KerasTensor affine(
      KerasStep step, KerasTensor x, double[] scale, double[] shift, int[] axes) {
    INDArray a = Nd4j.createFromArray(scale).castTo(DataType.FLOAT);
    INDArray b = Nd4j.createFromArray(shift).castTo(DataType.FLOAT);
    return new KerasTensor(
        step.graph()
            .add(
                new Node.Affine(
                    step.name(),
                    x.node(),
                    scale.length == 1 ? a : step.spread(a, axes, x),
                    shift.length == 1 ? b : step.spread(b, axes, x))),
        x.moved());
  }

  private static KerasTensor layerNormalization(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    if (layer.flag("rms_scaling", false)) {
      throw layer.unsupported("with rms_scaling; supported is without");
    }
    int[] axes = normalized(step, x);
    long[] sizes = Arrays.stream(axes).mapToLong(a -> x.shape()[a]).toArray();
    return new KerasTensor(
        step.composites()
            .standardized(
                step.name(),
                x.tensor(),
                nodeAxes(axes, x),
                layer.number("epsilon", NORMALIZATION_EPSILON),
                layer.flag("scale", true)
                    ? step.spread(layer.weight("gamma", sizes), axes, x)
                    : null,
                layer.flag("center", true)
                    ? step.spread(layer.weight("beta", sizes), axes, x)
                    : null),
        x.moved());
  }

  /** {@code scale * x / sqrt(mean of x^2 + epsilon)}. */
  private static KerasTensor rootMeanSquare(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    int[] axes = normalized(step, x);
    long[] sizes = Arrays.stream(axes).mapToLong(a -> x.shape()[a]).toArray();
    String name = step.name();
    Tensor square =
        step.graph().step(new Node.Multiply(name + "/square", List.of(x.node(), x.node())));
    Tensor mean =
        step.graph()
            .step(
                new Node.Reduce(name + "/mean", square.node(), Reduction.MEAN, nodeAxes(axes, x)));
    Tensor biased =
        step.graph()
            .step(
                new Node.Affine(
                    name + "/biased",
                    mean.node(),
                    Nd4j.createFromArray(new double[] {1}),
                    Nd4j.createFromArray(new double[] {layer.number("epsilon", 1e-6)})));
    Tensor inverse =
        step.graph()
            .step(new Node.Activation(name + "/inverse", biased.node(), Function.POWER, -0.5, 0));
    Tensor unit =
        step.graph().step(new Node.Multiply(name + "/unit", List.of(x.node(), inverse.node())));
    return affine(
        step,
        new KerasTensor(unit, x.moved()),
        OnnxTensors.doubles(layer.weight("scale", sizes)),
        new double[] {0},
        axes);
  }

  /** {@code x / |x|}, the length over some axes, and not below a small one. */
  private static KerasTensor unitNormalization(KerasStep step) {
    KerasTensor x = step.input();
    String name = step.name();
    int[] axes = nodeAxes(normalized(step, x), x);
    Tensor length =
        step.graph().step(new Node.Reduce(name + "/length", x.node(), Reduction.L2, axes));
    Tensor bounded =
        step.graph()
            .step(
                new Node.Activation(
                    name + "/bounded",
                    length.node(),
                    Function.CLIP,
                    SHORTEST,
                    Double.POSITIVE_INFINITY));
    return new KerasTensor(step.composites().quotient(name, x.tensor(), bounded), x.moved());
  }

  /** The axes that a normalization names, in rising order, the last where it names none. */
  private static int[] normalized(KerasStep step, KerasTensor x) {
    int[] given = step.layer().has("axis") ? step.layer().integers("axis") : new int[] {-1};
    return Arrays.stream(given).map(a -> step.axis(a, x)).distinct().sorted().toArray();
  }

  private static int[] nodeAxes(int[] axes, KerasTensor x) {
    return Arrays.stream(axes).map(x::nodeAxis).sorted().toArray();
  }

  private static KerasTensor groupNormalization(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    int axis = step.axis(layer.integer("axis", -1), x);
    if (x.nodeAxis(axis) != 0) {
      throw layer.unsupported(
          "along axis %d of %s; supported are the channels of maps"
              .formatted(axis + 1, Arrays.toString(x.shape())));
    }
    long size = x.shape()[axis];
    long groups = layer.integer("groups", 32);
    groups = groups == -1 ? size : groups;
    if (groups < 1 || size % groups != 0) {
      throw layer.unsupported("%d channels in %d groups".formatted(size, groups));
    }
    return new KerasTensor(
        step.composites()
            .groupNormalization(
                step.name(),
                x.tensor(),
                groups,
                layer.number("epsilon", NORMALIZATION_EPSILON),
                layer.flag("scale", true) ? layer.weight("gamma", size) : null,
                layer.flag("center", true) ? layer.weight("beta", size) : null),
        x.moved());
  }

  /** ConvNeXt's: a learned factor for each channel. */
  private static KerasTensor layerScale(KerasStep step) {
    KerasTensor x = step.input();
    int last = x.rank() - 1;
    double[] gamma = OnnxTensors.doubles(step.layer().weight("gamma", x.shape()[last]));
    return affine(step, x, gamma, new double[] {0}, new int[] {last});
  }

  /** {@code (x - mean) / sqrt(variance)}, or the other way round. */
  private static KerasTensor normalization(KerasStep step) {
    KerasLayer layer = step.layer();
    KerasTensor x = step.input();
    boolean own = layer.has("mean");
    int[] axes =
        !layer.config().has("axis")
            ? new int[] {x.rank() - 1}
            : layer.has("axis")
                ? Arrays.stream(layer.integers("axis")).map(a -> step.axis(a, x)).sorted().toArray()
                : new int[0];
    long[] sizes = Arrays.stream(axes).mapToLong(a -> x.shape()[a]).toArray();
    double[] mean = own ? layer.numbers("mean") : moments(layer, "mean", sizes);
    double[] variance = own ? layer.numbers("variance") : moments(layer, "variance", sizes);
    if (mean.length != variance.length) {
      throw layer.unsupported("%d means and %d variances".formatted(mean.length, variance.length));
    }
    boolean invert = layer.flag("invert", false);
    double[] scale = new double[mean.length];
    double[] shift = new double[mean.length];
    for (int i = 0; i < scale.length; i++) {
      double deviation = Math.max(Math.sqrt(variance[i]), SMALLEST_DEVIATION);
      scale[i] = invert ? deviation : 1 / deviation;
      shift[i] = invert ? mean[i] : -mean[i] / deviation;
    }
    return affine(step, x, scale, shift, axes);
  }

  private static double[] moments(KerasLayer layer, String name, long[] sizes) {
    return OnnxTensors.doubles(layer.weight(name, sizes.length == 0 ? new long[] {1} : sizes));
  }

  private static KerasTensor rescaling(KerasStep step) {
    KerasTensor x = step.input();
    double[] scale = step.layer().has("scale") ? step.layer().numbers("scale") : new double[] {1};
    double[] offset =
        step.layer().has("offset") ? step.layer().numbers("offset") : new double[] {0};
    return affine(step, x, scale, offset, new int[] {x.rank() - 1});
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

  // Pooling.

  private static KerasTensor pool(KerasStep step, Node.Pool.Kind kind) {
    KerasLayer layer = step.layer();
    Tensor x = step.map();
    int[] kernel = layer.pair("pool_size", 2);
    int[] stride = layer.has("strides") ? layer.pair("strides", 1) : kernel.clone();
    int[] ones = {1, 1};
    return step.ofMap(
        step.graph()
            .add(
                new Node.Pool(
                    step.name(),
                    x.node(),
                    kind,
                    kernel,
                    stride,
                    pads(layer, x, kernel, stride, ones),
                    ones,
                    false,
                    false)));
  }

  private static KerasTensor globalPool(KerasStep step, Reduction reduction) {
    Tensor x = step.map();
    int[] map = {1, 2};
    if (step.layer().flag("keepdims", false)) {
      return step.ofMap(step.graph().add(new Node.Reduce(step.name(), x.node(), reduction, map)));
    }
    Tensor pooled =
        step.graph().step(new Node.Reduce(step.name() + "/pool", x.node(), reduction, map));
    Tensor flat =
        step.graph().add(new Node.Reshape(step.name(), pooled.node(), new long[] {x.channels()}));
    String kind = reduction == Reduction.MAX ? "global max pool" : "global average pool";
    return new KerasTensor(step.graph().called(kind, flat), false);
  }

  /** Over the positions of {@code [T, D]}. */
  private static KerasTensor globalPoolOfPositions(KerasStep step, Reduction reduction) {
    KerasTensor x = step.input();
    if (x.rank() != 2) {
      throw step.layer()
          .unsupported(
              "its input has the shape %s without the batch; supported are two axes"
                  .formatted(Arrays.toString(x.shape())));
    }
    boolean last = !step.layer().text("data_format", "channels_last").equals("channels_first");
    int[] axes = {last ? 0 : 1};
    if (step.layer().flag("keepdims", false)) {
      return new KerasTensor(
          step.graph().add(new Node.Reduce(step.name(), x.node(), reduction, axes)), false);
    }
    Tensor pooled =
        step.graph().step(new Node.Reduce(step.name() + "/pool", x.node(), reduction, axes));
    return step.reshaped(new KerasTensor(pooled, false), new long[] {x.shape()[last ? 1 : 0]});
  }

  // Sizes.

  private static KerasTensor framed(KerasStep step, String option, int sign) {
    long[] pads = step.layer().frame(option);
    return framed(step, Arrays.stream(pads).map(p -> sign * p).toArray());
  }

  private static KerasTensor framed(KerasStep step, long[] pads) {
    Tensor x = step.map();
    for (int i = 0; i < 2; i++) {
      if (x.shape()[1 + i] + pads[i] + pads[i + 2] < 1) {
        throw step.layer().unsupported("nothing is left of a map of " + Arrays.toString(x.shape()));
      }
    }
    return Arrays.stream(pads).allMatch(p -> p == 0)
        ? step.ofMap(x)
        : step.ofMap(step.composites().framed(step.name(), x, pads));
  }

  private static KerasTensor centerCrop(KerasStep step) {
    Tensor x = step.map();
    long[] pads = new long[4];
    int[] size = {step.layer().integer("height", 0), step.layer().integer("width", 0)};
    for (int i = 0; i < 2; i++) {
      long rest = x.shape()[1 + i] - size[i];
      if (rest < 0 || size[i] < 1) {
        throw step.layer()
            .unsupported(
                "%s of a map of %s; supported are parts of it"
                    .formatted(Arrays.toString(size), Arrays.toString(x.shape())));
      }
      pads[i] = -(rest / 2);
      pads[i + 2] = -(rest - rest / 2);
    }
    return framed(step, pads);
  }

  private static KerasTensor upSampling(KerasStep step) {
    Tensor x = step.map();
    int[] factor = step.layer().pair("size", 2);
    long[] size = {
      Math.multiplyExact(x.shape()[1], factor[0]), Math.multiplyExact(x.shape()[2], factor[1])
    };
    return resized(step, x, size, step.layer().text("interpolation", "nearest"));
  }

  private static KerasTensor resizing(KerasStep step) {
    KerasLayer layer = step.layer();
    for (String option : List.of("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias")) {
      if (layer.flag(option, false)) {
        throw layer.unsupported("with %s; supported is without".formatted(option));
      }
    }
    long[] size = {layer.integer("height", 0), layer.integer("width", 0)};
    return resized(step, step.map(), size, layer.text("interpolation", "bilinear"));
  }

  /** Rows and columns by constant matrices, pixel centres at halves as TensorFlow has them. */
  private static KerasTensor resized(KerasStep step, Tensor x, long[] size, String interpolation) {
    if (!interpolation.equals("nearest") && !interpolation.equals("bilinear")) {
      throw step.layer()
          .unsupported(
              "interpolation %s; supported are nearest and bilinear".formatted(interpolation));
    }
    boolean linear = interpolation.equals("bilinear");
    String between = step.name() + "/rows";
    for (int i = 0; i < 2; i++) {
      if (size[i] < 1 || Math.multiplyExact(size[i], x.shape()[1 + i]) > MOST_OF_A_MATRIX) {
        throw step.layer()
            .unsupported(
                "from %s to %s; supported are sizes of images"
                    .formatted(Arrays.toString(x.shape()), Arrays.toString(size)));
      }
    }
    Tensor rows =
        step.graph()
            .step(
                new Node.AxisProduct(between, x.node(), 1, resize(x.shape()[1], size[0], linear)));
    return step.ofMap(
        step.graph()
            .add(
                new Node.AxisProduct(
                    step.name(), rows.node(), 2, resize(x.shape()[2], size[1], linear))));
  }

  private static INDArray resize(long from, long to, boolean linear) {
    double[][] matrix = new double[(int) to][(int) from];
    int last = (int) from - 1;
    double scale = (double) from / to;
    for (int i = 0; i < to; i++) {
      double at = (i + 0.5) * scale;
      if (linear) {
        int below = (int) Math.floor(at - 0.5);
        double part = at - 0.5 - below;
        matrix[i][Math.max(0, below)] += 1 - part;
        matrix[i][Math.min(last, below + 1)] += part;
      } else {
        matrix[i][Math.min(last, (int) at)] = 1;
      }
    }
    return Nd4j.createFromArray(matrix);
  }

  // Shapes.

  private static KerasTensor flatten(KerasStep step) {
    KerasTensor x = step.input();
    long[] flat = {x.tensor().length()};
    // Told that the channels come first, Keras moves them to the end before it flattens.
    boolean move =
        x.rank() == 3 && !x.moved() && !step.mapsLast() && step.layer().has("data_format");
    if (!move) {
      return step.reshaped(x, flat);
    }
    Tensor last =
        step.graph().step(new Node.Transpose(step.name() + "/last", x.node(), new int[] {1, 2, 0}));
    return step.reshaped(new KerasTensor(last, false), flat);
  }

  private static KerasTensor repeatVector(KerasStep step) {
    KerasTensor x = step.input();
    int times = step.layer().integer("n", 0);
    if (x.rank() != 1 || times < 1) {
      throw step.layer().unsupported("%d times of %s".formatted(times, Arrays.toString(x.shape())));
    }
    KerasTensor row = step.reshaped(x, new long[] {1, x.shape()[0]}, step.name() + "/row", false);
    return new KerasTensor(
        step.graph()
            .add(
                new Node.AxisProduct(
                    step.name(), row.node(), 0, Nd4j.ones(DataType.DOUBLE, times, 1))),
        false);
  }

  private static KerasTensor reshape(KerasStep step) {
    KerasTensor x = step.input();
    int[] target = step.layer().integers("target_shape");
    return step.reshaped(x, known(step, x, Arrays.stream(target).asLongStream().toArray()));
  }

  /** A shape with its one -1 worked out. */
  static long[] known(KerasStep step, KerasTensor x, long[] shape) {
    long rest = x.tensor().length();
    int free = -1;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] == -1 && free < 0) {
        free = i;
      } else if (shape[i] < 1 || rest % shape[i] != 0) {
        throw step.layer()
            .unsupported("%s to %s".formatted(Arrays.toString(x.shape()), Arrays.toString(shape)));
      } else {
        rest /= shape[i];
      }
    }
    long[] known = shape.clone();
    if (free >= 0) {
      known[free] = rest;
    }
    return known;
  }

  private static KerasTensor permute(KerasStep step) {
    KerasTensor x = step.input();
    int[] axes = Arrays.stream(step.layer().integers("dims")).map(d -> d - 1).toArray();
    if (!Arrays.equals(
        Arrays.stream(axes).sorted().toArray(), IntStream.range(0, x.rank()).toArray())) {
      throw step.layer().unsupported("expected each of %d axes once as dims".formatted(x.rank()));
    }
    return step.permuted(x, axes);
  }

  // Several inputs.

  /** All in one order of axes and with as many; those with fewer get axes of size 1 in front. */
  private static List<KerasTensor> aligned(KerasStep step) {
    List<KerasTensor> inputs = step.inputs();
    int rank = inputs.stream().mapToInt(KerasTensor::rank).max().orElse(0);
    boolean moved = inputs.stream().filter(x -> x.rank() == rank).findFirst().orElseThrow().moved();
    List<KerasTensor> aligned = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      KerasTensor x = inputs.get(i);
      if (x.rank() < rank) {
        long[] shape = new long[rank];
        Arrays.fill(shape, 1);
        System.arraycopy(x.shape(), 0, shape, rank - x.rank(), x.rank());
        x = step.reshaped(x, shape, step.name() + "/expanded" + i, false);
      }
      aligned.add(step.arranged(x, moved, "input" + i));
    }
    return aligned;
  }

  /** What joins two, applied to the first and the second, the result and the third, and so on. */
  @FunctionalInterface
  private interface Joining {
    Tensor join(String name, Tensor a, Tensor b);
  }

  private static KerasTensor chained(KerasStep step, Joining joining) {
    List<KerasTensor> inputs = aligned(step);
    Tensor result = inputs.get(0).tensor();
    for (int i = 1; i < inputs.size(); i++) {
      boolean last = i == inputs.size() - 1;
      String name = last ? step.name() : step.name() + "/of" + (i + 1);
      result = joining.join(name, result, inputs.get(i).tensor());
    }
    return new KerasTensor(result, inputs.get(0).moved());
  }

  private static KerasTensor add(KerasStep step) {
    return chained(
        step, (name, a, b) -> step.graph().add(new Node.Add(name, List.of(a.node(), b.node()))));
  }

  private static KerasTensor average(KerasStep step) {
    KerasTensor sum = add(step.named(step.name() + "/sum"));
    return new KerasTensor(
        step.composites().affine(step.name(), sum.tensor(), 1.0 / step.inputs().size(), 0),
        sum.moved());
  }

  private static KerasTensor multiply(KerasStep step) {
    return chained(
        step,
        (name, a, b) -> step.graph().add(new Node.Multiply(name, List.of(a.node(), b.node()))));
  }

  private static KerasTensor maximum(KerasStep step) {
    return chained(
        step, (name, a, b) -> step.graph().add(new Node.Maximum(name, a.node(), b.node())));
  }

  private static KerasTensor minimum(KerasStep step) {
    return chained(step, step.composites()::minimum);
  }

  private static KerasTensor subtract(KerasStep step) {
    return chained(step, step.composites()::difference);
  }

  private static KerasTensor concatenate(KerasStep step) {
    return concatenated(step, step.layer().integer("axis", -1));
  }

  static KerasTensor concatenated(KerasStep step, int axis) {
    List<KerasTensor> inputs = aligned(step);
    KerasTensor first = inputs.get(0);
    if (inputs.size() == 1) {
      return first;
    }
    int nodeAxis = first.nodeAxis(step.axis(axis, first));
    return new KerasTensor(
        step.graph()
            .add(
                new Node.Concat(
                    step.name(), inputs.stream().map(KerasTensor::node).toList(), nodeAxis)),
        first.moved());
  }

  // Attention.

  /** Heads of scaled dot products, between all positions of the query and all of the value. */
  private static KerasTensor attention(KerasStep step) {
    KerasLayer layer = step.layer();
    for (String option : List.of("attention_mask", "query_mask", "value_mask", "key_mask")) {
      if (step.argument(Integer.MAX_VALUE, option) != null) {
        throw layer.unsupported("with %s; supported is without".formatted(option));
      }
    }
    for (String option : List.of("use_causal_mask", "return_attention_scores")) {
      if (step.argument(Integer.MAX_VALUE, option) instanceof JsonNode flag && flag.asBoolean()) {
        throw layer.unsupported("with %s; supported is without".formatted(option));
      }
    }
    if (layer.flag("use_gate", false) || layer.has("sliding_window")) {
      throw layer.unsupported("with use_gate or sliding_window; supported is without");
    }
    KerasTensor query = positions(step, 0, "query");
    KerasTensor value = positions(step, 1, "value");
    KerasTensor key = step.argument(2, "key") == null ? value : positions(step, 2, "key");
    if (step.inputs().get(0).rank() > 2 && layer.has("attention_axes")) {
      int[] axes = layer.integers("attention_axes");
      int rank = step.inputs().get(0).rank();
      if (axes.length != rank - 1) {
        throw layer.unsupported(
            "attention_axes %s of %d axes; supported are all of them"
                .formatted(Arrays.toString(axes), rank - 1));
      }
    }
    int heads = layer.integer("num_heads", 1);
    int size = layer.integer("key_dim", 1);
    int valueSize = layer.integer("value_dim", size);
    double scale = 1 / Math.sqrt(size);
    Tensor q = heads(step, "query", query, heads, size, scale, new int[] {1, 0, 2});
    Tensor k = heads(step, "key", key, heads, size, 1, new int[] {1, 2, 0});
    Tensor v = heads(step, "value", value, heads, valueSize, 1, new int[] {1, 0, 2});
    String name = step.name();
    Tensor scores = step.graph().step(new Node.MatrixProduct(name + "/scores", q.node(), k.node()));
    Tensor weights = step.graph().step(new Node.Softmax(name + "/weights", scores.node(), 2));
    Tensor mixed =
        step.graph().step(new Node.MatrixProduct(name + "/mixed", weights.node(), v.node()));
    Tensor turned =
        step.graph().step(new Node.Transpose(name + "/turned", mixed.node(), new int[] {1, 0, 2}));
    long inner = (long) heads * valueSize;
    Tensor joined =
        step.graph()
            .step(
                new Node.Reshape(
                    name + "/joined", turned.node(), new long[] {query.shape()[0], inner}));
    INDArray output = layer.weight("attention_output/kernel", heads, valueSize, -1);
    long outputs = output.size(2);
    INDArray matrix = output.reshape(inner, outputs).transpose().dup('c');
    INDArray bias = layer.bias("attention_output/bias", outputs);
    long[] shape = step.inputs().get(0).shape();
    shape[shape.length - 1] = outputs;
    if (shape.length == 2) {
      return new KerasTensor(
          step.graph().add(new Node.Dense(name, joined.node(), matrix, bias)), false);
    }
    Tensor rows = step.graph().step(new Node.Dense(name + "/rows", joined.node(), matrix, bias));
    return step.reshaped(new KerasTensor(rows, false), shape);
  }

  /** An input of the attention as {@code [T, D]}. */
  private static KerasTensor positions(KerasStep step, int position, String key) {
    if (!(step.argument(position, key) instanceof KerasTensor x) || x.rank() < 2) {
      throw step.layer()
          .unsupported("expected a %s of two or more axes without the batch".formatted(key));
    }
    long last = x.shape()[x.rank() - 1];
    return x.rank() == 2
        ? x
        : step.reshaped(
            x,
            new long[] {x.tensor().length() / last, last},
            step.name() + "/" + key + "_positions",
            false);
  }

  private static Tensor heads(
      KerasStep step, String part, KerasTensor x, int heads, int size, double scale, int[] axes) {
    KerasLayer layer = step.layer();
    long width = x.shape()[1];
    INDArray kernel = layer.weight(part + "/kernel", width, heads, size);
    INDArray bias =
        layer.flag("use_bias", true)
            ? layer.weight(part + "/bias", heads, size).reshape((long) heads * size).mul(scale)
            : null;
    String name = step.name() + '/' + part;
    INDArray matrix = kernel.reshape(width, (long) heads * size).transpose().mul(scale).dup('c');
    Tensor projected = step.graph().step(new Node.Dense(name, x.node(), matrix, bias));
    Tensor split =
        step.graph()
            .step(
                new Node.Reshape(
                    name + "/split", projected.node(), new long[] {x.shape()[0], heads, size}));
    return step.graph().step(new Node.Transpose(name + "/heads", split.node(), axes));
  }
}
