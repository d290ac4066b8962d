package io.metamer.metrics;

import java.util.Locale;

/**
 * How often an observer chose the target, and how far that can be trusted.
 *
 * @param correct trials that count as aligned
 * @param ties trials in which the observer saw no difference
 * @param n all trials, at least 1
 * @param chance the expected proportion of correct guesses, in (0, 1)
 * @param interval confidence interval of the proportion
 * @param p probability that guessing in every trial gets at least {@code correct} right: the exact
 *     one-sided binomial test against chance
 * @since 0.1
 */
public record Score(int correct, int ties, int n, double chance, Interval interval, double p) {

  /** Below this p is printed as a bound. */
  private static final double SMALLEST_PRINTED_P = 1e-99;

  public Score {
    if (n < 1 || correct < 0 || correct > n || ties < 0 || ties > n) {
      throw new IllegalArgumentException(
          "expected 0 to n correct and ties of at least one trial, got %d and %d of %d"
              .formatted(correct, ties, n));
    }
    if (!(chance > 0 && chance < 1)) {
      throw new IllegalArgumentException("expected a chance in (0, 1), got " + chance);
    }
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException("expected p in [0, 1], got " + p);
    }
  }

  /**
   * The proportion of trials that count as aligned.
   *
   * @return in [0, 1]
   */
  public double value() {
    return (double) correct / n;
  }

  /**
   * The score as a reader wants it, with ties if there are any: {@code 0.83 [0.74, 0.89], n = 100,
   * chance 0.50, p = 7e-12}.
   */
  @Override
  public String toString() {
    String counted =
        ties == 0 ? "n = " + n : "n = %d, %d %s".formatted(n, ties, ties == 1 ? "tie" : "ties");
    return String.format(
        Locale.ROOT,
        "%.2f %s, %s, chance %.2f, p %s",
        value(),
        interval,
        counted,
        chance,
        shownP());
  }

  private String shownP() {
    return p < SMALLEST_PRINTED_P
        ? "< 1e-99"
        : String.format(Locale.ROOT, p < 0.001 ? "= %.0e" : "= %.2g", p);
  }
}
