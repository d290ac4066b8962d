package io.metamer.inversion;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.perceptual.PerceptualDistance;
import java.util.List;

/**
 * An immutable recipe of a penalty on images, bound to a problem before use.
 *
 * @since 0.1
 */
public interface Regularizer {

  /**
   * The name, as tables and results show it, with its parameters ("TV(2)").
   *
   * @return the same for equal recipes
   */
  String name();

  /**
   * Binds the recipe to the targets and seeds of a search.
   *
   * @param problem the search
   * @return the penalty; row i is that of target i
   * @throws IllegalArgumentException if the penalty cannot be taken of such images
   */
  DifferentiableLoss bind(InversionProblem problem);

  /**
   * The perceptual distances this penalty rests on; a judge that is among them is held out.
   *
   * @return none for most penalties
   */
  default List<PerceptualDistance> distances() {
    return List.of();
  }

  /**
   * No penalty.
   *
   * @return named "none"
   */
  static Regularizer none() {
    return WeightedSum.EMPTY;
  }

  /**
   * This penalty with another weight.
   *
   * @param weight finite; negative weights reward
   * @return {@code weight * this}
   * @throws IllegalArgumentException if the weight is not finite
   */
  default Regularizer times(double weight) {
    return WeightedSum.of(this).scaled(weight);
  }

  /**
   * The sum of two penalties.
   *
   * @param other another penalty
   * @return {@code this + other}
   */
  default Regularizer plus(Regularizer other) {
    return WeightedSum.of(this).joined(WeightedSum.of(other));
  }
}
