package io.metamer.metrics;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Confidence of a mean whose values come in blocks that depend within and not between each other:
 * whole blocks are drawn with replacement.
 */
final class BlockBootstrap {

  /** Enough for two stable decimals of a 95 % interval. */
  private static final int RESAMPLES = 10_000;

  private BlockBootstrap() {}

  /** Answers by the block of their trial, blocks ascending, answers in their order. */
  static SortedMap<Integer, List<Answer>> blocks(Collection<Answer> answers) {
    return answers.stream()
        .collect(Collectors.groupingBy(a -> a.trial().block(), TreeMap::new, Collectors.toList()));
  }

  /**
   * The percentile interval of {@code sum of correct / sum of n} over resampled blocks.
   *
   * @param blocks at least one; each weighs as much as it has trials
   * @param confidence in (0, 1)
   * @param seed of the draws
   * @return the interval; without width if all blocks score alike
   */
  static Interval interval(List<Tally> blocks, double confidence, long seed) {
    return interval(
        blocks.stream().mapToDouble(Tally::correct).toArray(),
        blocks.stream().mapToDouble(Tally::n).toArray(),
        confidence,
        seed);
  }

  /**
   * The percentile interval of a mean over resampled blocks of one value each.
   *
   * @param values at least one
   * @param confidence in (0, 1)
   * @param seed of the draws
   * @return the interval; without width if all values are equal
   */
  static Interval interval(double[] values, double confidence, long seed) {
    double[] ones = new double[values.length];
    Arrays.fill(ones, 1);
    return interval(values, ones, confidence, seed);
  }

  /** The percentile interval of {@code sum of sums / sum of weights} over resampled blocks. */
  static Interval interval(double[] sums, double[] weights, double confidence, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] means = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      double sum = 0;
      double weight = 0;
      for (int i = 0; i < sums.length; i++) {
        int drawn = random.nextInt(sums.length);
        sum += sums[drawn];
        weight += weights[drawn];
      }
      means[r] = sum / weight;
    }
    Arrays.sort(means);
    int outside = (int) Math.floor(RESAMPLES * (1 - confidence) / 2);
    return new Interval(means[outside], means[RESAMPLES - 1 - outside], confidence);
  }
}
