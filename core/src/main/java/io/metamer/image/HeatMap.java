package io.metamer.image;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A map of numbers laid over an image in colour, such as where two images look different.
 *
 * @since 0.1
 */
public final class HeatMap {

  /** How much of the image shows where the map is 0, in gray. */
  private static final double GRAY = 0.6;

  private HeatMap() {}

  /**
   * The image in dimmed gray where the map is 0, over red and yellow to white where it is largest.
   *
   * @param image shape {@code [C, H, W]}, gray or RGB, values in [0, 1]
   * @param map shape {@code [H, W]} or {@code [1, H, W]}, values of at least 0
   * @param largest the number that becomes white, as do all above it; above 0
   * @return RGB of shape {@code [3, H, W]}, values in [0, 1], FLOAT; the caller's
   * @throws IllegalArgumentException if the shapes do not fit, or {@code largest} is not above 0
   */
  public static INDArray over(INDArray image, INDArray map, double largest) {
    long[] shape = image.shape();
    if (shape.length != 3
        || (shape[0] != 1 && shape[0] != 3)
        || map.rank() < 2
        || map.rank() > 3
        || map.length() != shape[1] * shape[2]
        || map.size(map.rank() - 1) != shape[2]) {
      throw new IllegalArgumentException(
          "expected an image of shape [1, H, W] or [3, H, W] and a map [H, W], got %s and %s"
              .formatted(Arrays.toString(shape), Arrays.toString(map.shape())));
    }
    if (!(largest > 0)) {
      throw new IllegalArgumentException("expected a largest value above 0, got " + largest);
    }
    double[] pixels = numbers(image);
    double[] heat = numbers(map);
    int n = heat.length;
    float[] result = new float[3 * n];
    for (int p = 0; p < n; p++) {
      double gray =
          shape[0] == 1
              ? pixels[p]
              : 0.299 * pixels[p] + 0.587 * pixels[n + p] + 0.114 * pixels[2 * n + p];
      double t = Math.min(1, Math.max(0, heat[p] / largest));
      for (int c = 0; c < 3; c++) {
        double colour = Math.min(1, Math.max(0, 3 * t - c));
        result[c * n + p] = (float) (t * colour + (1 - t) * (GRAY * gray + (1 - GRAY) * colour));
      }
    }
    return Nd4j.createFromArray(result).reshape(3, shape[1], shape[2]);
  }

  private static double[] numbers(INDArray array) {
    return array.castTo(DataType.DOUBLE).dup('c').reshape(array.length()).toDoubleVector();
  }
}
