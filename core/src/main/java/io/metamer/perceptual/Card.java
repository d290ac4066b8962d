package io.metamer.perceptual;

import java.util.Arrays;
import java.util.Locale;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What to know of a perceptual distance before reading its numbers. All are 0 for the same image,
 * and lower is always more alike, whatever the published score does.
 *
 * @param formula how the distance follows from the published score ({@code 1 - SSIM}); the score's
 *     own name where it is the distance
 * @param most an upper bound of the distance of images in [0, 1]; distances are at least 0
 * @param smallest the fewest rows, and the fewest columns, of an image that it takes; a distance
 *     over a network of one size takes that size alone
 * @param symmetric whether the distance from a to b is that from b to a
 * @param source author, year and title of what defines the score
 * @since 0.1
 */
public record Card(String formula, double most, int smallest, boolean symmetric, String source) {

  /** How far beyond [0, 1] arithmetic may have carried an image. */
  private static final double ROUNDING = 0.01;

  public Card {
    if (formula.isBlank() || source.isBlank()) {
      throw new IllegalArgumentException(
          "expected a formula and a source, got '%s' and '%s'".formatted(formula, source));
    }
    if (!(most >= 0)) {
      throw new IllegalArgumentException("expected an upper bound of at least 0, got " + most);
    }
    if (smallest < 1) {
      throw new IllegalArgumentException(
          "expected images of at least 1 row and column, got " + smallest);
    }
  }

  /** Refuses references that are no batch of large enough images in [0, 1]. */
  void check(INDArray references) {
    if (references.rank() != 4
        || references.isEmpty()
        || references.size(2) < smallest
        || references.size(3) < smallest) {
      throw new IllegalArgumentException(
          "expected images of shape [N, C, H, W] with at least %d rows and columns, got %s"
              .formatted(smallest, Arrays.toString(references.shape())));
    }
    double low = references.minNumber().doubleValue();
    double high = references.maxNumber().doubleValue();
    // ND4J's smallest and largest leave NaN out; a sum does not.
    boolean number = !Double.isNaN(references.sumNumber().doubleValue());
    if (!(low >= -ROUNDING && high <= 1 + ROUNDING && number)) {
      throw new IllegalArgumentException(
          "expected images in [0, 1], got values from %s to %s%s"
              .formatted((float) low, (float) high, number ? "" : " and NaN"));
    }
  }

  /**
   * All in one line: {@code 1 - SSIM; 0 (same) to 2, lower is more alike; symmetric; from 11 x 11
   * pixels; Wang et al. (2004)}.
   */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s; 0 (same) to %.4g, lower is more alike; %s; from %d x %d pixels; %s",
        formula,
        most,
        symmetric ? "symmetric" : "not symmetric",
        smallest,
        smallest,
        source);
  }
}
