package io.metamer.network.nd4j;

import io.metamer.network.Node;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Pooling, windowed and global. */
final class Pooling {

  private Pooling() {}

  static Operation of(Node.Pool node, long[] in, long[] out, DataType type) {
    long[] window = window(node.kernel(), node.stride(), node.pads(), node.dilation());
    return node.kind() == Node.Pool.Kind.MAX
        ? new Max(window)
        : new Average(window, correction(node, in, out, type));
  }

  /** The mean of each map. */
  static Operation average(long[] in) {
    return new Average(whole(in[1], in[2]), null);
  }

  /** Of maps the largest element of each column. */
  static void largest(Tape tape, INDArray x, INDArray y) {
    tape.call("maxpool2d", y, x).integers(arguments(whole(x.size(2), 1), 0));
  }

  static void backToLargest(Tape tape, INDArray x, INDArray g, INDArray z) {
    tape.call("maxpool2d_bp", z, x, g).integers(arguments(whole(x.size(2), 1), 0));
  }

  private static long[] whole(long height, long width) {
    int[] ones = {1, 1};
    return window(
        new int[] {Math.toIntExact(height), Math.toIntExact(width)}, ones, new int[4], ones);
  }

  /** ND4J's arguments: kernel, stride, padding before, dilation, no "same" mode. */
  private static long[] window(int[] kernel, int[] stride, int[] pads, int[] dilation) {
    return new long[] {
      kernel[0], kernel[1], stride[0], stride[1], pads[0], pads[1], dilation[0], dilation[1], 0,
    };
  }

  /**
   * What turns sums divided by the kernel's size into means over what counts, {@code [1, 1, H, W]};
   * none if everything counts everywhere.
   */
  private static @Nullable INDArray correction(
      Node.Pool node, long[] in, long[] out, DataType type) {
    INDArray map = Nd4j.ones(type, 1, 1, out[1], out[2]);
    boolean needed = false;
    for (long i = 0; i < out[1]; i++) {
      for (long j = 0; j < out[2]; j++) {
        double factor = correction(node, 0, i, in) * correction(node, 1, j, in);
        map.putScalar(new long[] {0, 0, i, j}, factor);
        needed |= factor != 1;
      }
    }
    return needed ? map : null;
  }

  private static double correction(Node.Pool node, int axis, long window, long[] in) {
    long start = window * node.stride()[axis] - node.pads()[axis];
    long first = node.countPadding() ? -node.pads()[axis] : 0;
    long end = in[1 + axis] + (node.countPadding() ? node.pads()[axis + 2] : 0);
    long kernel = node.kernel()[axis];
    return (double) kernel / (Math.min(start + kernel, end) - Math.max(start, first));
  }

  private static long[] arguments(long[] window, long extra) {
    long[] arguments = Arrays.copyOf(window, 11);
    arguments[9] = extra;
    return arguments;
  }

  private record Max(long[] window) implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      pool(tape.call("maxpool2d", y, x.get(0)));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.write(0, z -> pool(turn.tape().call("maxpool2d_bp", z, x.get(0), turn.output())));
    }

    private void pool(Call call) {
      call.integers(arguments(window, 0));
      if (window[6] > 1 || window[7] > 1) {
        // The way through oneDNN gets the padding of dilated windows wrong.
        call.generic();
      }
    }
  }

  private record Average(long[] window, @Nullable INDArray correction) implements Operation {

    // ND4J's extra argument: divide by the kernel's size everywhere.
    private static final long BY_KERNEL = 1;

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.call("avgpool2d", y, x.get(0)).integers(arguments(window, BY_KERNEL));
      if (correction != null) {
        tape.multiply(y, correction, y);
      }
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      if (correction == null) {
        turn.write(0, z -> spread(turn, turn.output(), z));
      } else {
        turn.write(
            0,
            z ->
                turn.tape()
                    .scratch(
                        y.shape(),
                        g -> {
                          turn.tape().multiply(turn.output(), correction, g);
                          spread(turn, g, z);
                        }));
      }
    }

    // Of the input only the shape is read.
    private void spread(Gradients.Turn turn, INDArray g, INDArray z) {
      turn.tape().call("avgpool2d_bp", z, z, g).integers(arguments(window, BY_KERNEL));
    }
  }
}
