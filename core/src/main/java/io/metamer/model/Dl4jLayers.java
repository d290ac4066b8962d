package io.metamer.model;

import static java.util.Map.entry;

import io.metamer.model.Dl4jModel.Step;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PoolHelperVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Convolution2D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.Pooling2D;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The table of DL4J's layers and vertices, and how each becomes nodes, in inference. What is not in
 * it is refused. Where DL4J's documentation and its code differ, this is the code.
 *
 * <p>Maps are [C, H, W] here, of networks whose arrays are [N, H, W, C] too.
 */
final class Dl4jLayers {

  /** Adds what a layer computes to the graph, and returns its output. */
  @FunctionalInterface
  interface Translator {
    Tensor translate(Step step, List<Tensor> inputs, GraphBuilder graph);
  }

  /** Protects the deviation of a layer normalization from 0. DL4J's own is 0 and then 0 is put. */
  private static final double LAYER_NORMALIZATION_EPSILON = 1e-12;

  /** Keeps the gradient of a root at 0 from being infinite. */
  private static final double LEAST_SUM_OF_POWERS = 1e-30;

  /** Exact classes: a subclass of a layer may compute something else. */
  private static final Map<Class<?>, Translator> TABLE =
      Map.ofEntries(
          entry(ActivationLayer.class, Dl4jLayers::activationLayer),
          entry(BatchNormalization.class, Dl4jLayers::batchNormalization),
          entry(CenterLossOutputLayer.class, Dl4jLayers::dense),
          entry(CnnLossLayer.class, Dl4jLayers::mapLoss),
          entry(Convolution2D.class, Dl4jLayers::convolution),
          entry(ConvolutionLayer.class, Dl4jLayers::convolution),
          entry(Cropping2D.class, Dl4jLayers::cropping),
          entry(Deconvolution2D.class, Dl4jLayers::deconvolution),
          entry(DenseLayer.class, Dl4jLayers::dense),
          entry(DepthwiseConvolution2D.class, Dl4jLayers::depthwise),
          entry(DropoutLayer.class, (step, inputs, graph) -> inputs.get(0)),
          entry(ElementWiseMultiplicationLayer.class, Dl4jLayers::elementWiseMultiplication),
          entry(ElementWiseVertex.class, Dl4jLayers::elementWise),
          entry(GlobalPoolingLayer.class, Dl4jLayers::globalPooling),
          entry(L2NormalizeVertex.class, Dl4jLayers::normalize),
          entry(LocalResponseNormalization.class, Dl4jLayers::localResponse),
          entry(LossLayer.class, Dl4jLayers::activationLayer),
          entry(MergeVertex.class, Dl4jLayers::merge),
          entry(OutputLayer.class, Dl4jLayers::dense),
          entry(PReLULayer.class, Dl4jLayers::prelu),
          entry(PoolHelperVertex.class, Dl4jLayers::poolHelper),
          entry(Pooling2D.class, Dl4jLayers::subsampling),
          entry(PreprocessorVertex.class, Dl4jLayers::preprocessor),
          entry(ReshapeVertex.class, Dl4jLayers::reshape),
          entry(ScaleVertex.class, Dl4jLayers::scale),
          entry(SeparableConvolution2D.class, Dl4jLayers::separable),
          entry(ShiftVertex.class, Dl4jLayers::shift),
          entry(SpaceToDepthLayer.class, Dl4jLayers::spaceToDepth),
          entry(SubsamplingLayer.class, Dl4jLayers::subsampling),
          entry(SubsetVertex.class, Dl4jLayers::subset),
          entry(Upsampling2D.class, Dl4jLayers::upsampling),
          entry(ZeroPaddingLayer.class, Dl4jLayers::zeroPadding));

  private Dl4jLayers() {}

