package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class PairedDifferenceTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/signflip.csv", numLinesToSkip = 1)
  void exactTest_ofFewPairs_agreesWithScipy(
      String first, String second, double difference, double p) {
    double[] x = Trials.doubles(first);
    double[] y = Trials.doubles(second);
    PairedDifference paired = PairedDifference.of(x, y, 1);
    assertClose(difference, paired.value(), 1e-10, 1e-15);
    assertClose(p, paired.p(), 1e-10, 0);
    assertClose(p, PairedDifference.of(y, x, 1).p(), 1e-10, 0);
    assertEquals(x.length, paired.n());
  }

  /** The script counts all assignments of signs; here 100,000 are drawn. */
  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/signflip_many.csv", numLinesToSkip = 1)
  void drawnTest_ofManyPairs_isWithinFourStandardErrorsOfTheCount(String differences, double p) {
    double[] d = Trials.doubles(differences);
    double drawn = PairedDifference.of(d, new double[d.length], 1).p();
    assertEquals(p, drawn, 4 * Math.sqrt(p * (1 - p) / 100_000));
    assertEquals(drawn, PairedDifference.of(d, new double[d.length], 1).p());
    assertNotEquals(drawn, PairedDifference.of(d, new double[d.length], 2).p());
  }

  /** Of 40 differences, 20 are 1: the number of ones drawn is Binomial(40, 1/2). */
  @Test
  void interval_ofOnesAndZeros_isThatOfTheBinomial() {
    double[] d = new double[40];
    Arrays.fill(d, 0, 20, 1);
    Interval interval = PairedDifference.of(d, new double[40], 7).interval();
    // P(X <= 13) = 0.019, P(X <= 14) = 0.040: the 2.5 % point of X is 14, by symmetry 26 above.
    assertClose(14.0 / 40, interval.low(), 1e-12, 0);
    assertClose(26.0 / 40, interval.high(), 1e-12, 0);
  }

  /** Without a difference p is uniform, but for the steps of the exact test. */
  @Test
  void p_withoutADifference_isBelowFivePercentAsOftenAsItShould() {
    SplittableRandom random = new SplittableRandom(5);
    int repetitions = 1000;
    int below = 0;
    for (int r = 0; r < repetitions; r++) {
      double[] x = random.doubles(8).toArray();
      double[] y = random.doubles(8).toArray();
      below += PairedDifference.of(x, y, r).p() <= 0.05 ? 1 : 0;
    }
    // Of 2^8 assignments, each as likely, p counts pairs of opposite ones: 6 of 128 are below 5 %.
    double exact = 6 / 128.0;
    assertEquals(
        exact, (double) below / repetitions, 3 * Math.sqrt(exact * (1 - exact) / repetitions));
  }

  @Test
  void p_ofManyPairs_isNeverZero() {
    double[] ones = new double[100];
    Arrays.fill(ones, 1);
    PairedDifference paired = PairedDifference.of(ones, new double[100], 1);
    assertClose(1 / 100_001.0, paired.p(), 1e-12, 0);
    assertEquals("1.00 [1.00, 1.00], n = 100, p = 1.0e-05", paired.toString());
  }

  @Test
  void pairs_thatAreNone_areRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> PairedDifference.of(new double[0], new double[0], 1));
    assertThrows(
        IllegalArgumentException.class, () -> PairedDifference.of(new double[2], new double[3], 1));
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> PairedDifference.of(new double[] {0, Double.NaN}, new double[2], 1));
    assertTrue(e.getMessage().endsWith("in pair 1"), e.getMessage());
  }
}
