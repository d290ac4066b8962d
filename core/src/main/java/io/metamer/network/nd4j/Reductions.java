package io.metamer.network.nd4j;

import io.metamer.network.Node;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What is left of whole axes. */
final class Reductions {

  private Reductions() {}

  static Operation of(Node.Reduce node, long[] in) {
    boolean map = in.length == 3 && Arrays.equals(node.axes(), new int[] {1, 2});
    return switch (node.reduction()) {
      case SUM -> new Sum(1);
      case MEAN -> map ? Pooling.average(in) : new Sum(1.0 / count(node.axes(), in));
      case MAX -> max(node.axes(), in);
      case L2 -> new L2();
    };
  }

  private static long count(int[] axes, long[] in) {
    return Arrays.stream(axes).mapToLong(axis -> in[axis]).reduce(1, (a, b) -> a * b);
  }

  /** The sum times a constant. */
  private record Sum(double scale) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.sum(x.get(0), y);
      if (scale != 1) {
        tape.multiply(y, Tape.constant(y.dataType(), scale), y);
      }
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      Tape tape = turn.tape();
      if (scale == 1) {
        turn.write(0, z -> tape.spread(turn.output(), z));
      } else {
        turn.write(
            0,
            z ->
                tape.scratch(
                    y.shape(),
                    g -> {
                      tape.multiply(turn.output(), Tape.constant(y.dataType(), scale), g);
                      tape.spread(g, z);
                    }));
      }
    }
  }

  private static Operation max(int[] axes, long[] in) {
    int[] reduced = Arrays.stream(axes).map(axis -> axis + 1).toArray();
    long count = count(axes, in);
    if (axes[axes.length - 1] - axes[0] == axes.length - 1) {
      return new Max(reduced[0], count);
    }
    IntStream others =
        IntStream.rangeClosed(0, in.length).filter(axis -> Arrays.binarySearch(reduced, axis) < 0);
    int[] order = IntStream.concat(others, Arrays.stream(reduced)).toArray();
    return new Transposed(order, new Max(in.length + 1 - axes.length, count));
  }

  /** Pooling with one window for axes next to each other, of which the first is given. */
  private record Max(int first, long count) implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      INDArray map = map(x.get(0));
      Pooling.largest(tape, map, y.reshape(map.size(0), 1, 1, map.size(3)));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.write(0, z -> back(x.get(0), turn.output(), z, turn.tape()));
    }

    void back(INDArray x, INDArray g, INDArray z, Tape tape) {
      INDArray map = map(x);
      Pooling.backToLargest(tape, map, g.reshape(map.size(0), 1, 1, map.size(3)), map(z));
    }

    private INDArray map(INDArray x) {
      long outer = 1;
      for (int i = 0; i < first; i++) {
        outer *= x.size(i);
      }
      return x.reshape(outer, 1, count, x.length() / (outer * count));
    }
  }

  /** The largest of axes that are not next to each other, from a copy in which they are. */
  private record Transposed(int[] order, Max max) implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.scratch(
          shape(x.get(0)),
          copy -> {
            tape.transpose(x.get(0), order, copy);
            max.forward(List.of(copy), y, tape);
          });
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      Tape tape = turn.tape();
      long[] shape = shape(x.get(0));
      turn.write(
          0,
          z ->
              tape.scratch(
                  shape,
                  copy -> {
                    tape.transpose(x.get(0), order, copy);
                    tape.scratch(
                        shape,
                        gradient -> {
                          max.back(copy, turn.output(), gradient, tape);
                          tape.transpose(gradient, Parts.inverse(order), z);
                        });
                  }));
    }

    private long[] shape(INDArray x) {
      return Arrays.stream(order).mapToLong(x::size).toArray();
    }
  }

  private record L2() implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public boolean needsOutput() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.reduce("reduce_norm2", x.get(0), y);
    }

    /** x / y * g, and 0 where y is 0 and so is x. */
    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      Tape tape = turn.tape();
      turn.write(
          0,
          z ->
              tape.scratch(
                  y.shape(),
                  norm -> {
                    tape.atLeastTiny(y, norm);
                    tape.divide(x.get(0), norm, z);
                    tape.multiply(z, turn.output(), z);
                  }));
    }
  }
}
