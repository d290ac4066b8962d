package io.metamer.metrics;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.util.CombinatoricsUtils;

/**
 * How well people predict people: no observer can be asked to agree with them better.
 *
 * <p>The participants are split into halves (of an odd number, one half has one more), the mean of
 * each half is taken for each condition, and the two rows of means are correlated (Pearson), for
 * all splits if there are at most 1,000, else for 1,000 seeded ones. A half is noisier than all of
 * the participants together; the formula of Spearman and Brown gives what two groups of their whole
 * number would have: {@code 2 r / (1 + r)}. The mean over splits is taken first, the correction
 * last.
 *
 * @apiNote Compare an observer's correlation with the participants' mean with the square root of
 *     {@code corrected}, and the correlation of two groups of people with {@code corrected} itself:
 *     an observer without noise of its own can reach the root. The correction supposes that
 *     participants are alike but for noise.
 * @param halves mean correlation of two halves, in [-1, 1]
 * @param corrected the correlation expected of two groups as large as the whole; absent if {@code
 *     halves} is not positive, where the formula has no meaning
 * @param participants number of participants, at least 2
 * @param conditions number of conditions, at least 2
 * @param splits how many splits the mean is over
 * @see <a href="https://doi.org/10.1111/j.2044-8295.1910.tb00206.x">Spearman (1910), Correlation
 *     calculated from faulty data</a>
 * @see <a href="https://doi.org/10.1111/j.2044-8295.1910.tb00207.x">Brown (1910), Some experimental
 *     results in the correlation of mental abilities</a>
 * @since 0.1
 */
public record NoiseCeiling(
    double halves, OptionalDouble corrected, int participants, int conditions, int splits) {

  private static final int MOST_SPLITS = 1_000;

  /** Of so few participants, all splits are at most {@link #MOST_SPLITS}. */
  private static final int MOST_EXACT = 12;

  /**
   * The ceiling of a table of values.
   *
   * @param values a row for each participant, at least 2, with a finite value for each condition,
   *     at least 2
   * @param seed decides the splits, where not all are taken
   * @return the ceiling; empty if a half has the same mean in all conditions
   * @throws IllegalArgumentException if there are too few, rows differ in length, or a value is not
   *     finite
   */
  public static Optional<NoiseCeiling> of(double[][] values, long seed) {
    check(values);
    int n = values.length;
    double sum = 0;
    int splits = 0;
    if (n <= MOST_EXACT) {
      for (int[] half : (Iterable<int[]>) () -> CombinatoricsUtils.combinationsIterator(n, n / 2)) {
        // Of an even number, each split comes twice, once for each half.
        if (n % 2 == 1 || half[0] == 0) {
          sum += correlation(values, half);
          splits++;
        }
      }
    } else {
      SplittableRandom random = new SplittableRandom(seed);
      while (splits < MOST_SPLITS) {
        sum += correlation(values, half(n, random));
        splits++;
      }
    }
    double r = sum / splits;
    if (Double.isNaN(r)) {
      return Optional.empty();
    }
    return Optional.of(
        new NoiseCeiling(
            r,
            r > 0 ? OptionalDouble.of(2 * r / (1 + r)) : OptionalDouble.empty(),
            n,
            values[0].length,
            splits));
  }

  private static void check(double[][] values) {
    if (values.length < 2 || values[0].length < 2) {
      throw new IllegalArgumentException(
          "expected at least 2 participants and 2 conditions, got %d and %d"
              .formatted(values.length, values.length == 0 ? 0 : values[0].length));
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i].length != values[0].length) {
        throw new IllegalArgumentException(
            "expected %d conditions of participant %d, got %d"
                .formatted(values[0].length, i, values[i].length));
      }
      for (double value : values[i]) {
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException(
              "expected finite values of participant %d, got %s".formatted(i, value));
        }
      }
    }
  }

  /** The first half of a shuffled row of participants. */
  private static int[] half(int n, SplittableRandom random) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return Arrays.copyOf(order, n / 2);
  }

  /** NaN if one of the halves does not vary. */
  private static double correlation(double[][] values, int[] half) {
    boolean[] inHalf = new boolean[values.length];
    for (int i : half) {
      inHalf[i] = true;
    }
    double[] one = new double[values[0].length];
    double[] other = new double[values[0].length];
    for (int i = 0; i < values.length; i++) {
      double[] sums = inHalf[i] ? one : other;
      for (int c = 0; c < sums.length; c++) {
        sums[c] += values[i][c];
      }
    }
    // Sums for means: their number is the same for all conditions.
    return new PearsonsCorrelation().correlation(one, other);
  }

  /**
   * The ceiling with what it rests on: {@code 0.97 (halves 0.95), 20 participants, 46 conditions}.
   */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s (halves %.2f), %d participants, %d conditions",
        corrected.isPresent() ? String.format(Locale.ROOT, "%.2f", corrected.getAsDouble()) : "-",
        halves,
        participants,
        conditions);
  }
}