  /** The layers and vertices in the table, by DL4J's names. */
  static SortedSet<String> names() {
    return TABLE.keySet().stream()
        .map(Class::getSimpleName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * Adds the nodes of a step, whose output has the step's name; refuses what is not in the table.
   */
  static Tensor translate(Step step, List<Tensor> inputs, GraphBuilder graph) {
    Translator translator = TABLE.get(step.configuration().getClass());
    if (translator == null) {
      throw step.unsupported(
          "it is not supported; Dl4jNetwork.supported() lists the layers and vertices that are");
    }
    List<Tensor> formed =
        step.before() == null
            ? inputs
            : List.of(formed(step, step.before(), inputs.get(0), step.name() + "/input", graph));
    checkFormat(step, formed.get(0));
    return translator.translate(step, formed, graph);
  }

  /** Where a layer's arrays have the channels, if it says so. */
  static @Nullable CNN2DFormat format(Object configuration) {
    if (configuration instanceof ConvolutionLayer c) {
      return c.getCnn2dDataFormat();
    }
    if (configuration instanceof SubsamplingLayer s) {
      return s.getCnn2dDataFormat();
    }
    if (configuration instanceof BatchNormalization b) {
      return b.getCnn2DFormat();
    }
    if (configuration instanceof Upsampling2D u) {
      return u.getFormat();
    }
    if (configuration instanceof ZeroPaddingLayer z) {
      return z.getDataFormat();
    }
    if (configuration instanceof Cropping2D c) {
      return c.getDataFormat();
    }
    if (configuration instanceof SpaceToDepthLayer s) {
      return s.getDataFormat();
    }
    if (configuration instanceof LocalResponseNormalization l) {
      return l.getDataFormat();
    }
    if (configuration instanceof CnnLossLayer l) {
      return l.getFormat();
    }
    if (configuration instanceof CnnToFeedForwardPreProcessor p) {
      return p.getFormat();
    }
    return null;
  }

  private static void checkFormat(Step step, Tensor x) {
    CNN2DFormat format = format(step.configuration());
    if (x.isMap() && format != null && step.channelsLast() != (format == CNN2DFormat.NHWC)) {
      throw step.unsupported(
          "format %s in a network of the other; supported is one in all layers".formatted(format));
    }
  }

  // Layers with weights.

  /** A node before an activation, made for the name it is to have. */
  @FunctionalInterface
  private interface Named {
    Node with(String name);
  }

  /** A layer's own node and its activation; the last of them has the layer's name. */
  private static Tensor activated(Step step, GraphBuilder graph, Named linear) {
    IActivation function = ((BaseLayer) step.configuration()).getActivationFn();
    return Dl4jActivations.isIdentity(function)
        ? graph.add(linear.with(step.name()))
        : Dl4jActivations.translate(
            step, graph.step(linear.with(step.name() + "/linear")), function, graph);
  }

  private static @Nullable INDArray bias(Step step) {
    INDArray bias = step.weights().get("b");
    return bias == null ? null : bias.reshape(bias.length());
  }

  private static Tensor convolution(Step step, List<Tensor> inputs, GraphBuilder graph) {
    return convolved(step, inputs.get(0), step.weight("W"), 1, graph);
  }

  /** DL4J has the weights as [kH, kW, C, M]; output c * M + m is that of channel c. */
  private static Tensor depthwise(Step step, List<Tensor> inputs, GraphBuilder graph) {
    INDArray w = step.weight("W");
    INDArray perChannel =
        w.permute(2, 3, 0, 1).dup('c').reshape('c', w.size(2) * w.size(3), 1, w.size(0), w.size(1));
    return convolved(step, inputs.get(0), perChannel, (int) w.size(2), graph);
  }

  /** DL4J has the weights of the first step as [M, C, kH, kW]. */
  private static Tensor separable(Step step, List<Tensor> inputs, GraphBuilder graph) {
    INDArray w = step.weight("W");
    INDArray perChannel =
        w.permute(1, 0, 2, 3).dup('c').reshape('c', w.size(1) * w.size(0), 1, w.size(2), w.size(3));
    Node.Convolution depthwise =
        convolution(
            step, step.name() + "/depthwise", inputs.get(0), perChannel, null, (int) w.size(1));
    Tensor each = graph.step(depthwise);
    return activated(
        step,
        graph,
        name ->
            new Node.Convolution(
                name,
                each.node(),
                step.weight("pW"),
                bias(step),
                new int[] {1, 1},
                new int[4],
                new int[] {1, 1},
                1));
  }

  private static Tensor convolved(
      Step step, Tensor x, INDArray weights, int groups, GraphBuilder graph) {
    return activated(step, graph, name -> convolution(step, name, x, weights, bias(step), groups));
  }

  private static Node.Convolution convolution(
      Step step, String name, Tensor x, INDArray weights, @Nullable INDArray bias, int groups) {
    ConvolutionLayer layer = (ConvolutionLayer) step.configuration();
    int[] pads =
        pads(
            step,
            layer.getConvolutionMode(),
            x,
            layer.getKernelSize(),
            layer.getStride(),
            layer.getPadding(),
            layer.getDilation());
    return new Node.Convolution(
        name,
        x.node(),
        weights,
        bias,
        layer.getStride().clone(),
        pads,
        layer.getDilation().clone(),
        groups);
  }

  private static Tensor deconvolution(Step step, List<Tensor> inputs, GraphBuilder graph) {
    Deconvolution2D layer = (Deconvolution2D) step.configuration();
    Tensor x = map(step, inputs.get(0));
    int[] stride = layer.getStride();
    int[] dilation = layer.getDilation();
    int[] padding = layer.getPadding();
    int[] pads = {padding[0], padding[1], padding[0], padding[1]};
    int[] more = new int[2];
    if (mode(step, layer.getConvolutionMode()) == ConvolutionMode.Same) {
      for (int i = 0; i < 2; i++) {
        // The output has stride times as many rows: what is beyond is cut, what lacks is added.
        int excess = dilation[i] * (layer.getKernelSize()[i] - 1) + 1 - stride[i];
        pads[i] = Math.max(0, excess) / 2;
        pads[i + 2] = Math.max(0, excess) - pads[i];
        more[i] = Math.max(0, -excess);
      }
    }
    return activated(
        step,
        graph,
        name ->
            new Node.Deconvolution(
                name,
                x.node(),
                step.weight("W"),
                bias(step),
                stride.clone(),
                pads,
                more,
                dilation.clone(),
                1));
  }

  private static Tensor dense(Step step, List<Tensor> inputs, GraphBuilder graph) {
    BaseLayer layer = (BaseLayer) step.configuration();
    Tensor x = flat(step, inputs.get(0), graph);
    INDArray weights = step.weight("W").transpose().dup('c');
    if (!(layer instanceof DenseLayer d && d.isHasLayerNorm())) {
      return activated(step, graph, name -> new Node.Dense(name, x.node(), weights, bias(step)));
    }
    Tensor product = graph.step(new Node.Dense(step.name() + "/product", x.node(), weights, null));
    Tensor standard =
        graph.step(
            new Node.Standardize(
                step.name() + "/standardized",
                product.node(),
                new int[] {0},
                LAYER_NORMALIZATION_EPSILON));
    INDArray gain = step.weight("g");
    INDArray bias = bias(step);
    return activated(
        step,
        graph,
        name ->
            new Node.Affine(
                name,
                standard.node(),
                gain.reshape(gain.length()),
                bias == null ? Nd4j.createFromArray(new double[] {0}) : bias));
  }

  private static Tensor elementWiseMultiplication(
      Step step, List<Tensor> inputs, GraphBuilder graph) {
    INDArray weights = step.weight("W");
    INDArray bias = step.weight("b");
    return activated(
        step,
        graph,
        name ->
            new Node.Affine(
                name,
                inputs.get(0).node(),
                weights.reshape(weights.length()),
                bias.reshape(bias.length())));
  }

  /** DL4J has the slopes in the shape of its input, [C, H, W] or [H, W, C], 1 where shared. */
  private static Tensor prelu(Step step, List<Tensor> inputs, GraphBuilder graph) {
    Tensor x = inputs.get(0);
    INDArray slope = step.weight("W");
    if (slope.rank() != x.shape().length) {
      throw step.unsupported(
          "slopes of shape %s for %s; supported are as many axes"
              .formatted(Arrays.toString(slope.shape()), Arrays.toString(x.shape())));
    }
    if (x.isMap() && step.channelsLast()) {
      slope = slope.permute(2, 0, 1).dup('c');
    }
    return new Composites(graph).prelu(step.name(), x, slope);
  }

  private static Tensor batchNormalization(Step step, List<Tensor> inputs, GraphBuilder graph) {
    BatchNormalization layer = (BatchNormalization) step.configuration();
    Tensor x = inputs.get(0);
    INDArray mean = step.weight("mean");
    double[] variance;
    if (layer.isUseLogStd()) {
      variance =
          Arrays.stream(OnnxTensors.doubles(step.weight("log10stdev")))
              .map(log -> Math.pow(10, 2 * log))
              .toArray();
    } else {
      variance = OnnxTensors.doubles(step.weight("var"));
    }
    // Of locked numbers DL4J's code takes both or, if one of them changes nothing, neither.
    boolean taken = layer.getGamma() != 1 && layer.getBeta() != 0;
    // The layer's configuration has an activation, a sigmoid unless set, that DL4J never applies.
    return graph.add(
        GraphBuilder.normalization(
            step.name(),
            x,
            perChannel(step, "gamma", taken ? layer.getGamma() : 1, variance.length),
            perChannel(step, "beta", taken ? layer.getBeta() : 0, variance.length),
            OnnxTensors.doubles(mean),
            variance,
            layer.getEps(),
            mean.dataType()));
  }

  private static double[] perChannel(Step step, String key, double locked, int channels) {
    INDArray learned = step.weights().get(key);
    if (learned != null) {
      return OnnxTensors.doubles(learned);
    }
    double[] all = new double[channels];
    Arrays.fill(all, locked);
    return all;
  }

  // Layers without weights.

  private static Tensor activationLayer(Step step, List<Tensor> inputs, GraphBuilder graph) {
    IActivation function =
        step.configuration() instanceof ActivationLayer a
            ? a.getActivationFn()
            : ((LossLayer) step.configuration()).getActivationFn();
    return Dl4jActivations.translate(step, inputs.get(0), function, graph);
  }

  /** Its activation sees each pixel's channels as a vector. */
  private static Tensor mapLoss(Step step, List<Tensor> inputs, GraphBuilder graph) {
    IActivation function = ((CnnLossLayer) step.configuration()).getActivationFn();
    Tensor x = map(step, inputs.get(0));
    return function instanceof ActivationSoftmax
        ? graph.add(new Node.Softmax(step.name(), x.node(), 0))
        : Dl4jActivations.translate(step, x, function, graph);
  }

  /** {@code x * (k + alpha * sum of squares)^-beta} over n / 2 channels on either side. */
  private static Tensor localResponse(Step step, List<Tensor> inputs, GraphBuilder graph) {
    LocalResponseNormalization layer = (LocalResponseNormalization) step.configuration();
    int size = 2 * ((int) layer.getN() / 2) + 1;
    return new Composites(graph)
        .localResponse(
            step.name(),
            map(step, inputs.get(0)),
            size,
            layer.getAlpha() * size,
            layer.getBeta(),
            layer.getK());
  }

  private static Tensor zeroPadding(Step step, List<Tensor> inputs, GraphBuilder graph) {
    // Top, bottom, left, right.
    int[] p = ((ZeroPaddingLayer) step.configuration()).getPadding();
    return framed(step, inputs.get(0), graph, p[0], p[2], p[1], p[3]);
  }

  private static Tensor cropping(Step step, List<Tensor> inputs, GraphBuilder graph) {
    int[] c = ((Cropping2D) step.configuration()).getCropping();
    return framed(step, inputs.get(0), graph, -c[0], -c[2], -c[1], -c[3]);
  }

  /** Without the first row and column. */
  private static Tensor poolHelper(Step step, List<Tensor> inputs, GraphBuilder graph) {
    if (step.channelsLast()) {
      throw step.unsupported("of arrays [N, H, W, C]; supported are [N, C, H, W]");
    }
    return framed(step, inputs.get(0), graph, -1, -1, 0, 0);
  }

  private static Tensor framed(Step step, Tensor x, GraphBuilder graph, long... pads) {
    return Arrays.stream(pads).allMatch(p -> p == 0)
        ? x
        : new Composites(graph).framed(step.name(), map(step, x), pads);
  }

  private static Tensor upsampling(Step step, List<Tensor> inputs, GraphBuilder graph) {
    int[] times = ((Upsampling2D) step.configuration()).getSize();
    Tensor x = map(step, inputs.get(0));
    Tensor rows =
        graph.step(
            new Node.AxisProduct(
                step.name() + "/rows", x.node(), 1, repetition(x.shape()[1], times[0])));
    return graph.add(
        new Node.AxisProduct(step.name(), rows.node(), 2, repetition(x.shape()[2], times[1])));
  }

  /** The matrix that repeats each of n numbers. */
  private static INDArray repetition(long n, int times) {
    double[][] matrix = new double[Math.toIntExact(n * times)][Math.toIntExact(n)];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i][i / times] = 1;
    }
    return Nd4j.createFromArray(matrix);
  }

