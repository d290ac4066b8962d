package io.metamer.loss;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The representations of targets, copied and kept outside memory workspaces. */
final class Goals {

  private final INDArray goals;

  /** The norms that distances are relative to, above 0 and finite. */
  private final double[] norms;

  /** Shape [N, D]; {@code p} is the kind of norm, 1 or 2. */
  Goals(INDArray goals, int p) {
    if (goals.rank() != 2 || goals.isEmpty()) {
      throw new IllegalArgumentException(
          "expected representations of shape [N, D], got " + Arrays.toString(goals.shape()));
    }
    this.goals = Nd4j.createUninitializedDetached(goals.dataType(), 'c', goals.shape());
    this.goals.assign(goals);
    INDArray exact = goals.castTo(DataType.DOUBLE);
    norms = (p == 1 ? exact.norm1(1) : exact.norm2(1)).toDoubleVector();
    for (int i = 0; i < norms.length; i++) {
      if (norms[i] == 0) {
        throw new IllegalArgumentException(
            "target %d has an all-zero representation: its relative distance is not defined"
                .formatted(i));
      }
      if (!Double.isFinite(norms[i])) {
        throw new IllegalArgumentException(
            "target %d has a representation that is not finite".formatted(i));
      }
    }
  }

  double norm(int row) {
    return norms[row];
  }

  /** Those of some rows, in the type of a batch x, whose shape is checked. */
  INDArray of(int[] rows, INDArray x) {
    if (x.rank() != 2 || x.size(0) != rows.length || x.size(1) != goals.size(1)) {
      throw new IllegalArgumentException(
          "expected representations of shape [%d, %d], got %s"
              .formatted(rows.length, goals.size(1), Arrays.toString(x.shape())));
    }
    return Nd4j.pullRows(goals, 1, rows).castTo(x.dataType());
  }
}
