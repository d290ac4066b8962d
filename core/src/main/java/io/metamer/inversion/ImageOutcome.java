package io.metamer.inversion;

import java.util.Optional;

/**
 * How the search for one image went.
 *
 * @param distance relative distance {@code ||m(x') - m(x)|| / ||m(x)||} of the image that was kept;
 *     at least 0, and infinite if its representation is not finite
 * @param loss its total loss, what was minimised; infinite if no loss was finite, or none was
 *     computed before an interrupt, and the seed was kept
 * @param bestIteration the iteration that it was found at; 0 is the seed
 * @param iterations steps made
 * @param evaluations how often value and gradient were computed, trials of a line search included
 * @param stop why the search ended
 * @param divergence where a number was not finite, if that is why
 * @since 0.1
 */
public record ImageOutcome(
    double distance,
    double loss,
    int bestIteration,
    int iterations,
    int evaluations,
    StopReason stop,
    Optional<Divergence> divergence) {

  /** The same with another distance. */
  ImageOutcome withDistance(double other) {
    return new ImageOutcome(other, loss, bestIteration, iterations, evaluations, stop, divergence);
  }

  /**
   * The first number that was not finite.
   *
   * @param iteration the evaluation, 0 for the seed
   * @param term what was not finite
   */
  public record Divergence(int iteration, Term term) {

    @Override
    public String toString() {
      return "%s not finite at iteration %d".formatted(term.words, iteration);
    }
  }

  /** What of a loss may not be finite, in the order that it is looked at. */
  public enum Term {
    /** The matching term. */
    MATCH("matching term"),
    /** The penalty. */
    PENALTY("penalty"),
    /** The gradient of the matching term. */
    MATCH_GRADIENT("gradient of the matching term"),
    /** The gradient of the penalty, or of the sum of both. */
    PENALTY_GRADIENT("gradient of the penalty");

    private final String words;

    Term(String words) {
      this.words = words;
    }
  }
}