  /** Output channel (i * block + j) * C + c has the pixels (i, j) of the blocks of channel c. */
  private static Tensor spaceToDepth(Step step, List<Tensor> inputs, GraphBuilder graph) {
    int block = ((SpaceToDepthLayer) step.configuration()).getBlockSize();
    Tensor x = map(step, inputs.get(0));
    long[] shape = x.shape();
    if (shape[1] % block != 0 || shape[2] % block != 0) {
      throw new IllegalArgumentException(
          "node '%s': expected a map of blocks of %d, got %s"
              .formatted(step.name(), block, Arrays.toString(shape)));
    }
    long h = shape[1] / block;
    long w = shape[2] / block;
    Tensor blocks =
        graph.step(
            new Node.Reshape(
                step.name() + "/blocks", x.node(), new long[] {shape[0], h, block, w, block}));
    Tensor turned =
        graph.step(
            new Node.Transpose(step.name() + "/turned", blocks.node(), new int[] {2, 4, 0, 1, 3}));
    return graph.add(
        new Node.Reshape(step.name(), turned.node(), new long[] {shape[0] * block * block, h, w}));
  }

  // Pooling.

  private static Tensor subsampling(Step step, List<Tensor> inputs, GraphBuilder graph) {
    SubsamplingLayer layer = (SubsamplingLayer) step.configuration();
    Tensor x = map(step, inputs.get(0));
    int[] pads =
        pads(
            step,
            layer.getConvolutionMode(),
            x,
            layer.getKernelSize(),
            layer.getStride(),
            layer.getPadding(),
            layer.getDilation());
    return switch (layer.getPoolingType()) {
      case MAX -> graph.add(pool(step, x, Node.Pool.Kind.MAX, layer, pads));
      case AVG -> {
        if (Arrays.stream(layer.getDilation()).allMatch(d -> d == 1)) {
          yield graph.add(pool(step, x, Node.Pool.Kind.AVERAGE, layer, pads));
        }
        throw step.unsupported(
            "averages with dilation %s; supported is none"
                .formatted(Arrays.toString(layer.getDilation())));
      }
      case PNORM -> {
        int p = layer.getPnorm();
        Tensor powers = powers(step, x, p, graph);
        // The sum over a window is a convolution of each channel with ones.
        long[] ones = {x.channels(), 1, layer.getKernelSize()[0], layer.getKernelSize()[1]};
        Tensor sums =
            graph.step(
                new Node.Convolution(
                    step.name() + "/sums",
                    powers.node(),
                    Nd4j.ones(DataType.FLOAT, ones),
                    null,
                    layer.getStride().clone(),
                    pads,
                    layer.getDilation().clone(),
                    Math.toIntExact(x.channels())));
        yield root(step.name(), step, sums, p, graph);
      }
      default ->
          throw step.unsupported(
              "pooling %s; supported are MAX, AVG and PNORM".formatted(layer.getPoolingType()));
    };
  }

