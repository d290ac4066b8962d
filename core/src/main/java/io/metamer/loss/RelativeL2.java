package io.metamer.loss;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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

  private final INDArray goal;
  private final double[] goalNorm;

  /**
   * Binds the distance to its goals.
   *
   * @param goal the representations of the targets, shape {@code [N, D]}; copied, and kept outside
   *     memory workspaces
   * @throws IllegalArgumentException if it has another rank or no rows, or if the representation of
   *     a target is all zero or not finite; the message names the target
   */
  public RelativeL2(INDArray goal) {
    if (goal.rank() != 2 || goal.isEmpty()) {
      throw new IllegalArgumentException(
          "expected representations of shape [N, D], got " + Arrays.toString(goal.shape()));
    }
    this.goal = Nd4j.createUninitializedDetached(goal.dataType(), 'c', goal.shape()).assign(goal);
    this.goalNorm = goal.castTo(DataType.DOUBLE).norm2(1).toDoubleVector();
    for (int i = 0; i < goalNorm.length; i++) {
      if (goalNorm[i] == 0) {
        throw new IllegalArgumentException(
            "target %d has an all-zero representation: its relative distance is not defined"
                .formatted(i));
      }
      if (!Double.isFinite(goalNorm[i])) {
        throw new IllegalArgumentException(
            "target %d has a representation that is not finite".formatted(i));
      }
    }
  }

  @Override
  public ValueAndGradient evaluate(INDArray x, int[] rows) {
    if (x.rank() != 2 || x.size(0) != rows.length || x.size(1) != goal.size(1)) {
      throw new IllegalArgumentException(
          "expected representations of shape [%d, %d], got %s"
              .formatted(rows.length, goal.size(1), Arrays.toString(x.shape())));
    }
    INDArray difference = x.sub(Nd4j.pullRows(goal, 1, rows).castTo(x.dataType()));
    double[] value = difference.norm2(1).castTo(DataType.DOUBLE).toDoubleVector();
    double[] scale = new double[value.length];
    for (int i = 0; i < value.length; i++) {
      double norm = goalNorm[rows[i]];
      scale[i] = value[i] == 0 ? 0 : 1 / (value[i] * norm);
      value[i] /= norm;
    }
    INDArray gradient =
        difference.muliColumnVector(
            Nd4j.createFromArray(scale).castTo(x.dataType()).reshape(value.length, 1));
    return new ValueAndGradient(value, gradient);
  }
}
