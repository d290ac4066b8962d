package io.metamer.inversion;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * What became of one image under attack.
 *
 * @param label its right class
 * @param predicted the class of the image as it is; none for a tie or logits with NaN
 * @param adversarial what was found near it; absent if nothing was, or the image was wrong to begin
 *     with and not attacked
 * @param blind whether a gradient was 0 or not finite, so that a restart ended where it was: where
 *     nothing was found either, the image may be less robust than it seems
 * @since 0.1
 */
public record AttackOutcome(
    int label, OptionalInt predicted, Optional<Adversarial> adversarial, boolean blind) {

  /**
   * An image that is classified wrongly, near one that is classified rightly.
   *
   * @param predicted the class that it is taken for; none for a tie or logits with NaN
   * @param distance from the image attacked, in the attack's norm and the unit of the pixels'
   *     values
   * @param restart which of the restarts found it, from 0
   * @param step after how many steps; 0 is the start
   */
  public record Adversarial(OptionalInt predicted, double distance, int restart, int step) {}

  /**
   * Whether the image as it is is classified rightly.
   *
   * @return false for a tie
   */
  public boolean correct() {
    return predicted.isPresent() && predicted.getAsInt() == label;
  }

  /**
   * Whether the image is classified rightly, and so was everything that the attack tried.
   *
   * @return false where {@link #correct()} is
   */
  public boolean robust() {
    return correct() && adversarial.isEmpty();
  }
}
