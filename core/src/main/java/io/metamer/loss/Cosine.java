package io.metamer.loss;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@link Matching#COSINE}, as half the squared distance of the vectors scaled to length 1: near the
 * goal {@code 1 - cos} itself would be the small difference of two large numbers.
 */
final class Cosine implements DifferentiableLoss {

  private final Goals goals;

  Cosine(INDArray goals) {
    this.goals = new Goals(goals, 2);
  }

  @Override
  public ValueAndGradient evaluate(INDArray x, int[] rows) {
    int n = rows.length;
    double[] length = x.norm2(1).castTo(DataType.DOUBLE).toDoubleVector();
    double[] perLength = new double[n];
    double[] perGoal = new double[n];
    for (int i = 0; i < n; i++) {
      perLength[i] = length[i] == 0 ? 0 : 1 / length[i];
      perGoal[i] = 1 / goals.norm(rows[i]);
    }
    INDArray lengths = Columns.of(perLength, x);
    INDArray unit = x.mulColumnVector(lengths);
    INDArray difference = unit.sub(goals.of(rows, x).muliColumnVector(Columns.of(perGoal, x)));
    double[] value = difference.norm2(1).castTo(DataType.DOUBLE).toDoubleVector();
    for (int i = 0; i < n; i++) {
      value[i] = length[i] == 0 ? 1 : value[i] * value[i] / 2;
    }
    // With u and v of length 1: (cos u - v) / ||x||, where cos u - v = (u - v) - (1 - cos) u.
    INDArray gradient = difference.subi(unit.muliColumnVector(Columns.of(value, x)));
    return new ValueAndGradient(value, gradient.muliColumnVector(lengths));
  }
}
