package io.metamer.model;

import static java.util.Map.entry;

import io.metamer.model.Dl4jModel.Step;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The table of DL4J's layers and vertices, and how each becomes nodes, in inference. What is not in
 * it is refused.
 */
final class Dl4jLayers {

  /** Adds what a layer computes to the graph, and returns its output. */
  @FunctionalInterface
  interface Translator {
    Tensor translate(Step step, List<Tensor> inputs, GraphBuilder graph);
  }

  /** Exact classes: a subclass of a layer, such as a deconvolution, computes something else. */
  private static final Map<Class<?>, Translator> TABLE =
      Map.ofEntries(
          entry(ActivationLayer.class, Dl4jLayers::activationLayer),
          entry(BatchNormalization.class, Dl4jLayers::batchNormalization),
          entry(ConvolutionLayer.class, Dl4jLayers::convolution),
          entry(DenseLayer.class, Dl4jLayers::dense),
          entry(DropoutLayer.class, (step, inputs, graph) -> inputs.get(0)),
          entry(ElementWiseVertex.class, Dl4jLayers::elementWise),
          entry(GlobalPoolingLayer.class, Dl4jLayers::globalPooling),
          entry(LossLayer.class, Dl4jLayers::activationLayer),
          entry(MergeVertex.class, Dl4jLayers::merge),
          entry(OutputLayer.class, Dl4jLayers::dense),
          entry(PreprocessorVertex.class, Dl4jLayers::preprocessor),
          entry(SubsamplingLayer.class, Dl4jLayers::subsampling));

  private Dl4jLayers() {}

  /** Refuses what is not in the table. */
  static Translator translator(Step step) {
    Translator translator = TABLE.get(step.configuration().getClass());
    if (translator == null) {
      throw step.unsupported(
          "supported are "
              + TABLE.keySet().stream()
                  .map(Class::getSimpleName)
                  .collect(Collectors.toCollection(TreeSet::new)));
    }
    return translator;
  }

  static Tensor translate(Step step, List<Tensor> inputs, GraphBuilder graph) {
    List<Tensor> formed =
        step.before() == null
            ? inputs
            : List.of(formed(step, step.before(), inputs.get(0), step.name() + "/input", graph));
    return translator(step).translate(step, formed, graph);
  }

  // Layers with weights.

  private static Tensor convolution(Step step, List<Tensor> inputs, GraphBuilder graph) {
    ConvolutionLayer layer = (ConvolutionLayer) step.configuration();
    channelsFirst(step, layer.getCnn2dDataFormat());
    int[] pads =
        pads(
            step,
            layer.getConvolutionMode(),
            inputs.get(0),
            layer.getKernelSize(),
            layer.getStride(),
            layer.getPadding(),
            layer.getDilation());
    return activated(
        step,
        layer,
        graph,
        name ->
            new Node.Convolution(
                name,
                inputs.get(0).node(),
                step.weight("W"),
                bias(step),
                layer.getStride().clone(),
                pads,
                layer.getDilation().clone(),
                1));
  }

  private static Tensor dense(Step step, List<Tensor> inputs, GraphBuilder graph) {
    BaseLayer layer = (BaseLayer) step.configuration();
    if (layer instanceof DenseLayer d && d.isHasLayerNorm()) {
      throw step.unsupported("with layer normalization; supported is without");
    }
    Tensor x = flat(step, inputs.get(0), graph);
    INDArray weights = step.weight("W").transpose().dup('c');
    return activated(
        step, layer, graph, name -> new Node.Dense(name, x.node(), weights, bias(step)));
  }

  private static @Nullable INDArray bias(Step step) {
    INDArray bias = step.weights().get("b");
    return bias == null ? null : bias.reshape(bias.length());
  }

