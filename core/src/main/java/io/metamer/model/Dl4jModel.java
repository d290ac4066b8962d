package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
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
   * @param configuration a layer's or a vertex's, without the wrapper of one that is frozen
   * @param before what turns its input into the form that it takes
   * @param weights by DL4J's names
   * @param channelsLast whether the network's own maps are [H, W, C]
   */
  record Step(
      String network,
      String name,
      List<String> inputs,
      Object configuration,
      @Nullable InputPreProcessor before,
      Map<String, INDArray> weights,
      boolean channelsLast) {

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
    List<Object> configurations = new ArrayList<>();
    for (int i = 0; i < network.getnLayers(); i++) {
      configurations.add(thawed(network.getLayer(i).conf().getLayer()));
    }
    List<@Nullable InputPreProcessor> forms = new ArrayList<>();
    for (int i = 0; i < network.getnLayers(); i++) {
      forms.add(network.getLayerWiseConfigurations().getInputPreProcess(i));
    }
    boolean last = channelsLast(configurations) || channelsLast(forms);
    List<Step> steps = new ArrayList<>();
    String before = "input";
    for (int i = 0; i < network.getnLayers(); i++) {
      String given = ((Layer) configurations.get(i)).getLayerName();
      String own = given == null ? "layer" + i : given;
      steps.add(
          new Step(
              name,
              own,
              List.of(before),
              configurations.get(i),
              forms.get(i),
              copies(network.getLayer(i).paramTable()),
              last));
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
    boolean last =
        channelsLast(configuration.getVertices().values().stream().map(Dl4jModel::thawed).toList());
    List<Step> steps = new ArrayList<>();
    for (int index : network.topologicalSortOrder()) {
      var vertex = network.getVertices()[index];
      GraphVertex described = configuration.getVertices().get(vertex.getVertexName());
      if (described == null) {
        continue; // The input itself.
      }
      steps.add(
          new Step(
              name,
              vertex.getVertexName(),
              configuration.getVertexInputs().getOrDefault(vertex.getVertexName(), List.of()),
              thawed(described),
              form(described),
              copies(vertex.paramTable(false)),
              last));
    }
    return new Dl4jModel(
        name,
        input,
        images(input, steps),
        List.copyOf(steps),
        configuration.getNetworkOutputs().get(0));
  }

  /** The layer or vertex inside of wrappers, which say how it is trained. */
  private static Object thawed(Object configuration) {
    if (configuration instanceof LayerVertex v) {
      return thawed(v.getLayerConf().getLayer());
    }
    if (configuration instanceof FrozenVertex v) {
      return thawed(v.getUnderlying());
    }
    if (configuration instanceof FrozenLayer l) {
      return thawed(l.getLayer());
    }
    if (configuration instanceof FrozenLayerWithBackprop l) {
      return thawed(l.getUnderlying());
    }
    return configuration;
  }

  private static @Nullable InputPreProcessor form(GraphVertex vertex) {
    if (vertex instanceof FrozenVertex frozen) {
      return form(frozen.getUnderlying());
    }
    return vertex instanceof LayerVertex layer ? layer.getPreProcessor() : null;
  }

  private static boolean channelsLast(List<? extends @Nullable Object> configurations) {
    return configurations.stream()
        .anyMatch(c -> c != null && Dl4jLayers.format(c) == CNN2DFormat.NHWC);
  }

  Translation translate(long[] shape) {
    GraphBuilder graph = new GraphBuilder();
    Map<String, Tensor> tensors = new HashMap<>();
    Map<String, UnsupportedModelException> refused = new HashMap<>();
    tensors.put(inputName, graph.add(new Node.Input(inputName, shape)));
    for (Step step : steps) {
      Optional<UnsupportedModelException> before =
          step.inputs.stream().map(refused::get).filter(Objects::nonNull).findFirst();
      if (before.isPresent()) {
        refused.put(step.name, before.get());
        continue;
      }
      List<Tensor> inputs = step.inputs.stream().map(tensors::get).toList();
      try {
        Tensor result = Dl4jLayers.translate(step, inputs, graph);
        tensors.put(step.name, result);
        // A layer that changes nothing, such as dropout, adds no node.
        if (!result.node().equals(step.name)) {
          graph.alias(step.name, result.node());
        }
      } catch (UnsupportedModelException e) {
        refused.put(step.name, e);
      }
    }
    Tensor result = tensors.get(output);
    return graph.build(result == null ? output : result.node(), refused);
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
