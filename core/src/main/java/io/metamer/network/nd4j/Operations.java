package io.metamer.network.nd4j;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The operation of each node of a graph. */
final class Operations {

  private final Map<String, Operation> operations = new HashMap<>();
  private final Graph graph;
  private final DataType type;
  private final Weights weights;

  Operations(Graph graph, DataType type) {
    this.graph = graph;
    this.type = type;
    weights = new Weights(type);
  }

  Operation of(Node node) {
    return operations.computeIfAbsent(node.name(), name -> translate(node));
  }

  private Operation translate(Node node) {
    if (node instanceof Node.Input || node instanceof Node.Reshape) {
      return new Same();
    }
    if (node instanceof Node.Constant c) {
      return new Constant(batched(weights.plain(c.value())));
    }
    if (node instanceof Node.Convolution c) {
      return Convolutions.of(c, weights);
    }
    if (node instanceof Node.Deconvolution d) {
      return Convolutions.of(d, weights);
    }
    if (node instanceof Node.Dense d) {
      return new Products.Dense(weights.plain(d.weights()), plain(d.bias()));
    }
    if (node instanceof Node.MatrixProduct) {
      return new Products.Matrices();
    }
    if (node instanceof Node.AxisProduct a) {
      return Products.along(a.axis(), graph.shape(a.input()), weights.plain(a.matrix()));
    }
    if (node instanceof Node.Affine a) {
      int rank = graph.shape(a.name()).length;
      return new Arithmetic.Affine(
          alongFirst(weights.plain(a.scale()), rank), alongFirst(weights.plain(a.shift()), rank));
    }
    if (node instanceof Node.Activation a) {
      return Activations.of(a, type);
    }
    if (node instanceof Node.Pool p) {
      return Pooling.of(p, graph.shape(p.input()), graph.shape(p.name()), type);
    }
    if (node instanceof Node.Reduce r) {
      return Reductions.of(r, graph.shape(r.input()));
    }
    if (node instanceof Node.Standardize s) {
      return new Normalization.Standardize(s.axes(), s.epsilon());
    }
    if (node instanceof Node.Softmax s) {
      return s.logarithm()
          ? new Normalization.LogSoftmax(s.axis() + 1)
          : new Normalization.Softmax(s.axis() + 1);
    }
    if (node instanceof Node.Add) {
      return new Arithmetic.Add();
    }
    if (node instanceof Node.Multiply) {
      return new Arithmetic.Multiply();
    }
    if (node instanceof Node.Maximum) {
      return new Arithmetic.Maximum();
    }
    if (node instanceof Node.Concat c) {
      return new Parts.Concat(c.axis() + 1);
    }
    if (node instanceof Node.Slice s) {
      return new Parts.Slice(s.start(), s.size(), s.step());
    }
    if (node instanceof Node.Pad p) {
      return new Parts.Pad(p.before(), p.value());
    }
    if (node instanceof Node.Transpose t) {
      return new Parts.Transpose(t.axes());
    }
    throw new UnsupportedOperationException(node.getClass().getSimpleName());
  }

  private @Nullable INDArray plain(@Nullable INDArray bias) {
    return bias == null ? null : weights.plain(bias);
  }

  /** With a batch axis; one number an element of the first axis, if there is one axis only. */
  private static INDArray alongFirst(INDArray numbers, int rank) {
    if (numbers.rank() > 1) {
      return batched(numbers);
    }
    long[] shape = new long[rank + 1];
    Arrays.fill(shape, 1);
    shape[1] = numbers.length();
    return numbers.reshape(shape);
  }

  private static INDArray batched(INDArray example) {
    long[] shape = new long[example.rank() + 1];
    shape[0] = 1;
    System.arraycopy(example.shape(), 0, shape, 1, example.rank());
    return example.reshape(shape);
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

  /** The same for every example. */
  private record Constant(INDArray value) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.spread(value, y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {}
  }
}