  private static Node pool(
      Step step, Tensor x, Node.Pool.Kind kind, SubsamplingLayer layer, int[] pads) {
    return new Node.Pool(
        step.name(),
        x.node(),
        kind,
        layer.getKernelSize().clone(),
        layer.getStride().clone(),
        pads,
        layer.getDilation().clone(),
        false,
        layer.isAvgPoolIncludePadInDivisor());
  }

  /** {@code |x|^p}. */
  private static Tensor powers(Step step, Tensor x, int p, GraphBuilder graph) {
    if (p < 1) {
      throw step.unsupported("a norm of power %d; supported are 1 and more".formatted(p));
    }
    if (p == 2) {
      return graph.step(new Node.Multiply(step.name() + "/powers", List.of(x.node(), x.node())));
    }
    Tensor sizes = graph.step(new Node.Activation(step.name() + "/sizes", x.node(), Function.ABS));
    return p == 1
        ? sizes
        : graph.step(
            new Node.Activation(step.name() + "/powers", sizes.node(), Function.POWER, p, 0));
  }

  /** {@code x^(1 / p)}. */
  private static Tensor root(String name, Step step, Tensor sums, int p, GraphBuilder graph) {
    if (p == 2) {
      return graph.add(new Node.Activation(name, sums.node(), Function.SQRT));
    }
    Tensor bounded =
        graph.step(
            new Node.Activation(
                step.name() + "/bounded",
                sums.node(),
                Function.CLIP,
                LEAST_SUM_OF_POWERS,
                Double.POSITIVE_INFINITY));
    return graph.add(new Node.Activation(name, bounded.node(), Function.POWER, 1.0 / p, 0));
  }

