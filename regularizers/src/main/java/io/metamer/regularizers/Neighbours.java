package io.metamer.regularizers;

import static org.nd4j.linalg.indexing.NDArrayIndex.all;
import static org.nd4j.linalg.indexing.NDArrayIndex.interval;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Views of images without their first or last row or column: neighbours, element by element. */
final class Neighbours {

  private Neighbours() {}

  /** All rows but the last. */
  static INDArray above(INDArray x) {
    return x.get(all(), all(), interval(0, x.size(2) - 1), all());
  }

  /** All rows but the first. */
  static INDArray below(INDArray x) {
    return x.get(all(), all(), interval(1, x.size(2)), all());
  }

  /** All columns but the last. */
  static INDArray left(INDArray x) {
    return x.get(all(), all(), all(), interval(0, x.size(3) - 1));
  }

  /** All columns but the first. */
  static INDArray right(INDArray x) {
    return x.get(all(), all(), all(), interval(1, x.size(3)));
  }
}
