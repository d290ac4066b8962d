package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

final class BinomialTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/binomial.csv", numLinesToSkip = 1)
  void intervalAndTest_ofAnyCount_agreeWithScipy(
      int correct, int n, int alternatives, double low, double high, double p) {
    Interval interval = Binomial.wilson(correct, n, 0.95);
    assertClose(low, interval.low(), 1e-10, 1e-15);
    assertClose(high, interval.high(), 1e-10, 0);
    assertClose(p, Binomial.atLeast(correct, n, 1.0 / alternatives), 1e-10, 0);
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "7, 12", "12, 12", "33, 100", "100, 100"})
  void test_ofAnyCount_isTheSumOfItsTail(int correct, int n) {
    double chance = 1.0 / 3;
    double sum = 0;
    for (int k = correct; k <= n; k++) {
      double probability = 1;
      for (int j = 1; j <= k; j++) {
        probability *= chance * (n - k + j) / j;
      }
      sum += probability * Math.pow(1 - chance, n - k);
    }
    assertClose(sum, Binomial.atLeast(correct, n, chance), 1e-10, 0);
  }

  @ParameterizedTest
  @CsvSource({"1", "12", "100", "1000"})
  void interval_ofNoneAndAll_endsAtTheBound(int n) {
    assertEquals(0, Binomial.wilson(0, n, 0.95).low());
    assertEquals(1, Binomial.wilson(n, n, 0.95).high());
    assertEquals(1, Binomial.atLeast(0, n, 0.5));
  }
}
