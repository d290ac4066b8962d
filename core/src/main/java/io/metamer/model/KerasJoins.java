package io.metamer.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Layers of several inputs, and attention. */
final class KerasJoins {

  private KerasJoins() {}

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

  static KerasTensor add(KerasStep step) {
    return chained(
        step, (name, a, b) -> step.graph().add(new Node.Add(name, List.of(a.node(), b.node()))));
  }

  static KerasTensor average(KerasStep step) {
    KerasTensor sum = add(step.named(step.name() + "/sum"));
    return new KerasTensor(
        step.composites().affine(step.name(), sum.tensor(), 1.0 / step.inputs().size(), 0),
        sum.moved());
  }

  static KerasTensor multiply(KerasStep step) {
    return chained(
        step,
        (name, a, b) -> step.graph().add(new Node.Multiply(name, List.of(a.node(), b.node()))));
  }

  static KerasTensor maximum(KerasStep step) {
    return chained(
        step, (name, a, b) -> step.graph().add(new Node.Maximum(name, a.node(), b.node())));
  }

  static KerasTensor minimum(KerasStep step) {
    return chained(step, step.composites()::minimum);
  }

  static KerasTensor subtract(KerasStep step) {
    return chained(step, step.composites()::difference);
  }

  static KerasTensor concatenate(KerasStep step) {
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
  static KerasTensor attention(KerasStep step) {
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
