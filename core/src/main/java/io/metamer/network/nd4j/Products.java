package io.metamer.network.nd4j;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Products of matrices, of which at least one is computed. */
final class Products {

  private Products() {}

  /** ND4J's arguments: whether the left, the right and the result are transposed. */
  private static void multiply(
      Tape tape, INDArray left, boolean turnLeft, INDArray right, boolean turnRight, INDArray z) {
    tape.call("matmul", z, left, right).integers(turnLeft ? 1 : 0, turnRight ? 1 : 0, 0);
  }

  /** All axes but the last together. */
  private static INDArray rows(INDArray array) {
    long size = array.size(-1);
    return array.reshape(array.length() / size, size);
  }

  record Dense(INDArray weights, @Nullable INDArray bias) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      INDArray rows = rows(y);
      multiply(tape, rows(x.get(0)), false, weights, true, rows);
      if (bias != null) {
        tape.add(rows, bias.reshape(1, bias.length()), rows);
      }
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      INDArray g = rows(turn.output());
      turn.write(0, z -> multiply(turn.tape(), g, false, weights, false, rows(z)));
    }
  }

  record Matrices() implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      multiply(tape, x.get(0), false, x.get(1), false, y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      INDArray g = turn.output();
      turn.write(0, z -> multiply(turn.tape(), g, false, x.get(1), true, z));
      turn.write(1, z -> multiply(turn.tape(), x.get(0), true, g, false, z));
    }
  }

  static Operation along(int axis, long[] in, INDArray matrix) {
    return axis == in.length - 1
        ? new Dense(matrix, null)
        : new Along(axis + 1, matrix.reshape(matrix.size(0), matrix.size(1), 1, 1));
  }

  /**
   * A matrix along an axis before the last: a convolution with a kernel of one element, whose
   * channels are that axis.
   *
   * @param axis counted with the batch's
   * @param kernel {@code [n, m, 1, 1]}
   */
  private record Along(int axis, INDArray kernel) implements Operation {
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      Convolutions.ofOneElement(tape, "conv2d", map(x.get(0)), kernel, map(y));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      INDArray g = map(turn.output());
      turn.write(0, z -> Convolutions.ofOneElement(turn.tape(), "deconv2d", g, kernel, map(z)));
    }

    private INDArray map(INDArray array) {
      long outer = 1;
      for (int i = 0; i < axis; i++) {
        outer *= array.size(i);
      }
      long channels = array.size(axis);
      return array.reshape(outer, channels, 1, array.length() / (outer * channels));
    }
  }
}
