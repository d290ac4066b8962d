package io.metamer.network.nd4j;

import io.metamer.network.nd4j.Arena.Slot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.factory.Nd4j;

/** The steps of one direction, in order. */
final class Tape implements AutoCloseable {

  private final Arena arena;
  private final List<Runnable> steps = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();

  Tape(Arena arena) {
    this.arena = arena;
  }

  /** Records an operation. */
  Call call(String name, INDArray output, INDArray... inputs) {
    Call call = new Call(name, List.of(inputs), output);
    steps.add(call);
    calls.add(call);
    return call;
  }

  /** Records one of ND4J's older operations, which take numbers as they are built. */
  void run(Op operation) {
    steps.add(() -> Nd4j.getExecutioner().exec(operation));
  }

  /** Either may be a view: where one is, ND4J's newer "assign" is ten times slower. */
  void copy(INDArray from, INDArray to) {
    call("identity", to, from);
  }

  /** Repeats along axes of size 1. */
  void spread(INDArray from, INDArray to) {
    call("assign", to, to, from);
  }

  void fill(INDArray array, double value) {
    spread(constant(array.dataType(), value), array);
  }

  /**
   * @param axes which axis of x each axis of the result is
   */
  void transpose(INDArray x, int[] axes, INDArray result) {
    call("permute", result, x).integers(Arrays.stream(axes).asLongStream().toArray());
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

  void divide(INDArray a, INDArray b, INDArray quotient) {
    call("divide", quotient, a, b);
  }

  /** 1 where x is above the threshold, else 0. */
  void step(INDArray x, double threshold, INDArray result) {
    run(new Step(x, result, threshold));
  }

  /** What can be divided by: 0 becomes the smallest normal number. */
  void atLeastTiny(INDArray x, INDArray result) {
    DataType type = x.dataType();
    double tiny = type == DataType.FLOAT ? Float.MIN_NORMAL : Double.MIN_NORMAL;
    call("maximum", result, x, constant(type, tiny));
  }

  void sum(INDArray x, INDArray result) {
    reduce("reduce_sum", x, result);
  }

  /** Takes together all axes along which the result has size 1. */
  void reduce(String name, INDArray x, INDArray result) {
    long[] axes =
        IntStream.range(0, x.rank())
            .filter(axis -> result.size(axis) == 1)
            .asLongStream()
            .toArray();
    call(name, result, x).integers(axes).flags(true);
  }

  /** Memory that later steps may use for something else. */
  void scratch(long[] shape, Consumer<INDArray> use) {
    Slot slot = arena.take(shape);
    use.accept(slot.as(shape));
    arena.release(slot);
  }

  /** Memory that nobody else uses, zero where the node does not write. */
  INDArray zeros(long... shape) {
    return arena.own(shape).as(shape);
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
