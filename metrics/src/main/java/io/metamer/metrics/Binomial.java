package io.metamer.metrics;

import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.special.Beta;

/** Statistics of a number of successes among independent trials. */
final class Binomial {

  private Binomial() {}

  /**
   * The interval of Wilson (1927), without continuity correction.
   *
   * @param correct successes, 0 to n; of a mean over judges not a whole number
   * @param n trials, at least 1
   * @param confidence in (0, 1)
   * @return within [0, 1]; its low end is exactly 0 without successes, its high end exactly 1
   *     without failures
   */
  static Interval wilson(double correct, int n, double confidence) {
    double z = new NormalDistribution(0, 1).inverseCumulativeProbability((1 + confidence) / 2);
    double proportion = correct / n;
    double shrink = 1 + z * z / n;
    double centre = (proportion + z * z / (2 * n)) / shrink;
    double half = z * Math.sqrt(proportion * (1 - proportion) / n + z * z / (4.0 * n * n)) / shrink;
    return new Interval(
        correct == 0 ? 0 : centre - half, correct == n ? 1 : centre + half, confidence);
  }

  /**
   * The exact one-sided test against chance.
   *
   * @param correct successes, 0 to n
   * @param n trials
   * @param chance probability of a success by guessing, in (0, 1)
   * @return probability of at least as many successes
   */
  static double atLeast(int correct, int n, double chance) {
    // The tail as an incomplete beta function, which keeps its relative accuracy where 1 - (the
    // other tail) would be 0.
    return correct == 0 ? 1 : Math.min(1, Beta.regularizedBeta(chance, correct, n - correct + 1.0));
  }
}
