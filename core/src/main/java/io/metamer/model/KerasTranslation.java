package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.KerasModel.Call;
import io.metamer.model.KerasModel.Ref;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One translation of a model of Keras. Its maps become {@code [C, H, W]} here, once: Keras' kernels
 * and orders of elements are turned to fit.
 */
final class KerasTranslation {

  /** Models within models, each used twice, would make any number of layers of a few. */
  private static final int MOST_LAYERS = 20_000;

  private final String network;
  private final KerasModel model;
  private final boolean channelsLast;
  private final GraphBuilder graph = new GraphBuilder();
  private final Map<String, UnsupportedModelException> refused = new LinkedHashMap<>();
  private int layers;

  KerasTranslation(String network, KerasModel model) {
    this.network = network;
    this.model = model;
    this.channelsLast = !"channels_first".equals(format(model));
    if (model.inputs().size() != 1) {
      throw new UnsupportedModelException(
          "network %s has %d inputs; supported is one, of images"
              .formatted(network, model.inputs().size()));
    }
  }

  /** What the first layer that says it says of the order of axes. */
  private static @Nullable String format(KerasModel model) {
    for (Call call : model.calls()) {
      KerasModel inner = call.layer().model();
      String format =
          inner == null ? call.layer().config().path("data_format").asText(null) : format(inner);
      if (format != null) {
        return format;
      }
    }
    return null;
  }

  /** The images' [C, H, W] where the file states it, -1 for a free size. */
  long @Nullable [] input() {
    long[] shape = model.shapes().get(0);
    if (shape == null || shape.length == 1) {
      return null;
    }
    if (shape.length == 2) {
      return new long[] {1, shape[0], shape[1]};
    }
    if (shape.length != 3) {
      throw new UnsupportedModelException(
          "network %s takes %s; supported are images".formatted(network, Arrays.toString(shape)));
    }
    return KerasTensor.nodeShape(shape, channelsLast);
  }

  Translation run(long[] shape) {
    Ref input = model.inputs().get(0);
    Tensor images = graph.add(new Node.Input(input.layer(), shape));
    List<Object> outputs = run(model, "", List.of(formed(input.layer(), images)));
    Ref output = model.outputs().get(0);
    return graph.build(
        outputs.get(0) instanceof KerasTensor tensor ? tensor.node() : name("", output), refused);
  }

  /** Images in the form in which the network was built to take them. */
  private KerasTensor formed(String name, Tensor images) {
    long[] declared = model.shapes().get(0);
    if (declared == null || declared.length == 3) {
      return new KerasTensor(images, channelsLast);
    }
    long[] s = images.shape();
    KerasTensor map = new KerasTensor(images, true);
    if (declared.length == 2 && s[0] == 1) {
      return new KerasTensor(
          graph.step(new Node.Reshape(name + "/rows", images.node(), new long[] {s[1], s[2]})),
          false);
    }
    if (declared.length == 1 && (declared[0] < 0 || declared[0] == images.length())) {
      // Pixel by pixel with their channels, as Keras flattens images.
      String pixels = images.node();
      if (!KerasTensor.isEitherWay(map.shape())) {
        pixels =
            graph.step(new Node.Transpose(name + "/pixels", pixels, new int[] {1, 2, 0})).node();
      }
      return new KerasTensor(
          graph.step(new Node.Reshape(name + "/flattened", pixels, new long[] {images.length()})),
          false);
    }
    throw new IllegalArgumentException(
        "its input %s is of %s".formatted(name, Arrays.toString(declared)));
  }

  private static String name(String prefix, Ref ref) {
    return prefix + ref.layer() + (ref.call() == 0 ? "" : ":" + ref.call());
  }

  /**
   * Translates a model.
   *
   * @param prefix of its layers' names
   * @param inputs activations, or the refusal of what would have computed them
   * @return its outputs, likewise
   */
  private List<Object> run(KerasModel part, String prefix, List<Object> inputs) {
    Map<Ref, Object> values = new HashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      Ref input = part.inputs().get(i);
      values.put(input, inputs.get(i));
      if (!prefix.isEmpty() && inputs.get(i) instanceof KerasTensor tensor) {
        graph.alias(prefix + input.layer(), tensor.node());
      }
    }
    for (Call call : part.calls()) {
      if (++layers > MOST_LAYERS) {
        throw new UnsupportedModelException(
            "network %s has more than %d layers".formatted(network, MOST_LAYERS));
      }
      Ref own = new Ref(call.name(), call.call(), 0);
      String name = name(prefix, own);
      List<Object> results = results(call, name, values);
      for (int i = 0; i < results.size(); i++) {
        values.put(new Ref(call.name(), call.call(), i), results.get(i));
      }
      if (results.get(0) instanceof UnsupportedModelException refusal) {
        refused.putIfAbsent(name, refusal);
      } else if (results.get(0) instanceof KerasTensor tensor && !tensor.node().equals(name)) {
        // A layer that changes nothing, such as dropout, adds no node.
        graph.alias(name, tensor.node());
      }
    }
    return part.outputs().stream().map(ref -> value(ref, values)).toList();
  }

  private List<Object> results(Call call, String name, Map<Ref, Object> values) {
    KerasLayer layer = call.layer();
    try {
      Map<String, Object> options = new HashMap<>();
      call.options().forEach((key, value) -> options.put(key, resolved(value, values)));
      List<Object> arguments =
          call.arguments().stream().map(argument -> resolved(argument, values)).toList();
      KerasModel inner = layer.model();
      if (inner != null) {
        List<Object> given = call.reads().stream().map(ref -> value(ref, values)).toList();
        if (given.size() != inner.inputs().size()) {
          throw layer.unsupported(
              "it takes %d inputs and is given %d".formatted(inner.inputs().size(), given.size()));
        }
        return run(inner, name + "/", given);
      }
      for (Ref ref : call.reads()) {
        if (value(ref, values) instanceof UnsupportedModelException refusal) {
          return List.of(refusal);
        }
      }
      return List.of(
          KerasLayers.translate(
              new KerasStep(layer, name, arguments, options, channelsLast, graph)));
    } catch (UnsupportedModelException e) {
      return List.of(e);
    } catch (ArithmeticException e) {
      return List.of(layer.unsupported("its sizes overflow"));
    }
  }

  private Object value(Ref ref, Map<Ref, Object> values) {
    Object value = values.get(ref);
    return value == null
        ? new UnsupportedModelException(
            "network %s: output %d of layer %s is read; supported layers have one"
                .formatted(network, ref.index(), ref.layer()))
        : value;
  }

  private Object resolved(Object argument, Map<Ref, Object> values) {
    if (argument instanceof Ref ref) {
      return value(ref, values);
    }
    if (argument instanceof List<?> list) {
      return list.stream().map(element -> resolved((Object) element, values)).toList();
    }
    return argument;
  }
}