  private static Tensor batchNormalization(Step step, List<Tensor> inputs, GraphBuilder graph) {
    BatchNormalization layer = (BatchNormalization) step.configuration();
    Tensor x = inputs.get(0);
    if (x.isMap()) {
      channelsFirst(step, layer.getCnn2DFormat());
    }
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
    // The layer's configuration has an activation, a sigmoid unless set, that DL4J never applies.
    return graph.add(
        GraphBuilder.normalization(
            step.name(),
            x,
            perChannel(step, "gamma", layer.getGamma(), variance.length),
            perChannel(step, "beta", layer.getBeta(), variance.length),
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

  // Activations.

  private static Tensor activationLayer(Step step, List<Tensor> inputs, GraphBuilder graph) {
    IActivation function =
        step.configuration() instanceof ActivationLayer a
            ? a.getActivationFn()
            : ((LossLayer) step.configuration()).getActivationFn();
    return isIdentity(function)
        ? inputs.get(0)
        : graph.add(activation(step, inputs.get(0), function));
  }

  /** A node before an activation, made for the name it is to have. */
  @FunctionalInterface
  private interface Named {
    Node with(String name);
  }

  /** A layer's own node and its activation; the last of them has the layer's name. */
  private static Tensor activated(Step step, BaseLayer layer, GraphBuilder graph, Named linear) {
    IActivation function = layer.getActivationFn();
    if (isIdentity(function)) {
      return graph.add(linear.with(step.name()));
    }
    Tensor before = graph.add(linear.with(step.name() + "/linear"));
    return graph.add(activation(step, before, function));
  }

  private static boolean isIdentity(@Nullable IActivation function) {
    return function == null || function instanceof ActivationIdentity;
  }

  private static Node activation(Step step, Tensor x, IActivation function) {
    if (function instanceof ActivationReLU relu
        && isZero(relu.getThreshold())
        && isZero(relu.getNegativeSlope())) {
      return isZero(relu.getMax())
          ? elementwise(step, x, Function.RELU, 0, 0)
          : elementwise(step, x, Function.CLIP, 0, relu.getMax());
    }
    if (function instanceof ActivationReLU6) {
      return elementwise(step, x, Function.CLIP, 0, 6);
    }
    if (function instanceof ActivationLReLU leaky) {
      return elementwise(step, x, Function.LEAKY_RELU, leaky.getAlpha(), 0);
    }
    if (function instanceof ActivationELU elu) {
      return elementwise(step, x, Function.ELU, elu.getAlpha(), 0);
    }
    if (function instanceof ActivationSigmoid) {
      return elementwise(step, x, Function.SIGMOID, 0, 0);
    }
    if (function instanceof ActivationTanH) {
      return elementwise(step, x, Function.TANH, 0, 0);
    }
    if (function instanceof ActivationHardTanH) {
      return elementwise(step, x, Function.CLIP, -1, 1);
    }
    if (function instanceof ActivationSoftmax && !x.isMap()) {
      return new Node.Softmax(step.name(), x.node(), 0);
    }
    throw step.unsupported(
        "with activation %s; supported are identity, relu, relu6, leaky relu, elu, sigmoid, tanh,"
                .formatted(function)
            + " hard tanh, and softmax of vectors");
  }

  private static boolean isZero(@Nullable Double x) {
    return x == null || x == 0;
  }

  private static Node elementwise(
      Step step, Tensor x, Function function, double alpha, double beta) {
    return new Node.Activation(step.name(), x.node(), function, alpha, beta);
  }

  // Pooling.

  private static Tensor subsampling(Step step, List<Tensor> inputs, GraphBuilder graph) {
    SubsamplingLayer layer = (SubsamplingLayer) step.configuration();
    channelsFirst(step, layer.getCnn2dDataFormat());
    int[] dilation = layer.getDilation();
    if (Arrays.stream(dilation).anyMatch(d -> d != 1)) {
      throw step.unsupported("dilation %s; supported is none".formatted(Arrays.toString(dilation)));
    }
    int[] pads =
        pads(
            step,
            layer.getConvolutionMode(),
            inputs.get(0),
            layer.getKernelSize(),
            layer.getStride(),
            layer.getPadding(),
            dilation);
    return graph.add(
        new Node.Pool(
            step.name(),
            inputs.get(0).node(),
            kind(step, layer.getPoolingType()),
            layer.getKernelSize().clone(),
            layer.getStride().clone(),
            pads,
            new int[] {1, 1},
            false,
            layer.isAvgPoolIncludePadInDivisor()));
  }

  private static Tensor globalPooling(Step step, List<Tensor> inputs, GraphBuilder graph) {
    GlobalPoolingLayer layer = (GlobalPoolingLayer) step.configuration();
    Tensor x = inputs.get(0);
    int[] axes = layer.getPoolingDimensions();
    if (!x.isMap() || (axes != null && !Arrays.equals(axes, new int[] {2, 3}))) {
      throw step.unsupported(
          "over axes %s of %s; supported are the rows and columns of maps"
              .formatted(Arrays.toString(axes), Arrays.toString(x.shape())));
    }
    Node.Reduce.Reduction kind =
        kind(step, layer.getPoolingType()) == Node.Pool.Kind.MAX
            ? Node.Reduce.Reduction.MAX
            : Node.Reduce.Reduction.MEAN;
    int[] map = {1, 2};
    if (!layer.isCollapseDimensions()) {
      return graph.add(new Node.Reduce(step.name(), x.node(), kind, map));
    }
    Tensor pooled = graph.step(new Node.Reduce(step.name() + "/pool", x.node(), kind, map));
    return graph.add(new Node.Reshape(step.name(), pooled.node(), new long[] {x.channels()}));
  }

  private static Node.Pool.Kind kind(Step step, PoolingType type) {
    return switch (type) {
      case MAX -> Node.Pool.Kind.MAX;
      case AVG -> Node.Pool.Kind.AVERAGE;
      default -> throw step.unsupported("pooling %s; supported are MAX and AVG".formatted(type));
    };
  }

  /** Zeros around a map: top, left, bottom, right; of an odd number the bottom gets more. */
  private static int[] pads(
      Step step,
      @Nullable ConvolutionMode mode,
      Tensor x,
      int[] kernel,
      int[] stride,
      int[] padding,
      int[] dilation) {
    if (!x.isMap()) {
      throw step.unsupported(
          "on %s; supported are maps [C, H, W]".formatted(Arrays.toString(x.shape())));
    }
    if (mode != ConvolutionMode.Same) {
      if (mode == ConvolutionMode.Causal) {
        throw step.unsupported("mode Causal; supported are Truncate, Strict and Same");
      }
      return new int[] {padding[0], padding[1], padding[0], padding[1]};
    }
    int[] pads = new int[4];
    for (int i = 0; i < 2; i++) {
      int size = Math.toIntExact(x.shape()[1 + i]);
      int windows = (size + stride[i] - 1) / stride[i];
      int reach = (windows - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1;
      int total = Math.max(0, reach - size);
      pads[i] = total / 2;
      pads[i + 2] = total - total / 2;
    }
    return pads;
  }

  // Vertices.

  private static Tensor elementWise(Step step, List<Tensor> inputs, GraphBuilder graph) {
    ElementWiseVertex.Op op = ((ElementWiseVertex) step.configuration()).getOp();
    List<String> names = inputs.stream().map(Tensor::node).toList();
    return switch (op) {
      case Add -> graph.add(new Node.Add(step.name(), names));
      case Product -> graph.add(new Node.Multiply(step.name(), names));
      default -> throw step.unsupported("op %s; supported are Add and Product".formatted(op));
    };
  }

  private static Tensor merge(Step step, List<Tensor> inputs, GraphBuilder graph) {
    int axis = ((MergeVertex) step.configuration()).getMergeAxis();
    if (axis != 1) {
      throw step.unsupported("along axis %d; supported is 1, the channels".formatted(axis));
    }
    if (inputs.size() == 1) {
      return inputs.get(0);
    }
    List<String> names = inputs.stream().map(Tensor::node).toList();
    return graph.add(new Node.Concat(step.name(), names, 0));
  }

  private static Tensor preprocessor(Step step, List<Tensor> inputs, GraphBuilder graph) {
    InputPreProcessor form = ((PreprocessorVertex) step.configuration()).getPreProcessor();
    return formed(step, form, inputs.get(0), step.name(), graph);
  }

  // Forms of a layer's input.

  private static Tensor formed(
      Step step, InputPreProcessor form, Tensor x, String name, GraphBuilder graph) {
    if (form instanceof CnnToFeedForwardPreProcessor p) {
      channelsFirst(step, p.getFormat());
      return x.isMap() ? graph.add(new Node.Reshape(name, x.node(), new long[] {x.length()})) : x;
    }
    if (form instanceof FeedForwardToCnnPreProcessor p) {
      // Images come as maps, whatever form the network was trained on.
      long[] shape = {p.getNumChannels(), p.getInputHeight(), p.getInputWidth()};
      return x.isMap() ? x : graph.add(new Node.Reshape(name, x.node(), shape));
    }
    throw step.unsupported(
        "its input goes through %s; supported are CnnToFeedForwardPreProcessor and"
                .formatted(form.getClass().getSimpleName())
            + " FeedForwardToCnnPreProcessor");
  }

  private static Tensor flat(Step step, Tensor x, GraphBuilder graph) {
    return x.isMap()
        ? graph.add(new Node.Reshape(step.name() + "/input", x.node(), new long[] {x.length()}))
        : x;
  }

  private static void channelsFirst(Step step, @Nullable CNN2DFormat format) {
    if (format == CNN2DFormat.NHWC) {
      throw step.unsupported("format NHWC; supported is NCHW");
    }
  }
}