  private static Tensor globalPooling(Step step, List<Tensor> inputs, GraphBuilder graph) {
    GlobalPoolingLayer layer = (GlobalPoolingLayer) step.configuration();
    Tensor x = inputs.get(0);
    int rank = x.shape().length;
    int[] whole = rank == 3 ? new int[] {1, 2} : new int[] {1};
    int[] given = layer.getPoolingDimensions();
    // With the batch's axis and, where they are last, the channels behind.
    int[] expected =
        rank == 2 ? new int[] {2} : step.channelsLast() ? new int[] {1, 2} : new int[] {2, 3};
    if (rank == 1 || (given != null && !Arrays.equals(given, expected))) {
      throw step.unsupported(
          "over axes %s of %s; supported are the rows and columns of maps, or the steps of series"
              .formatted(Arrays.toString(given), Arrays.toString(x.shape())));
    }
    boolean collapse = layer.isCollapseDimensions();
    String name = collapse ? step.name() + "/pool" : step.name();
    Tensor pooled = pooled(name, step, layer, x, whole, graph);
    return collapse
        ? graph.add(new Node.Reshape(step.name(), pooled.node(), new long[] {x.channels()}))
        : pooled;
  }

  private static Tensor pooled(
      String name, Step step, GlobalPoolingLayer layer, Tensor x, int[] axes, GraphBuilder graph) {
    Node.Reduce.Reduction reduction =
        switch (layer.getPoolingType()) {
          case MAX -> Node.Reduce.Reduction.MAX;
          case AVG -> Node.Reduce.Reduction.MEAN;
          case SUM, PNORM -> Node.Reduce.Reduction.SUM;
        };
    Tensor pooled;
    if (layer.getPoolingType() == PoolingType.PNORM) {
      Tensor powers = powers(step, x, layer.getPnorm(), graph);
      Tensor sums =
          graph.step(new Node.Reduce(step.name() + "/sums", powers.node(), reduction, axes));
      pooled = root(name, step, sums, layer.getPnorm(), graph);
    } else {
      pooled = graph.add(new Node.Reduce(name, x.node(), reduction, axes));
    }
    return pooled;
  }

