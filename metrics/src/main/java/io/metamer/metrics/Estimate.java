package io.metamer.metrics;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * A number and how far it can be trusted.
 *
 * <p>Answers and values come in clusters that are drawn from many: participants, or targets. Those
 * of one cluster depend on each other, so that whole clusters are resampled (percentile bootstrap,
 * 10,000 resamples, seeded).
 *
 * @apiNote Few clusters give intervals that are too narrow. In simulation (EstimateCoverageTest),
 *     with 100 answers of each participant and an intraclass correlation of 0.1, they held the true
 *     proportion in 77, 83, 91, 93 and 95 % of studies with 3, 5, 10, 20 and 50 participants.
 * @param value the number
 * @param interval a confidence interval of it; what made it says what it covers
 * @since 0.1
 */
public record Estimate(double value, Interval interval) {

  public Estimate {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("expected a finite value, got " + value);
    }
  }

  /**
   * The proportion of right answers, with an interval over clusters.
   *
   * @param clusters the answers of each participant, or about each target; each weighs as much as
   *     it has answers. Their order decides which are drawn
   * @param seed of the resamples
   * @return with an interval at 95 %, widened where needed to hold Wilson's interval of the answers
   * @throws IllegalArgumentException if there are no clusters, or one has no answers
   */
  public static Estimate proportion(Collection<List<Answer>> clusters, long seed) {
    if (clusters.isEmpty()) {
      throw new IllegalArgumentException("expected at least one cluster of answers, got none");
    }
    List<Tally> tallies = clusters.stream().map(Tally::of).toList();
    int correct = tallies.stream().mapToInt(Tally::correct).sum();
    int n = tallies.stream().mapToInt(Tally::n).sum();
    double confidence = Interval.DEFAULT_CONFIDENCE;
    Interval resampled = BlockBootstrap.interval(tallies, confidence, seed);
    Interval wilson = Binomial.wilson(correct, n, confidence);
    return new Estimate((double) correct / n, resampled.holding(wilson));
  }

  /**
   * A proportion of answers that several observers gave about the same targets, with an interval
   * over targets: each cluster holds all that was answered about it.
   *
   * @param aligned of each cluster, how many answers count as aligned
   * @param answers of each cluster, how many there are, at least 1
   * @param trials how many trials one observer was asked: what is known of other targets does not
   *     grow with the observers
   * @param seed of the resamples
   * @return with an interval at 95 %, widened where needed to hold Wilson's interval of that
   *     proportion of the trials
   * @throws IllegalArgumentException if there are no clusters, as many of one kind as not of the
   *     other, or counts that cannot be
   */
  public static Estimate proportion(int[] aligned, int[] answers, int trials, long seed) {
    if (aligned.length == 0 || aligned.length != answers.length || trials < 1) {
      throw new IllegalArgumentException(
          "expected clusters and trials, at least one, got %d, %d and %d"
              .formatted(aligned.length, answers.length, trials));
    }
    for (int i = 0; i < aligned.length; i++) {
      if (aligned[i] < 0 || answers[i] < 1 || aligned[i] > answers[i]) {
        throw new IllegalArgumentException(
            "expected 0 to n of at least 1 answer, got %d of %d in cluster %d"
                .formatted(aligned[i], answers[i], i));
      }
    }
    double[] sums = Arrays.stream(aligned).asDoubleStream().toArray();
    double[] weights = Arrays.stream(answers).asDoubleStream().toArray();
    double value = Arrays.stream(sums).sum() / Arrays.stream(weights).sum();
    double confidence = Interval.DEFAULT_CONFIDENCE;
    Interval resampled = BlockBootstrap.interval(sums, weights, confidence, seed);
    Interval wilson = Binomial.wilson(value * trials, trials, confidence);
    return new Estimate(value, resampled.holding(wilson));
  }

  /**
   * The mean of one value for each cluster, with an interval over clusters.
   *
   * @param values of each participant, target or seed, at least one, finite; each weighs the same
   * @param seed of the resamples
   * @return with an interval at 95 %; without width if all values are equal
   * @throws IllegalArgumentException if there are none, or one is not finite
   */
  public static Estimate mean(double[] values, long seed) {
    double mean = Arrays.stream(values).average().orElse(Double.NaN);
    if (!Double.isFinite(mean)) {
      throw new IllegalArgumentException(
          "expected at least one value, all finite, got " + Arrays.toString(values));
    }
    return new Estimate(mean, BlockBootstrap.interval(values, Interval.DEFAULT_CONFIDENCE, seed));
  }

  /** Value and ends with two decimals: {@code 0.83 [0.74, 0.89]}. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.2f %s", value, interval);
  }
}
