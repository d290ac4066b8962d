package io.metamer.metrics;

import java.util.Locale;

/**
 * A confidence interval.
 *
 * @param low its lower end
 * @param high its upper end, at least {@code low}
 * @param confidence how often an interval made like this one holds the true number, in (0, 1)
 * @since 0.1
 */
public record Interval(double low, double high, double confidence) {

  /** The confidence of intervals, unless said otherwise. */
  public static final double DEFAULT_CONFIDENCE = 0.95;

  public Interval {
    if (!(low <= high)) {
      throw new IllegalArgumentException("expected low <= high, got [%s, %s]".formatted(low, high));
    }
    if (!(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException("expected a confidence in (0, 1), got " + confidence);
    }
  }

  /** The shortest interval that holds this one and another of the same confidence. */
  Interval holding(Interval other) {
    return new Interval(Math.min(low, other.low), Math.max(high, other.high), confidence);
  }

  /** The ends with two decimals: {@code [0.74, 0.89]}. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "[%.2f, %.2f]", low, high);
  }
}
