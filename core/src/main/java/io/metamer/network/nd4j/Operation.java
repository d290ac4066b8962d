package io.metamer.network.nd4j;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How one kind of node is computed and differentiated with ND4J's operations. */
interface Operation {

  /** Whether going back needs what the node read. */
  default boolean needsInputs() {
    return false;
  }

  /** Whether going back needs what the node computed. */
  default boolean needsOutput() {
    return false;
  }

  /** Whether the output may overwrite an input of its shape; it is then the same object. */
  default boolean inPlace() {
    return false;
  }

  /** Records the steps that compute y from x. */
  void forward(List<INDArray> x, INDArray y, Tape tape);

  /**
   * Records the steps that take the gradient at y to the inputs.
   *
   * @param x what the node read; its numbers are there only if they are needed
   * @param y what the node computed; its numbers are there only if they are needed
   */
  void backward(List<INDArray> x, INDArray y, Gradients.Turn turn);
}
