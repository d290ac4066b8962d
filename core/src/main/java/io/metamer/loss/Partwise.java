package io.metamer.loss;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The weighted mean of losses of stretches of a representation. */
final class Partwise implements DifferentiableLoss {

  private final int[] sizes;
  private final double[] shares;
  private final List<DifferentiableLoss> losses = new ArrayList<>();

  Partwise(Matching matching, INDArray goals, int[] sizes, double[] weights) {
    this.sizes = sizes.clone();
    shares = weights.clone();
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    int from = 0;
    for (int k = 0; k < sizes.length; k++) {
      shares[k] /= sum;
      try {
        losses.add(matching.to(columns(goals, from, sizes[k])));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("part %d: %s".formatted(k, e.getMessage()), e);
      }
      from += sizes[k];
    }
  }

  @Override
  public ValueAndGradient evaluate(INDArray x, int[] rows) {
    double[] value = new double[rows.length];
    INDArray gradient = Nd4j.create(x.dataType(), x.shape());
    int from = 0;
    for (int k = 0; k < sizes.length; k++) {
      ValueAndGradient part = losses.get(k).evaluate(columns(x, from, sizes[k]), rows);
      for (int i = 0; i < value.length; i++) {
        value[i] += shares[k] * part.value()[i];
      }
      gradient
          .get(NDArrayIndex.all(), NDArrayIndex.interval(from, from + sizes[k]))
          .assign(part.gradient().mul(shares[k]));
      from += sizes[k];
    }
    return new ValueAndGradient(value, gradient);
  }

  private static INDArray columns(INDArray array, int from, int size) {
    return array.get(NDArrayIndex.all(), NDArrayIndex.interval(from, from + size)).dup('c');
  }
}