  /** Zeros around a map: top, left, bottom, right. */
  private static int[] pads(
      Step step,
      @Nullable ConvolutionMode mode,
      Tensor x,
      int[] kernel,
      int[] stride,
      int[] padding,
      int[] dilation) {
    map(step, x);
    if (mode(step, mode) != ConvolutionMode.Same) {
      return new int[] {padding[0], padding[1], padding[0], padding[1]};
    }
    return Composites.samePads(x, kernel, stride, dilation);
  }

  private static ConvolutionMode mode(Step step, @Nullable ConvolutionMode mode) {
    if (mode == ConvolutionMode.Causal) {
      throw step.unsupported("mode Causal; supported are Truncate, Strict and Same");
    }
    return mode == null ? ConvolutionMode.Truncate : mode;
  }

  private static Tensor map(Step step, Tensor x) {
    if (!x.isMap()) {
      throw step.unsupported(
          "on %s; supported are maps [C, H, W]".formatted(Arrays.toString(x.shape())));
    }
    return x;
  }

  // Vertices.

  private static Tensor elementWise(Step step, List<Tensor> inputs, GraphBuilder graph) {
    ElementWiseVertex.Op op = ((ElementWiseVertex) step.configuration()).getOp();
    List<String> names = inputs.stream().map(Tensor::node).toList();
    if (names.size() == 1) {
      return inputs.get(0);
    }
    String name = step.name();
    return switch (op) {
      case Add -> graph.add(new Node.Add(name, names));
      case Average -> {
        Tensor sum = graph.step(new Node.Add(name + "/sum", names));
        yield new Composites(graph).affine(name, sum, 1.0 / names.size(), 0);
      }
      case Subtract -> {
        if (names.size() != 2) {
          throw step.unsupported("%d inputs; supported are 2".formatted(names.size()));
        }
        yield new Composites(graph).difference(name, inputs.get(0), inputs.get(1));
      }
      case Product -> graph.add(new Node.Multiply(name, names));
      case Max -> {
        Tensor largest = inputs.get(0);
        for (int i = 1; i < names.size() - 1; i++) {
          largest = graph.step(new Node.Maximum(name + "/" + i, largest.node(), names.get(i)));
        }
        yield graph.add(new Node.Maximum(name, largest.node(), names.get(names.size() - 1)));
      }
    };
  }

