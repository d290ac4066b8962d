package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a search is given: the images whose representations it matches, and where it starts.
 *
 * @param input what the images look like
 * @param targets shape {@code [N, C, H, W]}, values in the bounds of {@code input}
 * @param seeds the same shape, clipped to the bounds
 * @param matchAtSeeds the matching term of each seed, N numbers: what a penalty may weigh itself
 *     against. Computed when asked for, of the seeds as they are here, without random changes
 * @since 0.1
 */
public record InversionProblem(
    ImageSpec input, INDArray targets, INDArray seeds, Supplier<double[]> matchAtSeeds) {

  /**
   * For penalties that look at images only.
   *
   * @param input what the images look like
   * @param targets shape {@code [N, C, H, W]}, values in the bounds of {@code input}
   * @param seeds the same shape, clipped to the bounds
   */
  public InversionProblem(ImageSpec input, INDArray targets, INDArray seeds) {
    this(
        input,
        targets,
        seeds,
        () -> {
          throw new IllegalStateException(
              "expected a search, whose seeds have a matching term; got targets and seeds alone");
        });
  }
}
