package io.metamer.network.nd4j;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.factory.Nd4j;

/** The steps of one direction, in order. */
final class Tape implements AutoCloseable {

  private final List<Runnable> steps = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();

  /** Records an operation. */
  Call call(String name, INDArray output, INDArray... inputs) {
    Call call = new Call(name, List.of(inputs), output);
    steps.add(call);
    calls.add(call);
    return call;
  }

  void copy(INDArray from, INDArray to) {
    call("assign", to, to, from);
  }

  void add(INDArray a, INDArray b, INDArray sum) {
    call("add", sum, a, b);
  }

  void multiply(INDArray a, INDArray b, INDArray product) {
    call("multiply", product, a, b);
  }

  void subtract(INDArray a, INDArray b, INDArray difference) {
    call("subtract", difference, a, b);
  }

  /** 1 where x is above the threshold, else 0. */
  void step(INDArray x, double threshold, INDArray result) {
    Step step = new Step(x, result, threshold);
    steps.add(() -> Nd4j.getExecutioner().exec(step));
  }

  /** Sums over all axes along which the result has size 1. */
  void sum(INDArray x, INDArray result) {
    List<Long> axes = new ArrayList<>();
    for (long axis = 0; axis < x.rank(); axis++) {
      if (result.size((int) axis) == 1) {
        axes.add(axis);
      }
    }
    call("reduce_sum", result, x)
        .integers(axes.stream().mapToLong(Long::longValue).toArray())
        .flags(true);
  }

  static INDArray constant(DataType type, double value) {
    return Nd4j.scalar(type, value);
  }

  void run() {
    steps.forEach(Runnable::run);
  }

  @Override
  public void close() {
    calls.forEach(Call::close);
  }
}
