package io.metamer.loss;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Scores each example of a batch and knows the gradient of its score.
 *
 * <p>The matching term, the regularizers and the perceptual distances are all of this kind. A loss
 * is bound to the examples it compares with (the targets of a search, say), numbered from 0.
 * Examples are independent: the value and gradient of one does not depend on the others in the
 * batch.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface DifferentiableLoss {

  /**
   * Evaluates the loss.
   *
   * @param x the batch, shape {@code [k, ...]}; not changed
   * @param rows which of the bound examples each of the k belongs to; length k
   * @return the k values and the gradient of their sum; its array is valid until the next call of
   *     this loss, whatever other losses do, or until the caller's memory workspace closes
   */
  ValueAndGradient evaluate(INDArray x, int[] rows);
}
