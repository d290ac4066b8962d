package io.metamer.metrics;

import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * How much a score differs over the judges, seeds, images or annotators that it was taken from.
 *
 * <p>A spread says what it is over, since these are different questions: a score may be the same
 * for every seed and another for every judge.
 *
 * @param over what the values belong to
 * @param n number of values, at least 1
 * @param mean mean of the values
 * @param deviation root mean square distance from the mean: of the values as they are (divided by
 *     n, "population"), as published tables have it; at least 0
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al. (2023), Do Invariances in Deep
 *     Neural Networks Align with Human Perception?</a>, whose ± is this deviation over judges or
 *     annotators
 * @since 0.1
 */
public record Spread(Over over, int n, double mean, double deviation) {

  /** What values may belong to. */
  public enum Over {
    /** Perceptual distances. */
    JUDGES,
    /** Repetitions of a search that differ in where it starts. */
    SEEDS,
    /** Targets. */
    IMAGES,
    /** People. */
    ANNOTATORS
  }

  public Spread {
    if (n < 1) {
      throw new IllegalArgumentException("expected at least one value, got " + n);
    }
    if (!Double.isFinite(mean) || !(deviation >= 0 && deviation < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "expected a finite mean and a deviation of at least 0, got %s and %s"
              .formatted(mean, deviation));
    }
  }

  /**
   * The spread of values.
   *
   * @param over what each value belongs to
   * @param values one for each judge, seed, image or annotator; at least one, finite
   * @return their mean and deviation
   * @throws IllegalArgumentException if there are none, or one is not finite
   */
  public static Spread of(Over over, double... values) {
    double mean = Arrays.stream(values).average().orElse(Double.NaN);
    // From the mean, not from the sum of squares, which would leave rounding where all are alike.
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return new Spread(over, values.length, mean, Math.sqrt(squares / Math.max(1, values.length)));
  }

  /**
   * The deviation expected of further values, of which these are a sample: with n - 1 in place of
   * n.
   *
   * @return at least 0; empty for a single value
   */
  public OptionalDouble sampleDeviation() {
    return n == 1
        ? OptionalDouble.empty()
        : OptionalDouble.of(deviation * Math.sqrt(n / (n - 1.0)));
  }

  /** Mean, deviation and what it is over: {@code 0.63 ± 0.26 over 4 judges}. */
  @Override
  public String toString() {
    String what = over.toString().toLowerCase(Locale.ROOT);
    return String.format(
        Locale.ROOT,
        "%.2f ± %.2f over %d %s",
        mean,
        deviation,
        n,
        n == 1 ? what.substring(0, what.length() - 1) : what);
  }
}
