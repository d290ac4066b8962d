package io.metamer.loss;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** {@link Matching#RELATIVE_L1}. */
final class RelativeL1 implements DifferentiableLoss {

  private final Goals goals;

  RelativeL1(INDArray goals) {
    this.goals = new Goals(goals, 1);
  }

  @Override
  public ValueAndGradient evaluate(INDArray x, int[] rows) {
    INDArray difference = x.sub(goals.of(rows, x));
    double[] value = difference.norm1(1).castTo(DataType.DOUBLE).toDoubleVector();
    double[] scale = new double[value.length];
    for (int i = 0; i < value.length; i++) {
      scale[i] = 1 / goals.norm(rows[i]);
      value[i] *= scale[i];
    }
    INDArray sign = Transforms.sign(difference, false);
    return new ValueAndGradient(value, sign.muliColumnVector(Columns.of(scale, x)));
  }
}
