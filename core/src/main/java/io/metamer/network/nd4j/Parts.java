package io.metamer.network.nd4j;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Elements that stay what they are, in other places. */
final class Parts {

  private Parts() {}

  record Concat(int axis) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.call("concat", y, x.toArray(INDArray[]::new)).integers(axis);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      long start = 0;
      for (int i = 0; i < x.size(); i++) {
        long end = start + x.get(i).size(axis);
        turn.part(i, interval(turn.output(), axis, start, end));
        start = end;
      }
    }
  }

  record Slice(long[] start, long[] size, long[] step) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.copy(of(x.get(0)), y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.place(0, this::of);
    }

    private INDArray of(INDArray array) {
      return view(array, start, size, step);
    }
  }

  record Pad(long[] before, double value) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      // Each time, as others use the memory in between.
      tape.fill(y, value);
      tape.copy(x.get(0), inner(x.get(0)).apply(y));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.part(0, inner(x.get(0)).apply(turn.output()));
    }

    private UnaryOperator<INDArray> inner(INDArray x) {
      long[] size = Arrays.copyOfRange(x.shape(), 1, x.rank());
      long[] ones = size.clone();
      Arrays.fill(ones, 1);
      return array -> view(array, before, size, ones);
    }
  }

  record Transpose(int[] axes) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.transpose(x.get(0), batched(axes), y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.write(0, z -> turn.tape().transpose(turn.output(), inverse(batched(axes)), z));
    }

    private static int[] batched(int[] axes) {
      int[] result = new int[axes.length + 1];
      for (int i = 0; i < axes.length; i++) {
        result[i + 1] = axes[i] + 1;
      }
      return result;
    }
  }

  /** The order of axes that undoes another. */
  static int[] inverse(int[] axes) {
    int[] result = new int[axes.length];
    for (int i = 0; i < axes.length; i++) {
      result[axes[i]] = i;
    }
    return result;
  }

  /** Of each example, along each axis, {@code size} elements from {@code start} by {@code step}. */
  private static INDArray view(INDArray array, long[] start, long[] size, long[] step) {
    INDArrayIndex[] indices = new INDArrayIndex[array.rank()];
    indices[0] = NDArrayIndex.all();
    for (int i = 0; i < size.length; i++) {
      long stride = size[i] == 1 ? 1 : step[i];
      indices[i + 1] =
          NDArrayIndex.interval(start[i], stride, start[i] + (size[i] - 1) * stride + 1);
    }
    return array.get(indices);
  }

  /** A part of an array along one axis, as a view. */
  static INDArray interval(INDArray array, int axis, long start, long end) {
    INDArrayIndex[] indices = new INDArrayIndex[array.rank()];
    Arrays.fill(indices, NDArrayIndex.all());
    indices[axis] = NDArrayIndex.interval(start, end);
    return array.get(indices);
  }
}
