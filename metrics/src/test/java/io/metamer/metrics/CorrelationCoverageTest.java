package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How often intervals of 14 pairs hold the true correlation: what {@link Correlation} says. */
@Tag("slow")
final class CorrelationCoverageTest {

  private static final int EXPERIMENTS = 4000;

  private static final int N = 14;

  /**
   * Pairs are normal with a correlation {@code r}; Spearman's of all of them is {@code 6 / pi
   * asin(r / 2)}, Kendall's {@code 2 / pi asin(r)}.
   */
  @ParameterizedTest
  @CsvSource({"0.5, 0.95, 0.94", "0.87, 0.95, 0.95", "0.95, 0.94, 0.87", "0.97, 0.92, 0.84"})
  void interval_ofNormalPairs_holdsTheTrueCorrelation(
      double spearman, double ofSpearman, double ofKendall) {
    double r = 2 * Math.sin(Math.PI * spearman / 6);
    double kendall = 2 / Math.PI * Math.asin(r);
    NormalDistribution normal = new NormalDistribution(null, 0, 1);
    SplittableRandom random = new SplittableRandom(1);
    int heldSpearman = 0;
    int heldKendall = 0;
    for (int e = 0; e < EXPERIMENTS; e++) {
      double[] x = new double[N];
      double[] y = new double[N];
      for (int i = 0; i < N; i++) {
        x[i] = normal.inverseCumulativeProbability(random.nextDouble());
        y[i] =
            r * x[i]
                + Math.sqrt(1 - r * r) * normal.inverseCumulativeProbability(random.nextDouble());
      }
      heldSpearman += holds(Correlation.spearman(x, y), spearman) ? 1 : 0;
      heldKendall += holds(Correlation.kendall(x, y), kendall) ? 1 : 0;
    }
    agrees(ofSpearman, heldSpearman);
    agrees(ofKendall, heldKendall);
  }

  private static void agrees(double coverage, int held) {
    // Four standard errors, and half of the last digit.
    double error = 4 * Math.sqrt(coverage * (1 - coverage) / EXPERIMENTS) + 0.005;
    assertEquals(coverage, (double) held / EXPERIMENTS, error);
  }

  private static boolean holds(Optional<Correlation> correlation, double truth) {
    return correlation
        .flatMap(Correlation::interval)
        .filter(interval -> interval.low() <= truth && truth <= interval.high())
        .isPresent();
  }
}
