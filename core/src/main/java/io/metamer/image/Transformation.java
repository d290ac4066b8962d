package io.metamer.image;

import java.util.List;

/**
 * One random change of an image. What a change leaves empty is black, the lower bound of the
 * images; rows are counted downwards and columns to the right, from 0.
 *
 * @see Transformations
 * @since 0.1
 */
public sealed interface Transformation {

  /**
   * A frame around the image; not random. The image grows by {@code 2 * pixels} in both directions.
   *
   * @param pixels how wide the frame is, at least 0
   * @param fill its value, finite: 0 is the lower bound of the images, 1 the upper
   */
  record Pad(int pixels, double fill) implements Transformation {
    public Pad {
      if (pixels < 0) {
        throw new IllegalArgumentException("expected a frame of at least 0 pixels, got " + pixels);
      }
      if (!Double.isFinite(fill)) {
        throw new IllegalArgumentException("expected a finite fill, got " + fill);
      }
    }
  }

  /**
   * A shift down and to the right by whole pixels, {@code y[i, j] = x[i - down, j - right]}: first
   * {@code right}, then {@code down}, each one of 0 to {@code pixels - 1}, all equally likely.
   *
   * @param pixels what both stay below, at least 1
   */
  record Jitter(int pixels) implements Transformation {
    public Jitter {
      if (pixels < 1) {
        throw new IllegalArgumentException(
            "expected a jitter of at least 1 pixel, which is none, got " + pixels);
      }
    }
  }

  /**
   * Another size: n rows become {@code m = ceil(factor * n)}, and columns likewise, by bilinear
   * interpolation in which corners stay corners, {@code y[i] = x[i * (n - 1) / (m - 1)]}. An image
   * that became smaller is framed in black, {@code ceil((n - m) / 2)} rows above and below, so that
   * it is never smaller than it was; one that became larger is not cropped.
   *
   * @param factors one of these, all equally likely; at least one, each finite and above 0
   */
  record Scale(List<Double> factors) implements Transformation {
    public Scale {
      factors = requireSome(factors, "factor");
      for (double factor : factors) {
        if (!(factor > 0)) {
          throw new IllegalArgumentException("expected factors above 0, got " + factor);
        }
      }
    }
  }

  /**
   * A turn about the centre c, anticlockwise for those who look at it: with the angle a, bilinear
   * interpolation gives {@code y[i, j] = x[c + cos(a) (i - c) + sin(a) (j - c), c - sin(a) (i - c)
   * + cos(a) (j - c)]}, where {@code c = (n - 1) / 2} in either direction. The size stays.
   *
   * @param degrees one of these, all equally likely; at least one, each finite
   */
  record Rotate(List<Double> degrees) implements Transformation {
    public Rotate {
      degrees = requireSome(degrees, "angle");
    }
  }

  private static List<Double> requireSome(List<Double> numbers, String what) {
    if (numbers.isEmpty()) {
      throw new IllegalArgumentException("expected at least one %s, got none".formatted(what));
    }
    for (double number : numbers) {
      if (!Double.isFinite(number)) {
        throw new IllegalArgumentException("expected finite %ss, got %s".formatted(what, number));
      }
    }
    return List.copyOf(numbers);
  }
}
