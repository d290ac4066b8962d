package io.metamer.perceptual;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J operations on fixed arrays, recorded once and run many times: on small arrays several times
 * faster than expressions, and on large ones without new memory.
 */
final class Steps implements AutoCloseable {

  private final List<Runnable> steps = new ArrayList<>();
  private final List<OpContext> contexts = new ArrayList<>();

  /** Records an operation. The output may be an input. */
  OpContext call(String name, INDArray output, INDArray... inputs) {
    CustomOp operation = DynamicCustomOp.builder(name).build();
    OpContext context = Nd4j.getExecutioner().buildContext();
    context.setInputArrays(inputs);
    context.setOutputArrays(output);
    // The output says what shape is wanted.
    context.shapeFunctionOverride(true);
    contexts.add(context);
    steps.add(() -> Nd4j.getExecutioner().exec(operation, context));
    return context;
  }

  /** Records one of ND4J's older operations. */
  void run(Op operation) {
    steps.add(() -> Nd4j.getExecutioner().exec(operation));
  }

  /** Records a sum over channels: {@code [N, C, P]} to {@code [N, 1, P]}. */
  void sumOverChannels(String name, INDArray x, INDArray sum) {
    OpContext context = call(name, sum, x);
    context.setIArguments(1);
    context.setBArguments(true);
  }

  void run() {
    steps.forEach(Runnable::run);
  }

  @Override
  public void close() {
    for (OpContext context : contexts) {
      try {
        context.close();
      } catch (Exception e) {
        throw new IllegalStateException("an ND4J context could not be closed", e);
      }
    }
  }
}
