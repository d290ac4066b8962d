package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network of DL4J, read and checked but not translated: its layers and vertices with copies of
 * their weights.
 *
 * @param name the network's
 * @param inputName what the vertices call the images
 * @param input the images' [C, H, W], -1 for what is not known
 * @param steps each after those it reads
 * @param output the step whose output is the network's
 */
record Dl4jModel(
    String name, String inputName, long @Nullable [] input, List<Step> steps, String output) {

  /**
   * A layer or vertex.
   *
   * @param network the network's name, for messages
   * @param name its own
   * @param inputs the steps it reads
   * @param configuration a layer's or a vertex's
   * @param before what turns its input into the form that it takes
   * @param weights by DL4J's names
   */
  record Step(
      String network,
      String name,
      List<String> inputs,
      Object configuration,
      @Nullable InputPreProcessor before,
      Map<String, INDArray> weights) {

    INDArray weight(String key) {
      INDArray weight = weights.get(key);
      if (weight == null) {
        throw unsupported("it has no weights " + key);
      }
      return weight;
    }

    /** The refusal of this step. */
    UnsupportedModelException unsupported(String reason) {
      return new UnsupportedModelException(
          "network %s: layer %s, %s: %s"
              .formatted(network, name, configuration.getClass().getSimpleName(), reason));
    }
  }

  static Dl4jModel of(MultiLayerNetwork network, String name) {
    List<Step> steps = new ArrayList<>();
    String before = "input";
    for (int i = 0; i < network.getnLayers(); i++) {
      var layer = network.getLayer(i);
      String given = layer.conf().getLayer().getLayerName();
      String own = given == null ? "layer" + i : given;
      steps.add(
          checked(
              new Step(
                  name,
                  own,
                  List.of(before),
                  layer.conf().getLayer(),
                  network.getLayerWiseConfigurations().getInputPreProcess(i),
                  copies(layer.paramTable()))));
      before = own;
    }
    return new Dl4jModel(name, "input", images("input", steps), List.copyOf(steps), before);
  }

  static Dl4jModel of(ComputationGraph network, String name) {
    ComputationGraphConfiguration configuration = network.getConfiguration();
    if (configuration.getNetworkInputs().size() != 1) {
      throw new UnsupportedModelException(
          "network %s has the inputs %s; supported is one, of images"
              .formatted(name, configuration.getNetworkInputs()));
    }
    String input = configuration.getNetworkInputs().get(0);
    List<Step> steps = new ArrayList<>();
    for (int index : network.topologicalSortOrder()) {
      var vertex = network.getVertices()[index];
      GraphVertex described = configuration.getVertices().get(vertex.getVertexName());
      if (described == null) {
        continue; // The input itself.
      }
      boolean layer = described instanceof LayerVertex;
      steps.add(
          checked(
              new Step(
                  name,
                  vertex.getVertexName(),
                  configuration.getVertexInputs().getOrDefault(vertex.getVertexName(), List.of()),
                  layer ? ((LayerVertex) described).getLayerConf().getLayer() : described,
                  layer ? ((LayerVertex) described).getPreProcessor() : null,
                  copies(vertex.paramTable(false)))));
    }
    return new Dl4jModel(
        name,
        input,
        images(input, steps),
        List.copyOf(steps),
        configuration.getNetworkOutputs().get(0));
  }

  Translation translate(long[] shape) {
    GraphBuilder graph = new GraphBuilder();
    Map<String, Tensor> tensors = new HashMap<>();
    tensors.put(inputName, graph.add(new Node.Input(inputName, shape)));
    for (Step step : steps) {
      List<Tensor> inputs = step.inputs.stream().map(tensors::get).toList();
      Tensor result = Dl4jLayers.translate(step, inputs, graph);
      tensors.put(step.name, result);
      // A layer that changes nothing, such as dropout, adds no node.
      if (!result.node().equals(step.name)) {
        graph.alias(step.name, result.node());
      }
    }
    Tensor result = tensors.get(output);
    if (result == null) {
      throw new IllegalStateException("no layer " + output);
    }
    return graph.build(result.node());
  }

  private static Step checked(Step step) {
    Dl4jLayers.translator(step);
    return step;
  }

  /** What is known of the images from the steps that read them. */
  private static long @Nullable [] images(String input, List<Step> steps) {
    for (Step step : steps) {
      if (step.inputs.contains(input)) {
        if (step.before instanceof FeedForwardToCnnPreProcessor p) {
          return new long[] {p.getNumChannels(), p.getInputHeight(), p.getInputWidth()};
        }
        if (step.before instanceof CnnToFeedForwardPreProcessor p) {
          return new long[] {p.getNumChannels(), p.getInputHeight(), p.getInputWidth()};
        }
        if (step.configuration instanceof ConvolutionLayer c) {
          return new long[] {c.getNIn(), -1, -1};
        }
      }
    }
    return null;
  }

  private static Map<String, INDArray> copies(@Nullable Map<String, INDArray> weights) {
    Map<String, INDArray> copies = new HashMap<>();
    if (weights != null) {
      weights.forEach(
          (key, w) -> {
            DataType type = w.dataType() == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT;
            copies.put(key, w.castTo(type).dup('c'));
          });
    }
    return copies;
  }
}
