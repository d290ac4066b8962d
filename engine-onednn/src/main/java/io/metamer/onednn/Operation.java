package io.metamer.onednn;

import java.util.List;

/** How one kind of node is computed and differentiated with oneDNN's primitives. */
interface Operation {

  /**
   * Records the steps that compute the output.
   *
   * @param x what the node reads; not to be changed
   * @return in any layout
   */
  Tensor forward(List<Tensor> x, Tape tape);

  /**
   * Records the steps that take the gradient at the output to the inputs.
   *
   * @param x what the node read
   * @param y what the node computed
   */
  void backward(List<Tensor> x, Tensor y, Gradients.Turn turn);
}
