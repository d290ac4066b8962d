package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What the peak signal-to-noise ratio (PSNR) is a function of: the mean squared error of pixels, in
 * [0, 1]. {@link #decibels} gives the ratio.
 *
 * <p>The ratio itself is no distance: of an image and itself it is infinite, and it falls as images
 * part. The error it is made of orders pairs as it does, is 0 for the same image, and is smooth.
 * Symmetric.
 *
 * @see "Huynh-Thu and Ghanbari (2008), Scope of validity of PSNR in image/video quality assessment"
 * @since 0.1
 */
public record PeakSignalToNoiseRatio() implements PerceptualDistance {

  /**
   * The ratio of a distance, for images whose peak is 1.
   *
   * @param distance the mean squared error, at least 0
   * @return {@code 10 log10(1 / distance)} in decibels, larger for images that are more alike;
   *     infinite for 0
   * @throws IllegalArgumentException if the distance is below 0 or NaN
   */
  public static double decibels(double distance) {
    if (!(distance >= 0)) {
      throw new IllegalArgumentException("expected a distance of at least 0, got " + distance);
    }
    return 10 * Math.log10(1 / distance);
  }

  @Override
  public String name() {
    return "PSNR";
  }

  @Override
  public Card card() {
    return new Card(
        "10^(-PSNR / 10), the mean squared error",
        1,
        1,
        true,
        "Huynh-Thu and Ghanbari (2008), Scope of validity of PSNR in image/video quality"
            + " assessment");
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    DifferentiableLoss root = new PixelDistance().to(reference);
    return (x, rows) -> {
      ValueAndGradient at = root.evaluate(x, rows);
      double[] value = Arrays.stream(at.value()).map(d -> d * d).toArray();
      double[] slope = Arrays.stream(at.value()).map(d -> 2 * d).toArray();
      INDArray perImage = Nd4j.createFromArray(slope).castTo(x.dataType());
      return new ValueAndGradient(
          value, at.gradient().muli(perImage.reshape(rows.length, 1, 1, 1)));
    };
  }
}
