package io.metamer.network.nd4j;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One ND4J operation with fixed arrays, built once and run many times.
 *
 * <p>The shape function is overridden: the output array says which shape is wanted. That gives
 * convolutions and their gradients padding that differs before and after, without copies, since
 * ND4J derives the padding after from the sizes.
 */
final class Call implements Runnable, AutoCloseable {

  private final CustomOp operation;
  private final OpContext context = Nd4j.getExecutioner().buildContext();

  Call(String name, List<INDArray> inputs, INDArray output) {
    operation = DynamicCustomOp.builder(name).build();
    context.setInputArrays(inputs);
    context.setOutputArrays(output);
    context.shapeFunctionOverride(true);
  }

  Call integers(long... arguments) {
    context.setIArguments(arguments);
    return this;
  }

  Call reals(double... arguments) {
    context.setTArguments(arguments);
    return this;
  }

  Call flags(boolean... arguments) {
    context.setBArguments(arguments);
    return this;
  }

  /** Without oneDNN or cuDNN. */
  Call generic() {
    context.allowHelpers(false);
    return this;
  }

  @Override
  public void run() {
    Nd4j.getExecutioner().exec(operation, context);
  }

  @Override
  public void close() {
    try {
      context.close();
    } catch (Exception e) {
      throw new IllegalStateException("an ND4J context could not be closed", e);
    }
  }
}
