package io.metamer.loss;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The value of a loss for each example of a batch, and its gradient.
 *
 * @param value one number an example
 * @param gradient the gradient of the sum of the values, of the batch's shape and type: slice i is
 *     the gradient of value i, since examples are independent
 * @since 0.1
 */
public record ValueAndGradient(double[] value, INDArray gradient) {}
