package io.metamer.metrics;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * What several judges found of the same trials: the mean of their scores, and two different
 * uncertainties. The interval is about the images: which ones happened to be inverted. The spread
 * is about the judges: how far they differ.
 *
 * @param value the mean over the judges of the proportion of trials that count as aligned
 * @param judgeSpread the standard deviation of that proportion over the judges, of these judges and
 *     not of others they stand for: divided by their number, 0 of one judge
 * @param judges how many, at least 1
 * @param n trials of each judge, at least 1
 * @param chance the expected proportion of correct guesses, in (0, 1)
 * @param interval confidence interval of the mean for these judges and other images like these:
 *     blocks of trials are resampled with all judges' answers (percentile bootstrap, seeded), and
 *     the interval is widened where needed to hold Wilson's (1927) of one judge of that score
 * @apiNote The tables of Nanda et al. (2023) print {@code value +- judgeSpread}.
 * @since 0.1
 */
public record PooledScore(
    double value, double judgeSpread, int judges, int n, double chance, Interval interval) {

  /** Of the resamples: one for all, so that the same answers give the same interval. */
  private static final long SEED = 0;

  public PooledScore {
    if (judges < 1 || n < 1) {
      throw new IllegalArgumentException(
          "expected at least one judge and trial, got %d and %d".formatted(judges, n));
    }
    if (!(value >= 0 && value <= 1) || !(judgeSpread >= 0 && judgeSpread <= 0.5)) {
      throw new IllegalArgumentException(
          "expected a proportion and a spread of at most 0.5, got %s and %s"
              .formatted(value, judgeSpread));
    }
    if (!(chance > 0 && chance < 1)) {
      throw new IllegalArgumentException("expected a chance in (0, 1), got " + chance);
    }
  }

  /** Pools the answers of judges to the same trials; at least one of each. */
  static PooledScore of(List<List<Answer>> judges, Predicate<Answer> aligned) {
    int n = judges.get(0).size();
    double[] values =
        judges.stream()
            .mapToDouble(answers -> (double) answers.stream().filter(aligned).count() / n)
            .toArray();
    Spread spread = Spread.of(Spread.Over.JUDGES, values);
    double chance = judges.get(0).get(0).trial().chance();
    Collection<List<Answer>> blocks =
        BlockBootstrap.blocks(judges.stream().flatMap(List::stream).toList()).values();
    Interval resampled =
        BlockBootstrap.interval(
            blocks.stream().map(block -> tally(block, aligned)).toList(),
            Interval.DEFAULT_CONFIDENCE,
            SEED);
    Interval wilson = Binomial.wilson(spread.mean() * n, n, Interval.DEFAULT_CONFIDENCE);
    return new PooledScore(
        Math.min(1, spread.mean()),
        spread.deviation(),
        values.length,
        n,
        chance,
        resampled.holding(wilson));
  }

  private static Tally tally(List<Answer> block, Predicate<Answer> aligned) {
    Tally counted = Tally.of(block);
    return new Tally(
        (int) block.stream().filter(aligned).count(),
        counted.ties(),
        counted.n(),
        counted.chance());
  }

  /**
   * The score as a reader wants it: {@code 0.71 [0.61, 0.79], mean of 3 judges, judge spread 0.12,
   * n = 100, chance 0.50}.
   */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%.2f %s, mean of %d %s, judge spread %.2f, n = %d, chance %.2f",
        value,
        interval,
        judges,
        judges == 1 ? "judge" : "judges",
        judgeSpread,
        n,
        chance);
  }
}
