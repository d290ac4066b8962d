package io.metamer.loss;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The relative Euclidean distance of representations to their goals: {@code ||r - goal|| /
 * ||goal||}.
 *
 * <p>This is the matching term of the search. At the goal itself, where the distance has a kink,
 * the gradient is 0. Differences and their norms are taken in the type of the batch, quotients in
 * double.
 *
 * @see "Nanda et al. (2023), Do invariances in deep neural networks align with human perception?"
 * @since 0.1
 */
public final class RelativeL2 implements DifferentiableLoss {

  private final Goals goals;

  /**
   * Binds the distance to its goals.
   *
   * @param goal the representations of the targets, shape {@code [N, D]}; copied, and kept outside
   *     memory workspaces
   * @throws IllegalArgumentException if it has another rank or no rows, or if the representation of
   *     a target is all zero or not finite; the message names the target
   */
  public RelativeL2(INDArray goal) {
    goals = new Goals(goal, 2);
  }

  /**
   * The distances alone.
   *
   * @param x representations, shape {@code [k, D]}; not changed
   * @param rows which goal each of the k belongs to; length k
   * @return one distance each, at least 0
   * @throws IllegalArgumentException if the shape is another
   */
  public double[] distance(INDArray x, int[] rows) {
    double[] distance = lengths(difference(x, rows));
    for (int i = 0; i < distance.length; i++) {
      distance[i] /= goals.norm(rows[i]);
    }
    return distance;
  }

  @Override
  public ValueAndGradient evaluate(INDArray x, int[] rows) {
    INDArray difference = difference(x, rows);
    double[] value = lengths(difference);
    double[] scale = new double[value.length];
    for (int i = 0; i < value.length; i++) {
      double norm = goals.norm(rows[i]);
      scale[i] = value[i] == 0 ? 0 : 1 / (value[i] * norm);
      value[i] /= norm;
    }
    return new ValueAndGradient(value, difference.muliColumnVector(Columns.of(scale, x)));
  }

  private INDArray difference(INDArray x, int[] rows) {
    return x.sub(goals.of(rows, x));
  }

  private static double[] lengths(INDArray difference) {
    return difference.norm2(1).castTo(DataType.DOUBLE).toDoubleVector();
  }
}
