package io.metamer.network.nd4j;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.Pow;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;

/** Elements divided by what they are together. */
final class Normalization {

  private Normalization() {}

  private static long[] reduced(long[] shape, int... axes) {
    long[] result = shape.clone();
    for (int axis : axes) {
      result[axis] = 1;
    }
    return result;
  }

  /** The axis is counted with the batch's. */
  record Softmax(int axis) implements Operation {
    @Override
    public boolean needsOutput() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      // Of other shapes, oneDNN is not taken, or takes another axis than it is told.
      boolean last = axis == y.rank() - 1;
      long size = y.size(axis);
      long outer = 1;
      for (int i = 0; i < axis; i++) {
        outer *= y.size(i);
      }
      long inner = y.length() / (outer * size);
      long[] shape = last ? new long[] {outer, 1, size} : new long[] {outer, size, inner};
      tape.call("softmax", y.reshape(shape), x.get(0).reshape(shape)).integers(last ? 2 : 1);
    }

    /** y * (g - sum(g * y)). */
    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      INDArray g = turn.output();
      Tape tape = turn.tape();
      turn.write(
          0,
          z ->
              tape.scratch(
                  reduced(y.shape(), axis),
                  sum -> {
                    tape.multiply(g, y, z);
                    tape.call("reduce_sum", sum, z).integers(axis).flags(true);
                    tape.subtract(g, sum, z);
                    tape.multiply(z, y, z);
                  }));
    }
  }

  /** The axis is counted with the batch's. */
  record LogSoftmax(int axis) implements Operation {
    @Override
    public boolean needsOutput() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      // ND4J's own takes the logarithm of what may have become 0.
      tape.scratch(
          reduced(y.shape(), axis),
          one -> {
            tape.call("reduce_max", one, x.get(0)).integers(axis).flags(true);
            tape.subtract(x.get(0), one, y);
            tape.scratch(
                y.shape(),
                exponentials -> {
                  tape.run(new Exp(y, exponentials));
                  tape.call("reduce_sum", one, exponentials).integers(axis).flags(true);
                });
            tape.run(new Log(one, one));
            tape.subtract(y, one, y);
          });
    }

    /** g - exp(y) * sum(g). */
    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      INDArray g = turn.output();
      Tape tape = turn.tape();
      turn.write(
          0,
          z ->
              tape.scratch(
                  reduced(y.shape(), axis),
                  sum -> {
                    tape.call("reduce_sum", sum, g).integers(axis).flags(true);
                    tape.run(new Exp(y, z));
                    tape.multiply(z, sum, z);
                    tape.subtract(g, z, z);
                  }));
    }
  }

  /** Keeps 1 / sqrt(variance + epsilon) for the way back. */
  static final class Standardize implements Operation {

    private final int[] axes;
    private final double epsilon;
    private @Nullable INDArray kept;

    /**
     * @param axes of the example
     */
    Standardize(int[] axes, double epsilon) {
      this.axes = axes.clone();
      for (int i = 0; i < axes.length; i++) {
        this.axes[i]++;
      }
      this.epsilon = epsilon;
    }

    @Override
    public boolean needsOutput() {
      return true;
    }

    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      DataType type = y.dataType();
      INDArray scale = tape.zeros(reduced(y.shape(), axes));
      reduce(tape, "reduce_mean", x.get(0), scale);
      tape.subtract(x.get(0), scale, y);
      reduce(tape, "reduce_sqnorm", y, scale);
      tape.multiply(scale, Tape.constant(type, (double) scale.length() / y.length()), scale);
      tape.add(scale, Tape.constant(type, epsilon), scale);
      tape.run(new Pow(scale, scale, -0.5));
      tape.multiply(y, scale, y);
      kept = scale;
    }

    /** (g - mean(g) - y * mean(g * y)) / sqrt(variance + epsilon). */
    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      INDArray scale = kept;
      if (scale == null) {
        throw new IllegalStateException("nothing is planned forward");
      }
      INDArray g = turn.output();
      Tape tape = turn.tape();
      turn.write(
          0,
          z ->
              tape.scratch(
                  scale.shape(),
                  mean -> {
                    tape.multiply(g, y, z);
                    reduce(tape, "reduce_mean", z, mean);
                    tape.multiply(y, mean, z);
                    tape.subtract(g, z, z);
                    reduce(tape, "reduce_mean", g, mean);
                    tape.subtract(z, mean, z);
                    tape.multiply(z, scale, z);
                  }));
    }

    private void reduce(Tape tape, String name, INDArray x, INDArray result) {
      long[] over = new long[axes.length];
      for (int i = 0; i < axes.length; i++) {
        over[i] = axes[i];
      }
      tape.call(name, result, x).integers(over).flags(true);
    }
  }
}
