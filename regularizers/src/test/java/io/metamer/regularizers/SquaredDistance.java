package io.metamer.regularizers;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.Card;
import io.metamer.perceptual.PerceptualDistance;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A distance that can be computed by hand: the sum of the squared differences. */
record SquaredDistance(String name) implements PerceptualDistance {
  @Override
  public Card card() {
    return new Card("squared l2", Double.POSITIVE_INFINITY, 1, true, "made up");
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    INDArray goal = reference.dup('c').reshape(reference.size(0), -1);
    return (x, rows) -> {
      INDArray difference = x.sub(Nd4j.pullRows(goal, 1, rows).reshape(x.shape()));
      double[] value = Numbers.sums(difference.mul(difference));
      return new ValueAndGradient(value, difference.mul(2));
    };
  }
}
