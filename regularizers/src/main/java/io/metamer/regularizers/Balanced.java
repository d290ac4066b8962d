package io.metamer.regularizers;

import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.PerceptualDistance;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A penalty scaled, image by image, so that at the seed it is as large as the matching term: {@code
 * c_i R(x)} with {@code c_i = match_i(seed_i) / |R_i(seed_i)|}, fixed for the whole search.
 *
 * <p>The coefficient of an image depends on its own target and seed only. An image whose seed is
 * matched already has the coefficient 0.
 *
 * @param penalty what is scaled; not 0 at a seed. An {@link AdversarialRegularizer} anchored at the
 *     seed is 0 there, and cannot be scaled so
 * @apiNote The code released with Nanda et al. (2023) takes the quotient of the means over the
 *     first batch at its first evaluation, and keeps it for all batches after: what an image is
 *     weighed with depends on the others, and on the order of batches. {@link BatchBalanced} does.
 * @see "Nanda et al. (2023), released code, adv_alex_imagenet"
 * @since 0.1
 */
public record Balanced(Regularizer penalty) implements Regularizer {

  @Override
  public String name() {
    return "balanced " + penalty.name();
  }

  @Override
  public List<PerceptualDistance> distances() {
    return penalty.distances();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the penalty is 0 or not finite at a seed that is not
   *     matched; the message names the image
   * @throws IllegalStateException if the problem is no search's, so that there is no matching term
   */
  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    double[] match = problem.matchAtSeeds().get();
    DifferentiableLoss loss = penalty.bind(problem);
    double[] atSeeds = atSeeds(loss, problem.seeds(), match.length);
    double[] coefficients = new double[match.length];
    Arrays.setAll(coefficients, i -> coefficient(i, match[i], Math.abs(atSeeds[i])));
    return (x, rows) -> {
      ValueAndGradient at = loss.evaluate(x, rows);
      double[] value = new double[rows.length];
      double[] factors = new double[rows.length];
      for (int k = 0; k < rows.length; k++) {
        factors[k] = coefficients[rows[k]];
        value[k] = factors[k] * at.value()[k];
      }
      return new ValueAndGradient(value, at.gradient().mul(Numbers.column(factors, x)));
    };
  }

  /** The penalty of the first n seeds, some at a time. */
  static double[] atSeeds(DifferentiableLoss loss, INDArray seeds, int n) {
    double[] values = new double[n];
    for (int from = 0; from < n; from += InversionOptions.DEFAULT_BATCH) {
      int[] rows =
          IntStream.range(from, Math.min(n, from + InversionOptions.DEFAULT_BATCH)).toArray();
      double[] some = loss.evaluate(images(seeds, rows), rows).value();
      System.arraycopy(some, 0, values, from, some.length);
    }
    return values;
  }

  private double coefficient(int image, double match, double value) {
    // Where the match is not finite, that is what the search will say of the image.
    if (match == 0 || !Double.isFinite(match)) {
      return 0;
    }
    if (!(value > 0) || !Double.isFinite(match / value)) {
      throw new IllegalArgumentException(
          "expected %s to be finite and not 0 at the seeds, got %s at the seed of image %d"
              .formatted(penalty.name(), value, image));
    }
    return match / value;
  }

  private static INDArray images(INDArray seeds, int[] rows) {
    long[] shape = seeds.shape().clone();
    shape[0] = rows.length;
    return Nd4j.pullRows(seeds.dup('c').reshape(seeds.size(0), -1), 1, rows).reshape(shape);
  }
}
