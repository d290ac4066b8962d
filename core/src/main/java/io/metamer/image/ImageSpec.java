package io.metamer.image;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What an image of one kind looks like as an array: channels, height, width, and the bounds of its
 * values.
 *
 * <p>A batch of N such images has shape {@code [N, channels, height, width]} and values in {@code
 * [low, high]}.
 *
 * @param channels number of colour planes, at least 1; 3 are red, green, blue
 * @param height rows, at least 1
 * @param width columns, at least 1
 * @param low smallest value of a pixel
 * @param high largest value of a pixel, above {@code low}
 * @since 0.1
 */
public record ImageSpec(int channels, int height, int width, double low, double high) {

  public ImageSpec {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "expected sizes of at least 1, got channels %d, height %d, width %d"
              .formatted(channels, height, width));
    }
    if (!(low < high) || Double.isInfinite(low) || Double.isInfinite(high)) {
      throw new IllegalArgumentException(
          "expected finite bounds with low < high, got [%s, %s]".formatted(low, high));
    }
  }

  /**
   * Colour images in [0, 1].
   *
   * @param size height and width in pixels
   * @return three channels, square
   */
  public static ImageSpec rgb(int size) {
    return new ImageSpec(3, size, size, 0, 1);
  }

  /**
   * Gray images in [0, 1].
   *
   * @param size height and width in pixels
   * @return one channel, square
   */
  public static ImageSpec gray(int size) {
    return new ImageSpec(1, size, size, 0, 1);
  }

  /**
   * The shape of a batch.
   *
   * @param n number of images
   * @return {@code [n, channels, height, width]}
   */
  public long[] shape(long n) {
    return new long[] {n, channels, height, width};
  }

  /**
   * Checks that a batch has this shape, is not empty, and holds only finite numbers.
   *
   * @param images the batch, shape {@code [N, channels, height, width]}, FLOAT or DOUBLE
   * @param role what the batch is, for the message ("targets")
   * @throws IllegalArgumentException if it has another shape or type, no images, or a value that is
   *     not finite; the message names the image
   */
  public void check(INDArray images, String role) {
    long[] shape = images.shape();
    if (shape.length != 4 || shape[1] != channels || shape[2] != height || shape[3] != width) {
      throw new IllegalArgumentException(
          "expected %s of shape [N, %d, %d, %d], got %s"
              .formatted(role, channels, height, width, Arrays.toString(shape)));
    }
    if (shape[0] == 0) {
      throw new IllegalArgumentException(
          "expected at least one image in %s, got none".formatted(role));
    }
    if (images.dataType() != DataType.FLOAT && images.dataType() != DataType.DOUBLE) {
      throw new IllegalArgumentException(
          "expected %s of type FLOAT or DOUBLE, got %s".formatted(role, images.dataType()));
    }
    // A sum is finite only if its terms are, but for overflow, which an image in bounds cannot
    // reach. Not by slice(i), which of a view that starts later in its array is empty.
    double[] sums = images.sum(1, 2, 3).toDoubleVector();
    for (int i = 0; i < sums.length; i++) {
      if (!Double.isFinite(sums[i])) {
        throw new IllegalArgumentException(
            "expected finite pixels in %s, image %d has others".formatted(role, i));
      }
    }
  }

  /**
   * Images with their values clipped to the bounds.
   *
   * @param images any shape; not changed
   * @return a copy with every value in {@code [low, high]}, but NaN where it was, of the same type;
   *     the caller's
   */
  public INDArray clip(INDArray images) {
    // Unlike max and min of ND4J, this op leaves NaN alone.
    return Nd4j.math().clipByValue(images, low, high);
  }

  /**
   * Images on the scale of perceptual distances: the bounds become 0 and 1, exactly.
   *
   * @param images any shape; not changed
   * @return a copy, {@code (images - low) / (high - low)}, of the same type; the caller's
   */
  public INDArray toUnit(INDArray images) {
    // The difference as the type of the images rounds it, or high might become more than 1.
    double range = images.dataType() == DataType.FLOAT ? (float) high - (float) low : high - low;
    return images.sub(low).divi(range);
  }
}
