package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One minus the structural similarity (SSIM) of two images: 0 for the same image, at most 2.
 *
 * <p>As its authors define it: Gaussian windows of 11 x 11 pixels with standard deviation 1.5, K1 =
 * 0.01, K2 = 0.03, values in [0, 1], the mean over all windows that lie within the image; and over
 * the channels, each compared by itself. Symmetric. Images have at least 11 pixels a side.
 *
 * @param downsampled whether images whose short side is 384 pixels or more are reduced first, as
 *     the authors advise: by the factor {@code round(short side / 256)}, to means of so many pixels
 *     a side
 * @apiNote The paper is about gray images. Others compare the luminance of colours alone.
 * @see "Wang, Bovik, Sheikh and Simoncelli (2004), Image quality assessment: from error visibility
 *     to structural similarity, section III; the reduction is in the authors' ssim.m of 2009"
 * @since 0.1
 */
public record StructuralSimilarity(boolean downsampled) implements PerceptualDistance {

  /** The short side, in pixels, that images are reduced to about. */
  private static final double REDUCED = 256;

  /** Of images as they are. */
  public StructuralSimilarity() {
    this(false);
  }

  /**
   * The one with the authors' automatic reduction, named "SSIM(downsampled)".
   *
   * @return the same as the other for images whose short side is below 384 pixels
   */
  public static StructuralSimilarity downsampling() {
    return new StructuralSimilarity(true);
  }

  @Override
  public String name() {
    return downsampled ? "SSIM(downsampled)" : "SSIM";
  }

  @Override
  public Card card() {
    return new Card(
        "1 - SSIM",
        2,
        LocalSimilarity.WINDOW,
        true,
        "Wang, Bovik, Sheikh and Simoncelli (2004), Image quality assessment: from error visibility"
            + " to structural similarity");
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the images are smaller than a window, or of whole numbers
   */
  @Override
  public DifferentiableLoss to(INDArray reference) {
    card().check(reference);
    long side = Math.min(reference.size(2), reference.size(3));
    int factor = downsampled ? (int) Math.max(1, Math.round(side / REDUCED)) : 1;
    return SimilarityLoss.of(
        reference,
        new int[] {factor},
        (means, slopes) -> {
          slopes[0] = 1;
          return means[0];
        });
  }
}
