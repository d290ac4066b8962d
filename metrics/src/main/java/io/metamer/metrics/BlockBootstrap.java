package io.metamer.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Confidence of a proportion whose trials come in blocks that depend within and not between each
 * other: whole blocks are drawn with replacement.
 */
final class BlockBootstrap {

  /** Enough for two stable decimals of a 95 % interval. */
  private static final int RESAMPLES = 10_000;

  private BlockBootstrap() {}

  /**
   * The percentile interval of {@code sum of correct / sum of n} over resampled blocks.
   *
   * @param blocks at least one; each weighs as much as it has trials
   * @param confidence in (0, 1)
   * @param seed of the draws
   * @return the interval; without width if all blocks score alike
   */
  static Interval interval(List<Tally> blocks, double confidence, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] proportions = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      int correct = 0;
      int n = 0;
      for (int i = 0; i < blocks.size(); i++) {
        Tally drawn = blocks.get(random.nextInt(blocks.size()));
        correct += drawn.correct();
        n += drawn.n();
      }
      proportions[r] = (double) correct / n;
    }
    Arrays.sort(proportions);
    int outside = (int) Math.floor(RESAMPLES * (1 - confidence) / 2);
    return new Interval(proportions[outside], proportions[RESAMPLES - 1 - outside], confidence);
  }
}
