package io.metamer.regularizers;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.PerceptualDistance;
import java.util.Arrays;
import java.util.List;

/**
 * A penalty with one coefficient for all images, by which it is at the seeds of the first batch as
 * large as the matching term: {@code c R(x)} with {@code c = mean match(seed) / |mean R(seed)|},
 * the means over the first {@code batch} images. As the code released with Nanda et al. (2023) has
 * it; {@link Balanced} is the same without its fault.
 *
 * <p>What an image is weighed with depends on the images it happens to be with.
 *
 * @param penalty what is scaled; its mean is not 0 at the seeds of the first batch
 * @param batch how many images, of the first ones, at least 1; fewer where there are fewer
 * @apiNote The release goes on with the coefficient of its first batch until the program ends. Here
 *     it is that of a search: of a study, that of each chunk.
 * @see "Nanda et al. (2023), released code, adv_alex_imagenet"
 * @since 0.1
 */
public record BatchBalanced(Regularizer penalty, int batch) implements Regularizer {

  public BatchBalanced {
    if (batch < 1) {
      throw new IllegalArgumentException("expected a batch of at least 1 image, got " + batch);
    }
  }

  @Override
  public String name() {
    return "balanced over %d %s".formatted(batch, penalty.name());
  }

  @Override
  public List<PerceptualDistance> distances() {
    return penalty.distances();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the mean of the penalty is 0 or not finite at the seeds of
   *     the first batch
   * @throws IllegalStateException if the problem is no search's, so that there is no matching term
   */
  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    double[] match = problem.matchAtSeeds().get();
    DifferentiableLoss loss = penalty.bind(problem);
    int n = Math.min(batch, match.length);
    double mean = Arrays.stream(match, 0, n).average().orElse(Double.NaN);
    double value =
        Arrays.stream(Balanced.atSeeds(loss, problem.seeds(), n)).average().orElse(Double.NaN);
    double coefficient = mean / Math.abs(value);
    if (!(coefficient >= 0 && coefficient < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "expected %s to have a mean that is finite and not 0 at the first %d seeds, got %s"
              .formatted(penalty.name(), n, value));
    }
    return (x, rows) -> {
      ValueAndGradient at = loss.evaluate(x, rows);
      double[] values = Arrays.stream(at.value()).map(v -> coefficient * v).toArray();
      return new ValueAndGradient(values, at.gradient().mul(coefficient));
    };
  }
}