  private static Tensor merge(Step step, List<Tensor> inputs, GraphBuilder graph) {
    if (inputs.size() == 1) {
      return inputs.get(0);
    }
    int axis = axis(step, inputs.get(0), ((MergeVertex) step.configuration()).getMergeAxis());
    List<String> names = inputs.stream().map(Tensor::node).toList();
    return graph.add(new Node.Concat(step.name(), names, axis));
  }

  /** An axis of DL4J's arrays, where the batch's is 0, as one of ours. */
  private static int axis(Step step, Tensor x, int axis) {
    int rank = x.shape().length;
    if (axis < 1 || axis > rank) {
      throw step.unsupported(
          "along axis %d of %s; supported are all but the batch's"
              .formatted(axis, Arrays.toString(x.shape())));
    }
    boolean last = x.isMap() && step.channelsLast();
    return last ? axis % 3 : axis - 1;
  }

  private static Tensor scale(Step step, List<Tensor> inputs, GraphBuilder graph) {
    double factor = ((ScaleVertex) step.configuration()).getScaleFactor();
    return new Composites(graph).affine(step.name(), inputs.get(0), factor, 0);
  }

  private static Tensor shift(Step step, List<Tensor> inputs, GraphBuilder graph) {
    double term = ((ShiftVertex) step.configuration()).getShiftFactor();
    return new Composites(graph).affine(step.name(), inputs.get(0), 1, term);
  }

  /** The elements from one to another, both included, along the first axis of DL4J's arrays. */
  private static Tensor subset(Step step, List<Tensor> inputs, GraphBuilder graph) {
    SubsetVertex vertex = (SubsetVertex) step.configuration();
    Tensor x = inputs.get(0);
    int axis = axis(step, x, 1);
    long[] start = new long[x.shape().length];
    long[] size = x.shape().clone();
    start[axis] = vertex.getFrom();
    size[axis] = (long) vertex.getTo() - vertex.getFrom() + 1;
    return graph.add(
        new Node.Slice(
            step.name(), x.node(), start, size, LongStream.of(size).map(n -> 1).toArray()));
  }

