package io.metamer.metrics;

import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Compares two networks whose values come in pairs: by participant, by image, by seed.
 *
 * <p>The test flips the signs of differences at random: if neither network is better, each
 * difference could as well have been the other way round. It is two-sided. Up to 20 pairs, all
 * assignments of signs are counted; beyond, 100,000 are drawn, and the observed one counts among
 * them, so that p is never 0.
 *
 * @param value the mean of {@code first - second}
 * @param interval of the mean, at 95 %, by resampling pairs (percentile bootstrap, 10,000
 *     resamples); without width if all differences are equal
 * @param n number of pairs
 * @param p probability of a mean at least as far from 0 if signs are random
 * @see <a href="https://doi.org/10.1214/088342304000000396">Ernst (2004), Permutation methods: a
 *     basis for exact inference</a>
 * @since 0.1
 */
public record PairedDifference(double value, Interval interval, int n, double p) {

  private static final int MOST_EXACT = 20;

  private static final int DRAWS = 100_000;

  /** Relative to the sum of sizes: sums that differ by rounding only are equal. */
  private static final double ROUNDING = 1e-13;

  /**
   * Compares pairs.
   *
   * @param first a value for each pair
   * @param second a value for each pair, in the same order
   * @param seed of the resamples, and of the signs of more than 20 pairs
   * @return the mean difference, its interval and test
   * @throws IllegalArgumentException if there are no pairs, as many values on one side as not on
   *     the other, or one that is not finite
   */
  public static PairedDifference of(double[] first, double[] second, long seed) {
    int n = first.length;
    if (n == 0 || n != second.length) {
      throw new IllegalArgumentException(
          "expected pairs, at least one, got %d and %d values".formatted(n, second.length));
    }
    double[] d = new double[n];
    for (int i = 0; i < n; i++) {
      d[i] = first[i] - second[i];
      if (!Double.isFinite(d[i])) {
        throw new IllegalArgumentException(
            "expected finite values, got %s and %s in pair %d".formatted(first[i], second[i], i));
      }
    }
    double sum = Arrays.stream(d).sum();
    double least = Math.abs(sum) - ROUNDING * Arrays.stream(d).map(Math::abs).sum();
    double p = n <= MOST_EXACT ? exact(d, least) : drawn(d, least, new SplittableRandom(~seed));
    return new PairedDifference(
        sum / n, BlockBootstrap.interval(d, Interval.DEFAULT_CONFIDENCE, seed), n, p);
  }

  private static double exact(double[] d, double least) {
    return count(d, 0, 0, least) / Math.pow(2, d.length);
  }

  /** How many assignments of signs to the differences from i on reach the least. */
  private static long count(double[] d, int i, double sum, double least) {
    if (i == d.length) {
      return Math.abs(sum) >= least ? 1 : 0;
    }
    return count(d, i + 1, sum + d[i], least) + count(d, i + 1, sum - d[i], least);
  }

  private static double drawn(double[] d, double least, SplittableRandom random) {
    int reached = 1;
    for (int draw = 0; draw < DRAWS; draw++) {
      double sum = 0;
      long signs = 0;
      for (int i = 0; i < d.length; i++) {
        signs = i % Long.SIZE == 0 ? random.nextLong() : signs >>> 1;
        sum += (signs & 1) == 0 ? d[i] : -d[i];
      }
      reached += Math.abs(sum) >= least ? 1 : 0;
    }
    return reached / (DRAWS + 1.0);
  }

  /** The difference as a reader wants it: {@code -0.64 [-0.71, -0.57], n = 20, p = 1.9e-06}. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.2f %s, n = %d, p = %.2g", value, interval, n, p);
  }
}
