package io.metamer.network.nd4j;

import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Convolutions and deconvolutions. The gradient of either with respect to its input is the other,
 * given the same weights: ND4J's own gradient operations compute that of the weights too, or are
 * not accelerated.
 */
final class Convolutions {

  // ND4J's arguments: not "same" mode, channels first, weights with the output channels first.
  private static final long[] LAYOUT = {0, 0, 1};

  // Groups with fewer channels than this are joined, with zeros between them: through oneDNN that
  // is
  // up to 90 times faster than ND4J's depthwise convolution.
  private static final long JOINED_CHANNELS = 16;

  private Convolutions() {}

  static Operation of(Node.Convolution node, Weights weights) {
    INDArray bias = node.bias() == null ? null : weights.plain(node.bias());
    return new Forward(pair(node, weights), bias);
  }

  static Operation of(Node.Deconvolution node, Weights weights) {
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
    return new Backward(pair(undone, weights), bias);
  }

  /** A kernel of one element, whose weights are {@code [O, C, 1, 1]}. */
  static void ofOneElement(Tape tape, String name, INDArray x, INDArray weights, INDArray y) {
    tape.call(name, y, x, weights).integers(1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1);
  }

  private static Pair pair(Node.Convolution node, Weights weights) {
    INDArray w = weights.plain(node.weights());
    boolean dilated = node.dilation()[0] > 1 || node.dilation()[1] > 1;
    if (node.groups() == 1) {
      return new Whole(w, window(node), dilated);
    }
    List<Block> blocks = new ArrayList<>();
    int groups = node.groups();
    int joined = (int) Math.max(1, JOINED_CHANNELS / node.weights().size(1));
    for (int first = 0; first < groups; first += joined) {
      int start = first;
      int end = Math.min(groups, first + joined);
      INDArray block =
          weights.shared(
              node.weights(),
              "groups %d to %d of %d".formatted(start, end, groups),
              x -> block(w, start, end, groups));
      blocks.add(new Block(block, start, end));
    }
    return new Grouped(blocks, window(node), groups, dilated);
  }

  /** The weights of some groups as those of one, zero between different groups. */
  private static INDArray block(INDArray weights, int start, int end, int groups) {
    long outputs = weights.size(0) / groups;
    long inputs = weights.size(1);
    INDArray result =
        Nd4j.create(
            weights.dataType(),
            (end - start) * outputs,
            (end - start) * inputs,
            weights.size(2),
            weights.size(3));
    for (int i = 0; i < end - start; i++) {
      INDArray rows = Parts.interval(result, 0, i * outputs, (i + 1) * outputs);
      Parts.interval(rows, 1, i * inputs, (i + 1) * inputs)
          .assign(Parts.interval(weights, 0, (start + i) * outputs, (start + i + 1) * outputs));
    }
    return result;
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

    void deconvolve(Tape tape, INDArray x, INDArray y);
  }

  private record Forward(Pair pair, @Nullable INDArray bias) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      pair.convolve(tape, x.get(0), bias, y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.write(0, z -> pair.deconvolve(turn.tape(), turn.output(), z));
    }
  }

  private record Backward(Pair pair, @Nullable INDArray bias) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      pair.deconvolve(tape, x.get(0), y);
      if (bias != null) {
        // ND4J's own way with a bias takes three times as long.
        tape.add(y, bias.reshape(1, bias.length(), 1, 1), y);
      }
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
    public void deconvolve(Tape tape, INDArray x, INDArray y) {
      Convolutions.convolve(tape, "deconv2d", x, weights, null, y, window, dilated);
    }
  }

  /** Weights {@code [O, C, kH, kW]} of the groups from start to end. */
  private record Block(INDArray weights, int start, int end) {}

  /** Blocks of groups, each as a convolution on its channels. */
  private record Grouped(List<Block> blocks, long[] window, int groups, boolean dilated)
      implements Pair {
    @Override
    public void convolve(Tape tape, INDArray x, @Nullable INDArray bias, INDArray y) {
      each(tape, "conv2d", x, bias, y);
    }

    @Override
    public void deconvolve(Tape tape, INDArray x, INDArray y) {
      each(tape, "deconv2d", x, null, y);
    }

    private void each(Tape tape, String name, INDArray x, @Nullable INDArray bias, INDArray y) {
      for (Block block : blocks) {
        Convolutions.convolve(
            tape,
            name,
            part(x, 1, block),
            block.weights(),
            bias == null ? null : part(bias, 0, block),
            part(y, 1, block),
            window,
            dilated);
      }
    }

    private INDArray part(INDArray array, int axis, Block block) {
      long size = array.size(axis) / groups;
      return Parts.interval(array, axis, block.start() * size, block.end() * size);
    }
  }
}
