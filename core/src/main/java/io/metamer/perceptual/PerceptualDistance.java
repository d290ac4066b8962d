package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How different two images look: 0 for the same image, larger for images that look less alike.
 *
 * <p>Images are batches of shape {@code [N, C, H, W]} with values in [0, 1].
 *
 * @since 0.1
 */
public interface PerceptualDistance {

  /**
   * The name, as tables and results show it. Two distances with the same name are the same
   * distance.
   *
   * @return a short name with what sets it apart from others ("SSIM")
   */
  String name();

  /**
   * What to know before reading its numbers: formula, range, smallest image, source.
   *
   * @return the same for the same distance
   */
  Card card();

  /**
   * The distance of each pair.
   *
   * @param a shape {@code [N, C, H, W]}, values in [0, 1]
   * @param b the same shape
   * @return N distances
   * @throws IllegalArgumentException if the shapes differ or are ones this distance cannot take
   */
  default double[] between(INDArray a, INDArray b) {
    if (!Arrays.equals(a.shape(), b.shape())) {
      throw new IllegalArgumentException(
          "expected two batches of the same shape, got %s and %s"
              .formatted(Arrays.toString(a.shape()), Arrays.toString(b.shape())));
    }
    int[] rows = new int[Math.toIntExact(a.size(0))];
    Arrays.setAll(rows, i -> i);
    return to(b).evaluate(a, rows).value();
  }

  /**
   * The distance to fixed images, differentiable with respect to the other. What depends on the
   * fixed images only is computed once.
   *
   * @param reference shape {@code [N, C, H, W]}, values in [0, 1]; copied
   * @return scores batches {@code [k, C, H, W]} against the references of their rows
   * @throws IllegalArgumentException if the shape is one this distance cannot take
   */
  DifferentiableLoss to(INDArray reference);
}
