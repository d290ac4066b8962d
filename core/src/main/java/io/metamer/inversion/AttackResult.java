package io.metamer.inversion;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What an attack found.
 *
 * @param attack how it was looked for
 * @param outcomes one for each image, in order; fewer if the attack was interrupted
 * @param images what was found: the adversarial examples, and where there is none the image that
 *     was attacked; shape {@code [outcomes, C, H, W]}, in the bounds, not rounded to 8 bits; empty
 *     without outcomes; the caller's
 * @param provenance where it came from; its targets are the images that were attacked, and so are
 *     its seeds: the points near them follow from the attack
 * @since 0.1
 */
public record AttackResult(
    PgdAttack attack, List<AttackOutcome> outcomes, INDArray images, Provenance provenance) {

  public AttackResult {
    outcomes = List.copyOf(outcomes);
  }
}
