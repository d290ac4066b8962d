package io.metamer.network.nd4j;

import io.metamer.network.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Convolutions and deconvolutions. The gradient of either with respect to its input is the other,
 * given the same weights: ND4J's own gradient operations compute that of the weights too, or are
 * not accelerated.
 */
final class Convolutions {

  // ND4J's arguments: not "same" mode, channels first, weights with the output channels first.
  private static final long[] LAYOUT = {0, 0, 1};

  private Convolutions() {}

  static Operation of(Node.Convolution node, long[] in, long[] out, Weights weights) {
    INDArray bias = node.bias() == null ? null : weights.plain(node.bias());
    return new Forward(pair(node, in, out, weights), bias);
  }

  static Operation of(Node.Deconvolution node, long[] in, long[] out, Weights weights) {
    INDArray bias = node.bias() == null ? null : weights.plain(node.bias());
    Node.Convolution undone =
        new Node.Convolution(
            node.name(),
            node.input(),
            node.weights(),
            null,
            node.stride(),
            node.pads(),
            node.dilation(),
            node.groups());
    return new Backward(pair(undone, out, in, weights), bias);
  }

  /** A kernel of one element, whose weights are {@code [O, C, 1, 1]}. */
  static void ofOneElement(Tape tape, String name, INDArray x, INDArray weights, INDArray y) {
    tape.call(name, y, x, weights).integers(1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1);
  }

  private static Pair pair(Node.Convolution node, long[] in, long[] out, Weights weights) {
    INDArray w = weights.plain(node.weights());
    boolean dilated = node.dilation()[0] > 1 || node.dilation()[1] > 1;
    if (node.groups() == 1) {
      return new Whole(w, window(node), dilated);
    }
    long[] mirrored = Depthwise.mirrored(node, in, out);
    if (node.groups() == in[0] && node.groups() == out[0] && mirrored != null) {
      return new Depthwise(
          channelsSecond(w),
          weights.shared(node.weights(), "flipped", x -> channelsSecond(flipped(w))),
          window(node),
          mirrored,
          dilated);
    }
    return new Grouped(w, window(node), node.groups(), dilated);
  }

  /** ND4J's arguments: kernel, stride, padding before, dilation. */
  private static long[] window(Node.Convolution node) {
    return new long[] {
      node.weights().size(2),
      node.weights().size(3),
      node.stride()[0],
      node.stride()[1],
      node.pads()[0],
      node.pads()[1],
      node.dilation()[0],
      node.dilation()[1],
      LAYOUT[0],
      LAYOUT[1],
      LAYOUT[2],
    };
  }

  private static void convolve(
      Tape tape,
      String name,
      INDArray x,
      INDArray weights,
      @Nullable INDArray bias,
      INDArray y,
      long[] window,
      boolean dilated) {
    Call call =
        bias == null ? tape.call(name, y, x, weights) : tape.call(name, y, x, weights, bias);
    call.integers(window);
    if (dilated) {
      // The way through oneDNN gets the padding of dilated kernels wrong.
      call.generic();
    }
  }

  /** A convolution and its gradient with respect to its input, which is a deconvolution. */
  private interface Pair {

    void convolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y);

    void deconvolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y);
  }

  private record Forward(Pair pair, @Nullable INDArray bias) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      pair.convolve(tape, x.get(0), bias, y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.write(0, z -> pair.deconvolve(turn.tape(), turn.output(), null, z));
    }
  }

  private record Backward(Pair pair, @Nullable INDArray bias) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      pair.deconvolve(tape, x.get(0), bias, y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.write(0, z -> pair.convolve(turn.tape(), turn.output(), null, z));
    }
  }

  private record Whole(INDArray weights, long[] window, boolean dilated) implements Pair {
    @Override
    public void convolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y) {
      Convolutions.convolve(tape, "conv2d", x, weights, bias, y, window, dilated);
    }

    @Override
    public void deconvolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y) {
      Convolutions.convolve(tape, "deconv2d", x, weights, bias, y, window, dilated);
    }
  }

  /** Each group of channels on its own. */
  private record Grouped(INDArray weights, long[] window, int groups, boolean dilated)
      implements Pair {
    @Override
    public void convolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y) {
      each(tape, "conv2d", x, bias, y);
    }

    @Override
    public void deconvolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y) {
      each(tape, "deconv2d", x, bias, y);
    }

    private void each(Tape tape, String name, INDArray x, @Nullable INDArray bias, INDArray y) {
      for (int i = 0; i < groups; i++) {
        Convolutions.convolve(
            tape,
            name,
            group(x, 1, i),
            group(weights, 0, i),
            bias == null ? null : group(bias, 0, i),
            group(y, 1, i),
            window,
            dilated);
      }
    }

    private INDArray group(INDArray array, int axis, int i) {
      long size = array.size(axis) / groups;
      return Parts.interval(array, axis, i * size, (i + 1) * size);
    }
  }

  /**
   * One kernel a channel. The gradient is a convolution too, with the kernels turned by 180
   * degrees, of the output's gradient with zeros between its elements where the stride skipped.
   */
  private record Depthwise(
      INDArray weights, INDArray flipped, long[] window, long[] mirrored, boolean dilated)
      implements Pair {

    /** The arguments of the way back; none if it would need negative padding. */
    static long @Nullable [] mirrored(Node.Convolution node, long[] in, long[] out) {
      long[] arguments = Convolutions.window(node);
      for (int axis = 0; axis < 2; axis++) {
        long extent = node.dilation()[axis] * (node.weights().size(2 + axis) - 1);
        long before = extent - node.pads()[axis];
        long after = in[1 + axis] - spread(out[1 + axis], node.stride()[axis]) + extent - before;
        if (before < 0 || after < 0) {
          return null;
        }
        arguments[2 + axis] = 1;
        arguments[4 + axis] = before;
      }
      return arguments;
    }

    private static long spread(long size, long stride) {
      return stride * (size - 1) + 1;
    }

    @Override
    public void convolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y) {
      Convolutions.convolve(tape, "depthwise_conv2d", x, weights, bias, y, window, dilated);
    }

    @Override
    public void deconvolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y) {
      long height = spread(x.size(2), window[2]);
      long width = spread(x.size(3), window[3]);
      INDArray wide = x;
      if (height != x.size(2) || width != x.size(3)) {
        wide = tape.zeros(x.size(0), x.size(1), height, width);
        INDArray between =
            wide.get(
                NDArrayIndex.all(),
                NDArrayIndex.all(),
                NDArrayIndex.interval(0, window[2], height),
                NDArrayIndex.interval(0, window[3], width));
        tape.copy(x, between);
      }
      Convolutions.convolve(tape, "depthwise_conv2d", wide, flipped, bias, y, mirrored, dilated);
    }
  }

  /** {@code [C, 1, kH, kW]} as {@code [1, C, kH, kW]}, as ND4J's depthwise convolution wants it. */
  private static INDArray channelsSecond(INDArray weights) {
    return weights.reshape(1, weights.size(0), weights.size(2), weights.size(3));
  }

  /** Rows and columns in reverse order. */
  private static INDArray flipped(INDArray weights) {
    INDArray result = Nd4j.create(weights.dataType(), weights.shape());
    for (long i = 0; i < weights.size(2); i++) {
      for (long j = 0; j < weights.size(3); j++) {
        point(result, i, j)
            .assign(point(weights, weights.size(2) - 1 - i, weights.size(3) - 1 - j));
      }
    }
    return result;
  }

  private static INDArray point(INDArray weights, long i, long j) {
    return weights.get(
        NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.point(i), NDArrayIndex.point(j));
  }
}
