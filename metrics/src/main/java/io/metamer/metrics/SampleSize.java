package io.metamer.metrics;

import org.apache.commons.math3.distribution.NormalDistribution;

/**
 * How many answers a study needs for an interval of a wanted width.
 *
 * @since 0.1
 */
public final class SampleSize {

  /** Relative: a number above a whole one by less is that one but for rounding. */
  private static final double ROUNDING = 1e-12;

  private SampleSize() {}

  /**
   * The smallest number of independent answers whose Wilson interval, at 95 %, is no wider.
   *
   * @param proportion the score expected, in [0, 1]; 0.5 needs most
   * @param width of the interval, from end to end, in (0, 1)
   * @return at least 1
   * @throws IllegalArgumentException if the proportion or the width is out of range
   * @throws ArithmeticException if the number is beyond an {@code int}
   * @see <a href="https://doi.org/10.1080/01621459.1927.10502953">Wilson (1927), Probable
   *     inference, the law of succession, and statistical inference</a>
   */
  public static int answers(double proportion, double width) {
    if (!(proportion >= 0 && proportion <= 1)) {
      throw new IllegalArgumentException("expected a proportion in [0, 1], got " + proportion);
    }
    if (!(width > 0 && width < 1)) {
      throw new IllegalArgumentException("expected a width in (0, 1), got " + width);
    }
    double z =
        new NormalDistribution(null, 0, 1)
            .inverseCumulativeProbability((1 + Interval.DEFAULT_CONFIDENCE) / 2);
    // The width falls with n.
    long tooFew = 0;
    long enough = 1;
    while (wilsonWidth(proportion, enough, z) > width) {
      tooFew = enough;
      enough *= 2;
    }
    while (enough - tooFew > 1) {
      long middle = (tooFew + enough) / 2;
      if (wilsonWidth(proportion, middle, z) > width) {
        tooFew = middle;
      } else {
        enough = middle;
      }
    }
    return Math.toIntExact(enough);
  }

  /**
   * How many answers are needed in place of independent ones, if those of one participant, or about
   * one target, are more alike than others: as many times more as Kish's design effect, {@code 1 +
   * (perCluster - 1) * correlation}.
   *
   * @param answers independent answers needed, at least 1
   * @param perCluster answers of each participant, or about each target; at least 1
   * @param correlation intraclass correlation of answers in one cluster, in [0, 1]
   * @return at least {@code answers}
   * @throws IllegalArgumentException if an argument is out of range
   * @throws ArithmeticException if the number is beyond an {@code int}
   * @see <a href="https://www.wiley.com/en-us/9780471109495">Kish (1965), Survey Sampling, 5.4</a>
   */
  public static int clustered(int answers, double perCluster, double correlation) {
    if (answers < 1 || !(perCluster >= 1 && perCluster < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "expected at least one answer in all and one in each cluster, got %d and %s"
              .formatted(answers, perCluster));
    }
    if (!(correlation >= 0 && correlation <= 1)) {
      throw new IllegalArgumentException("expected a correlation in [0, 1], got " + correlation);
    }
    double effect = 1 + (perCluster - 1) * correlation;
    return Math.toIntExact((long) Math.ceil(answers * effect * (1 - ROUNDING)));
  }

  private static double wilsonWidth(double proportion, long answers, double z) {
    double n = answers;
    return 2
        * z
        * Math.sqrt(proportion * (1 - proportion) / n + z * z / (4 * n * n))
        / (1 + z * z / n);
  }
}
