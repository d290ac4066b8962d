package io.metamer.loss;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Numbers of the examples of a batch as a column beside it. */
final class Columns {

  private Columns() {}

  /** Shape [k, 1], of the type of x. */
  static INDArray of(double[] numbers, INDArray x) {
    return Nd4j.createFromArray(numbers).castTo(x.dataType()).reshape(numbers.length, 1);
  }
}
