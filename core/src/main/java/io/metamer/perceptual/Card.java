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

  /** Refuses what is no batch of images of the smallest size or above. */
  void check(INDArray images) {
    if (images.rank() != 4
        || images.isEmpty()
        || images.size(2) < smallest
        || images.size(3) < smallest) {
      throw new IllegalArgumentException(
          "expected images of shape [N, C, H, W] with at least %d rows and columns, got %s"
              .formatted(smallest, Arrays.toString(images.shape())));
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
