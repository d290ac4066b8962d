package io.metamer.inversion;

/**
 * What the pixels of an image may be. After each step, an image is projected onto it: moved to the
 * nearest image that is allowed.
 *
 * @since 0.1
 */
public sealed interface Constraint {

  /** The bounds of the images, which are in force always. */
  record Box() implements Constraint {}

  /**
   * A ball around an image, within the bounds.
   *
   * @param norm which distance
   * @param radius the largest distance from the centre, in the unit of the pixels' values: of
   *     images in [0, 1], 8.0 / 255 is eight 8-bit levels. Finite and above 0
   * @param center the centre
   */
  record Ball(Norm norm, double radius, Center center) implements Constraint {
    public Ball {
      if (!(radius > 0 && radius < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("expected a finite radius above 0, got " + radius);
      }
    }

    /**
     * Copies with another centre. For a ball around any other image, give that image as the seed.
     *
     * @param center the centre
     * @return the copy
     */
    public Ball around(Center center) {
      return new Ball(norm, radius, center);
    }
  }

  /** The distance of two images. */
  enum Norm {
    /** The root of the sum of squares, over all channels and pixels. */
    L2,
    /** The largest difference of any value. */
    LINF
  }

  /** The image in the middle of a ball. */
  enum Center {
    /** Where the search starts, clipped to the bounds. */
    SEED,
    /** The image whose representation is searched for. */
    TARGET
  }

  /**
   * Nothing but the bounds of the images.
   *
   * @return the constraint
   */
  static Constraint box() {
    return new Box();
  }

  /**
   * A Euclidean ball around the seed.
   *
   * @param radius in the unit of the pixels' values
   * @return the constraint
   * @throws IllegalArgumentException if the radius is not finite and above 0
   */
  static Ball l2(double radius) {
    return new Ball(Norm.L2, radius, Center.SEED);
  }

  /**
   * No value of a pixel may differ from the seed's by more than a radius.
   *
   * @param radius in the unit of the pixels' values
   * @return the constraint
   * @throws IllegalArgumentException if the radius is not finite and above 0
   */
  static Ball linf(double radius) {
    return new Ball(Norm.LINF, radius, Center.SEED);
  }
}
