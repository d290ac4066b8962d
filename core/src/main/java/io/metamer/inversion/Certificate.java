package io.metamer.inversion;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How well an image found matches its target: whether it may be called identically represented.
 *
 * <p>It is computed anew from the image that was kept, whatever was minimised.
 *
 * @param asFound of the image as it is
 * @param asPng of the image as an 8-bit file keeps it, which is what people and judges see
 * @see io.metamer.image.Images#quantize
 * @since 0.1
 */
public record Certificate(Agreement asFound, Agreement asPng) {

  /**
   * How an image's representation agrees with its goal, the representation of the target or the one
   * that was asked for.
   *
   * @param distance the relative distance {@code ||m(x') - m(x)|| / ||m(x)||}, at least 0; infinite
   *     if {@code m(x')} is not finite
   * @param percentile where the distance lies among those of random pairs, in percent; absent where
   *     there are none to compare with
   * @param pearson Pearson's correlation of the units of both representations, in [-1, 1]; 0 if
   *     either is constant or not finite
   * @param spearman Spearman's rank correlation of them, ties averaged; 0 likewise
   * @param classes what a classifier takes target and image for; absent where none was given
   * @param parts the relative distance of each part of the representation
   */
  public record Agreement(
      double distance,
      OptionalDouble percentile,
      double pearson,
      double spearman,
      Optional<Classes> classes,
      List<Part> parts) {

    public Agreement {
      parts = List.copyOf(parts);
    }
  }

  /**
   * What a classifier takes two images for: the index of the largest logit, the first of equal
   * ones, or -1 where one is not a number.
   *
   * @param target the class of the target
   * @param image the class of the image found
   */
  public record Classes(int target, int image) {

    /**
     * Whether the classifier takes them for the same.
     *
     * @return not if a logit is not a number
     */
    public boolean same() {
      return target == image && image >= 0;
    }
  }

  /**
   * How one part of a representation agrees.
   *
   * @param name its layer, and its network where there are several
   * @param distance relative distance of this part alone; 0 if both are all zero, infinite if only
   *     the goal is, or {@code m(x')} is not finite
   */
  public record Part(String name, double distance) {}
}
