package io.metamer.loss;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How representations are compared with those of the targets: the matching term of a search.
 *
 * <p>Whatever is minimised, a result's distance is {@link RelativeL2}.
 *
 * @since 0.1
 */
public enum Matching {
  /** {@link RelativeL2}, {@code ||r - goal|| / ||goal||}: as published by Nanda et al. (2023). */
  RELATIVE_L2 {
    @Override
    public DifferentiableLoss to(INDArray goal) {
      return new RelativeL2(goal);
    }
  },

  /**
   * Its square, {@code ||r - goal||^2 / ||goal||^2}: smooth at the goal, as line searches want it.
   *
   * @see "Mahendran and Vedaldi (2015), equation 2"
   */
  SQUARED_RELATIVE_L2 {
    @Override
    public DifferentiableLoss to(INDArray goal) {
      RelativeL2 relative = new RelativeL2(goal);
      return (x, rows) -> {
        ValueAndGradient distance = relative.evaluate(x, rows);
        double[] value = new double[rows.length];
        double[] factor = new double[rows.length];
        for (int i = 0; i < value.length; i++) {
          value[i] = distance.value()[i] * distance.value()[i];
          factor[i] = 2 * distance.value()[i];
        }
        return new ValueAndGradient(
            value, distance.gradient().muliColumnVector(Columns.of(factor, x)));
      };
    }
  },

  /**
   * {@code sum |r - goal| / sum |goal|}: units far off weigh no more than others. At a unit that
   * has its goal, where the term has a kink, that unit's gradient is 0.
   */
  RELATIVE_L1 {
    @Override
    public DifferentiableLoss to(INDArray goal) {
      return new RelativeL1(goal);
    }
  },

  /**
   * {@code 1 - cos(r, goal)}, in [0, 2]: the direction alone, whatever the length. A representation
   * of zero has no direction: its value is 1, its gradient 0.
   *
   * @apiNote What it finds need not be identically represented, since lengths are free.
   */
  COSINE {
    @Override
    public DifferentiableLoss to(INDArray goal) {
      return new Cosine(goal);
    }
  };

  /**
   * Binds the comparison to its goals.
   *
   * @param goal the representations of the targets, shape {@code [N, D]}; copied
   * @return scores batches of shape {@code [k, D]}
   * @throws IllegalArgumentException if it has another rank or no rows, or if the comparison with
   *     one of them is not defined; the message names the target
   */
  public abstract DifferentiableLoss to(INDArray goal);

  /**
   * Binds the comparison to its goals part by part: {@code sum_k w_k * term_k / sum_k w_k}, where
   * the k-th term compares the k-th stretch of the representations alone. So a layer of few or
   * small units counts as much as one of many or large ones.
   *
   * @param goal the representations of the targets, shape {@code [N, D]}; copied
   * @param sizes the lengths of the stretches, each at least 1; they add up to D
   * @param weights one a stretch, above 0
   * @return scores batches of shape {@code [k, D]}
   * @throws IllegalArgumentException if the sizes or weights are others, or as {@link #to}; the
   *     message names part and target
   */
  public DifferentiableLoss toParts(INDArray goal, int[] sizes, double[] weights) {
    if (sizes.length == 0
        || sizes.length != weights.length
        || goal.rank() != 2
        || IntStream.of(sizes).anyMatch(size -> size < 1)
        || IntStream.of(sizes).asLongStream().sum() != goal.size(1)) {
      throw new IllegalArgumentException(
          "expected representations of shape [N, D], sizes that add up to D, and a weight for each;"
              + " got %s, %s and %s"
                  .formatted(
                      Arrays.toString(goal.shape()),
                      Arrays.toString(sizes),
                      Arrays.toString(weights)));
    }
    for (double weight : weights) {
      if (!(weight > 0) || Double.isInfinite(weight)) {
        throw new IllegalArgumentException(
            "expected finite weights above 0, got " + Arrays.toString(weights));
      }
    }
    return new Partwise(this, goal, sizes, weights);
  }
}
