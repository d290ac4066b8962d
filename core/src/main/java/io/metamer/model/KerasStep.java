package io.metamer.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The translation of one use of a layer.
 *
 * @param layer which layer
 * @param name of the node that will hold its output
 * @param arguments activations as {@link KerasTensor}s, constants as {@link JsonNode}s, and lists
 *     of both
 * @param options the same by name
 * @param channelsLast whether the network keeps its maps as {@code [H, W, C]}
 * @param graph what nodes are added to
 */
record KerasStep(
    KerasLayer layer,
    String name,
    List<Object> arguments,
    Map<String, Object> options,
    boolean channelsLast,
    GraphBuilder graph) {

  /** The same use with another layer's options, under another name. */
  KerasStep as(KerasLayer other, String otherName, KerasTensor input) {
    return new KerasStep(other, otherName, List.of(input), Map.of(), channelsLast, graph);
  }

  /** The same use for a node of another name. */
  KerasStep named(String otherName) {
    return new KerasStep(layer, otherName, arguments, options, channelsLast, graph);
  }

  Composites composites() {
    return new Composites(graph);
  }

  /** The activations that the layer is given first, one or a list. */
  List<KerasTensor> inputs() {
    Object first = arguments.isEmpty() ? List.of() : arguments.get(0);
    List<KerasTensor> inputs = new ArrayList<>();
    for (Object input : first instanceof List<?> list ? list : List.of(first)) {
      if (!(input instanceof KerasTensor tensor)) {
        throw layer.unsupported("expected activations as its input, got " + input);
      }
      inputs.add(tensor);
    }
    if (inputs.isEmpty()) {
      throw layer.unsupported("it reads nothing");
    }
    return inputs;
  }

  KerasTensor input() {
    List<KerasTensor> inputs = inputs();
    if (inputs.size() != 1) {
      throw layer.unsupported("expected one input, got " + inputs.size());
    }
    return inputs.get(0);
  }

  /** An argument by its place or its name, or null where neither is given. */
  @Nullable Object argument(int position, String key) {
    Object value = position < arguments.size() ? arguments.get(position) : options.get(key);
    return value instanceof JsonNode json && json.isNull() ? null : value;
  }

  // The order of axes.

  /** Whether the layer itself takes and gives maps as {@code [H, W, C]}. */
  boolean mapsLast() {
    String format = layer.text("data_format", channelsLast ? "channels_last" : "channels_first");
    return !format.equals("channels_first");
  }

  /** The layer's input as a map {@code [C, H, W]}. */
  Tensor map() {
    KerasTensor x = input();
    if (x.rank() != 3) {
      throw layer.unsupported(
          "its input has the shape %s without the batch; supported are maps of three axes"
              .formatted(Arrays.toString(x.shape())));
    }
    return arranged(x, mapsLast(), "input").tensor();
  }

  KerasTensor ofMap(Tensor map) {
    return new KerasTensor(map, mapsLast());
  }

  /** The same activations with the last axis of three first in the node, or not. */
  KerasTensor arranged(KerasTensor x, boolean moved, String ending) {
    if (x.rank() != 3 || x.moved() == moved) {
      return x;
    }
    String own = name + '/' + ending;
    Tensor other;
    if (KerasTensor.isEitherWay(x.shape())) {
      long[] shape = KerasTensor.nodeShape(x.shape(), moved);
      other = graph.step(new Node.Reshape(own, x.node(), shape));
    } else {
      int[] axes = moved ? new int[] {2, 0, 1} : new int[] {1, 2, 0};
      other = graph.step(new Node.Transpose(own, x.node(), axes));
    }
    return new KerasTensor(other, moved);
  }

  /** The same elements, in Keras' order, under another shape; the last node has the name. */
  KerasTensor reshaped(KerasTensor x, long[] shape) {
    return reshaped(x, shape, name, true);
  }

  KerasTensor reshaped(KerasTensor x, long[] shape, String own, boolean listed) {
    if (Arrays.stream(shape).anyMatch(n -> n < 1)
        || Translation.length(shape) != x.tensor().length()) {
      throw layer.unsupported(
          "its input has the shape %s, which has not as many elements as %s"
              .formatted(Arrays.toString(x.shape()), Arrays.toString(shape)));
    }
    boolean moved = shape.length == 3 && channelsLast;
    String node = x.node();
    if (x.moved() && !KerasTensor.isEitherWay(x.shape())) {
      if (moved && Arrays.equals(shape, x.shape())) {
        return x;
      }
      String ending = own.equals(name) ? "rows" : own.substring(name.length() + 1) + "/rows";
      node = arranged(x, false, ending).node();
    }
    if (moved && !KerasTensor.isEitherWay(shape)) {
      Tensor plain = graph.step(new Node.Reshape(own + "/reshaped", node, shape));
      return new KerasTensor(
          put(new Node.Transpose(own, plain.node(), new int[] {2, 0, 1}), listed), true);
    }
    long[] target = KerasTensor.nodeShape(shape, moved);
    return new KerasTensor(put(new Node.Reshape(own, node, target), listed), moved);
  }

  private Tensor put(Node node, boolean listed) {
    return listed ? graph.add(node) : graph.step(node);
  }

  /** Axes in another order: which of Keras' axes of the input each of the output's is. */
  KerasTensor permuted(KerasTensor x, int[] axes) {
    int rank = x.rank();
    boolean moved = rank == 3 && channelsLast;
    int[] nodeAxes = new int[rank];
    for (int i = 0; i < rank; i++) {
      nodeAxes[moved ? (i + 1) % 3 : i] = x.nodeAxis(axes[i]);
    }
    return new KerasTensor(graph.add(new Node.Transpose(name, x.node(), nodeAxes)), moved);
  }

  /** One of Keras' axes, counted with the batch's or from the end, as 0 for the first after it. */
  int axis(int axis, KerasTensor x) {
    int own = axis < 0 ? axis + x.rank() : axis - 1;
    if (own < 0 || own >= x.rank()) {
      throw layer.unsupported(
          "axis %d of an input of shape %s without the batch; supported are its own axes"
              .formatted(axis, Arrays.toString(x.shape())));
    }
    return own;
  }

  /** Axes of Keras' as those of the node, in rising order. */
  int[] nodeAxes(int[] axes, KerasTensor x) {
    return Arrays.stream(axes).map(a -> x.nodeAxis(axis(a, x))).distinct().sorted().toArray();
  }

  /**
   * Numbers that belong to some of Keras' axes, in the form in which they broadcast to the node.
   *
   * @param axes 0 is the first after the batch's, in rising order
   */
  INDArray spread(INDArray numbers, int[] axes, KerasTensor x) {
    long[] own = x.shape();
    long[] expected = Arrays.stream(axes).mapToLong(a -> own[a]).toArray();
    if (numbers.length() != Translation.length(expected)) {
      throw layer.unsupported(
          "%d numbers for the axes of sizes %s"
              .formatted(numbers.length(), Arrays.toString(expected)));
    }
    if (axes.length == 1 && x.nodeAxis(axes[0]) == 0) {
      return numbers.reshape(numbers.length());
    }
    long[] shape = new long[own.length];
    Arrays.fill(shape, 1);
    for (int a : axes) {
      shape[a] = own[a];
    }
    INDArray full = numbers.reshape(shape);
    return x.moved() ? full.permute(2, 0, 1).dup('c') : full;
  }

  // Activations.

  /**
   * A layer's own node and its activation; the last of them has the layer's name.
   *
   * @param moved as in {@link KerasTensor}
   * @param linear the layer's own node by a name
   */
  KerasTensor activated(boolean moved, Function<String, Tensor> linear) {
    JsonNode activation = layer.config().path("activation");
    if (KerasActivations.isIdentity(activation)) {
      return new KerasTensor(linear.apply(name), moved);
    }
    Tensor before = linear.apply(name + "/linear");
    return KerasActivations.translate(this, activation, new KerasTensor(before, moved));
  }
}
