package io.metamer.metrics.human;

import java.time.Duration;
import java.util.List;

/**
 * Whom to leave out of a study. To be fixed before anybody looks at answers.
 *
 * @param rightChecks proportion of attention checks that are to be right, in [0, 1]
 * @param tooFast who meets all of these is left out; if empty, nobody is for being fast
 * @param incomplete whether to leave out who did not answer every trial
 * @since 0.1
 */
public record ExclusionRules(double rightChecks, List<Fast> tooFast, boolean incomplete) {

  /** Proportion of attention checks that are to be right, unless said otherwise. */
  public static final double DEFAULT_RIGHT_CHECKS = 0.8;

  /**
   * Choices that were made fast.
   *
   * @param below how fast; of a screen with several rows, the time for a row
   * @param share the proportion of choices from which on it counts, in (0, 1]
   * @since 0.1
   */
  public record Fast(Duration below, double share) {

    public Fast {
      if (below.isNegative() || below.isZero()) {
        throw new IllegalArgumentException("expected a time above 0, got " + below);
      }
      if (!(share > 0 && share <= 1)) {
        throw new IllegalArgumentException("expected a share in (0, 1], got " + share);
      }
    }
  }

  public ExclusionRules {
    tooFast = List.copyOf(tooFast);
    if (!(rightChecks >= 0 && rightChecks <= 1)) {
      throw new IllegalArgumentException(
          "expected a proportion of checks in [0, 1], got " + rightChecks);
    }
  }

  /**
   * Leaves out who got fewer than 80 % of the checks right, who did not answer every trial, and who
   * made at least a quarter of the choices in less than 0.8 s and at least half in less than 1.1 s.
   *
   * @return the rules
   * @see <a href="https://doi.org/10.1038/s41562-020-00951-3">Hebart et al. (2020), Revealing the
   *     multidimensional mental representations of natural objects underlying human similarity
   *     judgements</a>, methods, for the times, which they applied to sets of triplets and not to
   *     all that a person chose
   */
  public static ExclusionRules defaults() {
    return new ExclusionRules(
        DEFAULT_RIGHT_CHECKS,
        List.of(new Fast(Duration.ofMillis(800), 0.25), new Fast(Duration.ofMillis(1_100), 0.5)),
        true);
  }

  /**
   * Leaves out nobody.
   *
   * @return the rules
   */
  public static ExclusionRules none() {
    return new ExclusionRules(0, List.of(), false);
  }
}
