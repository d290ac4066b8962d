package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One minus the structural similarity of two images at several scales (MS-SSIM): 0 for the same
 * image, at most 1.
 *
 * <p>At each scale contrast and structure are compared as in {@link StructuralSimilarity}, at the
 * last luminance too. From one scale to the next images are halved, to the means of 2 x 2 pixels.
 * The means over the windows of a scale, to the powers of its weight, are multiplied; of colours
 * each channel is compared by itself, and the products are averaged. Symmetric.
 *
 * <p>A mean that is not positive, as of an image and its negative, has no such power. It counts as
 * 0, so that the distance of that channel is 1, the most there is, and does not pull. Just above 0
 * powers are steeper than any bound; between 0 and 1e-6 they are replaced by a line, so that
 * gradients stay finite.
 *
 * @param weights the powers, from the finest scale to the coarsest, each above 0; the k-th halving
 *     leaves at least 11 pixels a side of images of {@code 10 * 2^k + 1}
 * @apiNote The authors' msssim.m gives complex numbers where a mean is negative; TensorFlow and
 *     pytorch-msssim set it to 0, as here. Of images of odd size the last row and column are halved
 *     with their own mirror, as in msssim.m and TensorFlow; pytorch-msssim halves them with zeros.
 *     msssim.m refuses images below 176 pixels a side, the others below 161, as here.
 * @see "Wang, Simoncelli and Bovik (2003), Multiscale structural similarity for image quality
 *     assessment"
 * @since 0.1
 */
public record MultiScaleStructuralSimilarity(List<Double> weights) implements PerceptualDistance {

  /** The weights of the five published scales, the finest first; they add up to 1.0001. */
  public static final List<Double> PUBLISHED_WEIGHTS =
      List.of(0.0448, 0.2856, 0.3001, 0.2363, 0.1333);

  /** Means below this count for a line from 0, where a power would pull without bound. */
  private static final double STEEP = 1e-6;

  public MultiScaleStructuralSimilarity {
    weights = List.copyOf(weights);
    if (weights.isEmpty() || weights.stream().anyMatch(w -> !(w > 0) || w.isInfinite())) {
      throw new IllegalArgumentException(
          "expected a finite weight above 0 for each of one or more scales, got " + weights);
    }
  }

  /** As published: five scales, for images of at least 161 pixels a side. */
  public MultiScaleStructuralSimilarity() {
    this(PUBLISHED_WEIGHTS);
  }

  /** "MS-SSIM" as published, with the weights in its name otherwise. */
  @Override
  public String name() {
    return weights.equals(PUBLISHED_WEIGHTS)
        ? "MS-SSIM"
        : weights.stream().map(String::valueOf).collect(Collectors.joining(", ", "MS-SSIM(", ")"));
  }

  @Override
  public Card card() {
    return new Card(
        "1 - MS-SSIM",
        1,
        (LocalSimilarity.WINDOW - 1) * (1 << (weights.size() - 1)) + 1,
        true,
        "Wang, Simoncelli and Bovik (2003), Multiscale structural similarity for image quality"
            + " assessment");
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the images are smaller than a window at the last scale, or
   *     of whole numbers
   */
  @Override
  public DifferentiableLoss to(INDArray reference) {
    card().check(reference);
    int[] factors = new int[weights.size()];
    Arrays.fill(factors, 2);
    factors[0] = 1;
    return SimilarityLoss.of(reference, factors, this::product);
  }

  private double product(double[] means, double[] slopes) {
    double[] powers = new double[means.length];
    for (int k = 0; k < means.length; k++) {
      double m = means[k];
      double w = weights.get(k);
      double line = Math.pow(STEEP, w - 1);
      // Written so that NaN is kept.
      powers[k] = m <= 0 ? 0 : m < STEEP ? line * m : Math.pow(m, w);
      slopes[k] = m <= 0 ? 0 : m < STEEP ? line : w * Math.pow(m, w - 1);
    }
    double product = 1;
    for (int k = 0; k < means.length; k++) {
      product *= powers[k];
      for (int j = 0; j < means.length; j++) {
        slopes[j] *= j == k ? 1 : powers[k];
      }
    }
    return product;
  }
}
