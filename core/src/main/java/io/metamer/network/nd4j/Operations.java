package io.metamer.network.nd4j;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The operation of each node of a graph. */
final class Operations {

  private final Map<String, Operation> operations = new HashMap<>();
  private final Graph graph;
  private final DataType type;
  private final Weights weights;

  Operations(Graph graph, DataType type) {
    this.graph = graph;
    this.type = type;
    weights = Weights.of(graph, type);
  }

  Operation of(Node node) {
    return operations.computeIfAbsent(node.name(), name -> translate(node));
  }

  private Operation translate(Node node) {
    if (node instanceof Node.Convolution c) {
      return Convolutions.of(c, graph.shape(c.input()), graph.shape(c.name()), weights);
    }
    if (node instanceof Node.Dense d) {
      return new Dense(
          weights.plain(d.weights()), d.bias() == null ? null : weights.plain(d.bias()));
    }
    if (node instanceof Node.Affine a) {
      int rank = graph.shape(a.name()).length;
      return new Affine(
          perChannel(weights.plain(a.scale()), rank), perChannel(weights.plain(a.shift()), rank));
    }
    if (node instanceof Node.Activation a) {
      return Activations.of(a, type);
    }
    if (node instanceof Node.Pool p) {
      return Pooling.of(p, graph.shape(p.input()), graph.shape(p.name()), type);
    }
    if (node instanceof Node.Reduce r) {
      return Pooling.global(r, graph.shape(r.input()));
    }
    if (node instanceof Node.Add) {
      return new Add();
    }
    if (node instanceof Node.Multiply) {
      return new Multiply();
    }
    if (node instanceof Node.Concat c) {
      return new Concat(c.axis() + 1);
    }
    if (node instanceof Node.Softmax s) {
      return new Softmax(s.axis() + 1);
    }
    if (node instanceof Node.Input || node instanceof Node.Reshape) {
      return new Same();
    }
    throw new UnsupportedOperationException(node.getClass().getSimpleName());
  }

  private static INDArray perChannel(INDArray numbers, int rank) {
    long[] shape = new long[rank + 1];
    Arrays.fill(shape, 1);
    shape[1] = numbers.length();
    return numbers.reshape(shape);
  }

  /** The input, and other views of the same elements: nothing to compute. */
  private record Same() implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {}

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.pass(0);
    }
  }

  private record Dense(INDArray weights, @Nullable INDArray bias) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.call("matmul", y, x.get(0), weights).integers(0, 1, 0);
      if (bias != null) {
        tape.add(y, bias.reshape(1, bias.length()), y);
      }
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.write(0, z -> turn.tape().call("matmul", z, turn.output(), weights).integers(0, 0, 0));
    }
  }

  private record Affine(INDArray scale, INDArray shift) implements Operation {
    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.multiply(x.get(0), scale, y);
      tape.add(y, shift, y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.transform(0, (g, z) -> turn.tape().multiply(g, scale, z));
    }
  }

  private record Add() implements Operation {
    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      List<INDArray> terms = fullFirst(x, y);
      tape.add(terms.get(0), terms.get(1), y);
      terms.subList(2, terms.size()).forEach(term -> tape.add(y, term, y));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      for (int i = 0; i < x.size(); i++) {
        if (x.get(i).equalShapes(y)) {
          turn.pass(i);
        } else {
          turn.write(i, z -> turn.tape().sum(turn.output(), z));
        }
      }
    }
  }

  private record Multiply() implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      List<INDArray> factors = fullFirst(x, y);
      tape.multiply(factors.get(0), factors.get(1), y);
      factors.subList(2, factors.size()).forEach(factor -> tape.multiply(y, factor, y));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      for (int i = 0; i < x.size(); i++) {
        List<INDArray> others = new ArrayList<>(x);
        others.remove(i);
        if (x.get(i).equalShapes(y)) {
          turn.write(i, z -> product(turn, others, z));
        } else {
          turn.write(
              i,
              z ->
                  turn.scratch(
                      y.shape(),
                      full -> {
                        product(turn, others, full);
                        turn.tape().sum(full, z);
                      }));
        }
      }
    }

    private static void product(Gradients.Turn turn, List<INDArray> factors, INDArray z) {
      turn.tape().multiply(turn.output(), factors.get(0), z);
      factors.subList(1, factors.size()).forEach(factor -> turn.tape().multiply(z, factor, z));
    }
  }

  private record Concat(int axis) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.call("concat", y, x.toArray(INDArray[]::new)).integers(axis);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      long start = 0;
      for (int i = 0; i < x.size(); i++) {
        long end = start + x.get(i).size(axis);
        turn.part(i, slice(turn.output(), axis, start, end));
        start = end;
      }
    }
  }

  private record Softmax(int axis) implements Operation {
    @Override
    public boolean needsOutput() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      // The way through oneDNN takes another axis than it is told.
      tape.call("softmax", y, x.get(0)).integers(axis).generic();
    }

    /** y * (g - sum(g * y)). */
    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      long[] one = y.shape().clone();
      one[axis] = 1;
      INDArray g = turn.output();
      turn.write(
          0,
          z ->
              turn.scratch(
                  one,
                  sum -> {
                    turn.tape().multiply(g, y, z);
                    turn.tape().call("reduce_sum", sum, z).integers(axis).flags(true);
                    turn.tape().subtract(g, sum, z);
                    turn.tape().multiply(z, y, z);
                  }));
    }
  }

  /** One of the shape of y comes first: y itself if it is among them, lest another be lost. */
  private static List<INDArray> fullFirst(List<INDArray> x, INDArray y) {
    return x.stream()
        .sorted(Comparator.comparingInt(a -> a == y ? 0 : a.equalShapes(y) ? 1 : 2))
        .toList();
  }

  /** A part of an array along one axis, as a view. */
  static INDArray slice(INDArray array, int axis, long start, long end) {
    INDArrayIndex[] indices = new INDArrayIndex[array.rank()];
    Arrays.fill(indices, NDArrayIndex.all());
    indices[axis] = NDArrayIndex.interval(start, end);
    return array.get(indices);
  }
}
