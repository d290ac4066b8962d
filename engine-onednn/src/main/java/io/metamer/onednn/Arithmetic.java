package io.metamer.onednn;

import io.metamer.network.Node;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.post_ops;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sums and products, element by element. */
final class Arithmetic {

  private Arithmetic() {}

  /** {@code relu(scale * x + shift)} with constants that are repeated along axes of size 1. */
  record Affine(Node.Affine node, Relu relu, Layouts layouts) implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      Tensor source = x.get(0);
      Tensor scale = constant(node.scale(), source);
      Tensor shift = constant(node.shift(), source);
      Tensor y = tape.take(source.shape(), source.layout());
      post_ops after = new post_ops();
      after.append_binary(dnnl.algorithm.binary_add, shift.layout());
      relu.append(after);
      Map<Integer, Tensor> arguments = new HashMap<>();
      arguments.put(dnnl.DNNL_ARG_SRC_0, source);
      arguments.put(dnnl.DNNL_ARG_SRC_1, scale);
      arguments.put(dnnl.DNNL_ARG_DST, y);
      arguments.put(Tape.after(0), shift);
      tape.run(
          new binary.primitive_desc(
              Library.instance().engine(),
              dnnl.algorithm.binary_mul,
              source.layout(),
              scale.layout(),
              y.layout(),
              Tape.attributes(after),
              false),
          arguments);
      return y;
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      Tensor g = relu.backward(y, turn);
      // What the ReLU has written is this node's own.
      Tensor z = g.slot() == turn.gradient().slot() ? turn.changed(g) : g;
      turn.tape().multiply(g, constant(node.scale(), g), z);
      turn.give(0, z);
    }

    /**
     * As x is laid out, with a batch axis; one number an element of the first axis, if there is one
     * axis only.
     */
    private Tensor constant(INDArray numbers, Tensor x) {
      int rank = x.shape().length;
      long[] shape = new long[rank];
      Arrays.fill(shape, 1);
      if (numbers.rank() == 1) {
        shape[1] = numbers.length();
      } else {
        System.arraycopy(numbers.shape(), 0, shape, 1, rank - 1);
      }
      return Packed.of(numbers, shape, Layouts.plain(shape), layouts.beside(x, shape));
    }
  }

  /** The sum of values of one shape. */
  record Add() implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      Tensor first = x.get(0);
      Tensor y = tape.take(first.shape(), first.layout());
      tape.add(first, tape.in(y.layout(), x.get(1)), y);
      for (Tensor term : x.subList(2, x.size())) {
        tape.add(y, tape.in(y.layout(), term), y);
      }
      return y;
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      for (int i = 0; i < x.size(); i++) {
        turn.give(i, turn.gradient());
      }
    }
  }

  /** The product of two values of one shape. */
  record Multiply() implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      Tensor y = tape.take(x.get(0).shape(), x.get(0).layout());
      tape.multiply(x.get(0), tape.in(y.layout(), x.get(1)), y);
      return y;
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      Tensor g = turn.tape().in(y.layout(), turn.gradient());
      Tensor[] z = new Tensor[2];
      for (int i = 0; i < 2; i++) {
        if (turn.wants(i)) {
          z[i] = turn.tape().take(y.shape(), y.layout());
          turn.tape().multiply(g, turn.tape().in(y.layout(), x.get(1 - i)), z[i]);
        }
      }
      for (int i = 0; i < 2; i++) {
        if (z[i] != null) {
          turn.give(i, z[i]);
        }
      }
    }
  }

  /**
   * Maps times one number a map.
   *
   * @param maps which of the two inputs the maps are
   */
  record Scale(int maps, Layouts layouts) implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      Tensor source = inMaps(x.get(maps), tape);
      Tensor y = tape.take(source.shape(), source.layout());
      tape.multiply(source, inMaps(x.get(1 - maps), tape), y);
      return y;
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      Tape tape = turn.tape();
      Tensor g = inMaps(turn.gradient(), tape);
      Tensor factors = null;
      if (turn.wants(1 - maps)) {
        Tensor products = tape.take(y.shape(), y.layout());
        tape.multiply(g, inMaps(x.get(maps), tape), products);
        factors = Pooling.sum(products, layouts, tape);
      }
      if (turn.wants(maps)) {
        Tensor z = tape.take(y.shape(), y.layout());
        tape.multiply(g, inMaps(x.get(1 - maps), tape), z);
        turn.give(maps, z);
      }
      if (factors != null) {
        turn.give(1 - maps, factors);
      }
    }

    private Tensor inMaps(Tensor x, Tape tape) {
      return tape.in(layouts.maps(x.shape()), x);
    }
  }
}