  /** {@code x / max(||x||, epsilon)}. */
  private static Tensor normalize(Step step, List<Tensor> inputs, GraphBuilder graph) {
    L2NormalizeVertex vertex = (L2NormalizeVertex) step.configuration();
    Tensor x = inputs.get(0);
    int[] axes = new int[x.shape().length];
    Arrays.setAll(axes, i -> i);
    int[] given = vertex.getDimension();
    int[] all = Arrays.stream(axes).map(i -> i + 1).toArray();
    if (given != null && given.length > 0 && !Arrays.equals(given, all)) {
      throw step.unsupported(
          "over axes %s; supported are all but the batch's".formatted(Arrays.toString(given)));
    }
    Tensor norm =
        graph.step(
            new Node.Reduce(step.name() + "/norm", x.node(), Node.Reduce.Reduction.L2, axes));
    Tensor bounded =
        graph.step(
            new Node.Activation(
                step.name() + "/bounded",
                norm.node(),
                Function.CLIP,
                vertex.getEps(),
                Double.POSITIVE_INFINITY));
    return new Composites(graph).quotient(step.name(), x, bounded);
  }

  /** DL4J's shapes have the batch's axis, and one axis may be -1. */
  private static Tensor reshape(Step step, List<Tensor> inputs, GraphBuilder graph) {
    ReshapeVertex vertex = (ReshapeVertex) step.configuration();
    int[] given = vertex.getNewShape();
    if (vertex.getReshapeOrder() != 'c') {
      throw step.unsupported("order '%s'; supported is 'c'".formatted(vertex.getReshapeOrder()));
    }
    Tensor x = inputs.get(0);
    long[] shape = new long[given.length - 1];
    long known = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = given[i + 1];
      known *= shape[i] < 0 ? 1 : shape[i];
    }
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] < 0) {
        shape[i] = known == 0 ? 0 : x.length() / known;
      }
    }
    return reordered(step, step.name(), x, shape, graph);
  }

  private static Tensor preprocessor(Step step, List<Tensor> inputs, GraphBuilder graph) {
    InputPreProcessor form = ((PreprocessorVertex) step.configuration()).getPreProcessor();
    return formed(step, form, inputs.get(0), step.name(), graph);
  }

  // Forms of a layer's input.

  private static Tensor formed(
      Step step, InputPreProcessor form, Tensor x, String name, GraphBuilder graph) {
    if (form instanceof CnnToFeedForwardPreProcessor) {
      return x.isMap() ? reordered(step, name, x, new long[] {x.length()}, graph) : x;
    }
    if (form instanceof FeedForwardToCnnPreProcessor p) {
      // Images come as maps, whatever form the network was trained on.
      long[] shape = {p.getNumChannels(), p.getInputHeight(), p.getInputWidth()};
      return x.isMap() ? x : graph.add(new Node.Reshape(name, x.node(), shape));
    }
    if (form instanceof ComposableInputPreProcessor c) {
      Tensor result = x;
      List<InputPreProcessor> forms = new ArrayList<>(List.of(c.getInputPreProcessors()));
      for (int i = 0; i < forms.size(); i++) {
        String own = i == forms.size() - 1 ? name : name + "/" + i;
        result = formed(step, forms.get(i), result, own, graph);
      }
      return result;
    }
    throw step.unsupported(
        "its input goes through %s; supported are CnnToFeedForwardPreProcessor,"
                .formatted(form.getClass().getSimpleName())
            + " ComposableInputPreProcessor and FeedForwardToCnnPreProcessor");
  }

  /** The elements under another shape, in the order in which DL4J's arrays have them. */
  private static Tensor reordered(
      Step step, String name, Tensor x, long[] shape, GraphBuilder graph) {
    boolean last = step.channelsLast();
    Tensor from =
        last && x.isMap()
            ? graph.step(new Node.Transpose(name + "/last", x.node(), new int[] {1, 2, 0}))
            : x;
    if (!(last && shape.length == 3)) {
      return graph.add(new Node.Reshape(name, from.node(), shape));
    }
    Tensor to = graph.step(new Node.Reshape(name + "/shape", from.node(), shape));
    return graph.add(new Node.Transpose(name, to.node(), new int[] {2, 0, 1}));
  }

  private static Tensor flat(Step step, Tensor x, GraphBuilder graph) {
    return x.isMap()
        ? reordered(step, step.name() + "/input", x, new long[] {x.length()}, graph)
        : x;
  }
}
