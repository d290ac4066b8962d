package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class CorrelationTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/correlation.csv", numLinesToSkip = 1)
  void correlations_ofAnyPairs_agreeWithScipy(
      String name,
      String x,
      String y,
      double spearman,
      Double spearmanLow,
      Double spearmanHigh,
      double kendall,
      Double kendallLow,
      Double kendallHigh) {
    double[] first = Trials.doubles(x);
    double[] second = Trials.doubles(y);
    agrees(spearman, spearmanLow, spearmanHigh, Correlation.spearman(first, second).orElseThrow());
    agrees(kendall, kendallLow, kendallHigh, Correlation.kendall(first, second).orElseThrow());
    // Ranks are all that counts.
    double[] stretched = new double[first.length];
    for (int i = 0; i < stretched.length; i++) {
      stretched[i] = Math.exp(first[i] / 10);
    }
    agrees(
        spearman, spearmanLow, spearmanHigh, Correlation.spearman(stretched, second).orElseThrow());
  }

  private static void agrees(double value, Double low, Double high, Correlation actual) {
    assertClose(value, actual.value(), 1e-10, 0);
    assertEquals(low == null, actual.interval().isEmpty());
    if (low != null) {
      assertClose(low, actual.interval().orElseThrow().low(), 1e-10, 0);
      assertClose(high, actual.interval().orElseThrow().high(), 1e-10, 0);
    }
  }

  /** The example of ci.spear in the R package statpsych, by one of the interval's authors. */
  @Test
  void spearman_ofThePublishedExample_hasItsInterval() {
    double[] y = {21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19};
    double[] x = {67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51};
    Correlation spearman = Correlation.spearman(x, y).orElseThrow();
    assertEquals(0.8699639, spearman.value(), 5e-8);
    assertEquals(0.5840951, spearman.interval().orElseThrow().low(), 5e-8);
    assertEquals(0.9638297, spearman.interval().orElseThrow().high(), 5e-8);
  }

  @Test
  void correlation_ofTheSameAndTheOppositeOrder_isExactAndWithoutInterval() {
    double[] x = {1, 2, 3, 4, 5, 6, 7};
    double[] down = {9, 8, 5, 4, 2, 1, 0};
    for (Correlation same :
        new Correlation[] {
          Correlation.spearman(x, x).orElseThrow(), Correlation.kendall(x, x).orElseThrow()
        }) {
      assertEquals(new Correlation(1, 7, Optional.empty()), same);
      assertEquals("1.00 (no interval), n = 7", same.toString());
    }
    assertEquals(-1, Correlation.spearman(x, down).orElseThrow().value());
    assertEquals(-1, Correlation.kendall(x, down).orElseThrow().value());
  }

  @Test
  void correlation_withAColumnOfOneValue_isAbsent() {
    double[] x = {1, 2, 3};
    double[] same = {0, 0, 0};
    assertEquals(Optional.empty(), Correlation.spearman(x, same));
    assertEquals(Optional.empty(), Correlation.kendall(same, x));
    assertEquals(
        "a against b: Spearman -; Kendall -", RankAgreement.of("a", x, "b", same).toString());
  }

  @Test
  void pairs_thatAreNone_areRefused() {
    double[] two = {1, 2};
    assertThrows(
        IllegalArgumentException.class, () -> Correlation.spearman(two, new double[] {1, 2, 3}));
    assertThrows(
        IllegalArgumentException.class, () -> Correlation.kendall(new double[1], new double[1]));
    assertThrows(
        IllegalArgumentException.class,
        () -> Correlation.kendall(two, new double[] {1, Double.NaN}));
    assertThrows(IllegalArgumentException.class, () -> new Correlation(1.1, 3, Optional.empty()));
  }
}
