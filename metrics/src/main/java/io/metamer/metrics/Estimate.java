package io.metamer.metrics;

import java.util.Locale;

/**
 * A number and how far it can be trusted.
 *
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

  /** Value and ends with two decimals: {@code 0.83 [0.74, 0.89]}. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.2f %s", value, interval);
  }
}
