package io.metamer.metrics;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Corrects the p-values of several tests, so that the probability of even one false finding among
 * them stays below the level, whatever the tests have to do with each other.
 *
 * @see <a href="https://www.jstor.org/stable/4615733">Holm (1979), A simple sequentially rejective
 *     multiple test procedure</a>
 * @since 0.1
 */
public final class Holm {

  private Holm() {}

  /**
   * The corrected p-values: the smallest times their number, the next times one less, and so on,
   * none below one before it and none above 1.
   *
   * @param p the tests' own, in [0, 1]
   * @return in the same order; to be compared with the level that is to hold for all tests together
   * @throws IllegalArgumentException if one is not in [0, 1]
   */
  public static double[] adjusted(double... p) {
    for (double each : p) {
      if (!(each >= 0 && each <= 1)) {
        throw new IllegalArgumentException(
            "expected p-values in [0, 1], got " + Arrays.toString(p));
      }
    }
    int[] order =
        IntStream.range(0, p.length)
            .boxed()
            .sorted((a, b) -> Double.compare(p[a], p[b]))
            .mapToInt(i -> i)
            .toArray();
    double[] adjusted = new double[p.length];
    double largest = 0;
    for (int rank = 0; rank < p.length; rank++) {
      largest = Math.max(largest, Math.min(1, (p.length - rank) * p[order[rank]]));
      adjusted[order[rank]] = largest;
    }
    return adjusted;
  }
}
