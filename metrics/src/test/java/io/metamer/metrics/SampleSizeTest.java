package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

final class SampleSizeTest {

  /** The script looks at one number after the other. */
  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/sample_size.csv", numLinesToSkip = 1)
  void answers_forAWidth_agreeWithStatsmodels(double proportion, double width, int answers) {
    assertEquals(answers, SampleSize.answers(proportion, width));
  }

  @ParameterizedTest
  @CsvSource({"0.5, 0.1", "0.9, 0.2", "0.25, 0.05"})
  void interval_ofSoManyAnswers_isAsWideAsWanted(double proportion, double width) {
    int n = SampleSize.answers(proportion, width);
    Interval interval = Binomial.wilson((int) Math.round(n * proportion), n, 0.95);
    assertEquals(width, interval.high() - interval.low(), 0.03 * width);
  }

  @Test
  void clustered_answers_areMoreByTheDesignEffect() {
    assertEquals(100, SampleSize.clustered(100, 30, 0));
    assertEquals(100, SampleSize.clustered(100, 1, 0.3));
    assertEquals(390, SampleSize.clustered(100, 30, 0.1));
    assertEquals(3000, SampleSize.clustered(100, 30, 1));
  }

  /** The variance of the mean of 40 clusters of 10, each with its own proportion 0.2 or 0.8. */
  @Test
  void clustered_answers_haveTheVarianceOfIndependentOnes() {
    // Variance between is 0.09 of 0.25 in all: an intraclass correlation of 0.36.
    int independent = 94;
    assertEquals(399, SampleSize.clustered(independent, 10, 0.36));
    SplittableRandom random = new SplittableRandom(2);
    int repetitions = 20_000;
    double squares = 0;
    for (int r = 0; r < repetitions; r++) {
      int right = 0;
      for (int cluster = 0; cluster < 40; cluster++) {
        double proportion = random.nextBoolean() ? 0.2 : 0.8;
        for (int i = 0; i < 10; i++) {
          right += random.nextDouble() < proportion ? 1 : 0;
        }
      }
      squares += Math.pow(right / 400.0 - 0.5, 2) / repetitions;
    }
    double expected = 0.25 / independent;
    // A variance of so many has a relative standard error of sqrt(2 / 20,000) = 1 %.
    assertEquals(expected, squares, 0.04 * expected);
  }

  @Test
  void wishes_thatCannotBe_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> SampleSize.answers(1.1, 0.1));
    assertThrows(IllegalArgumentException.class, () -> SampleSize.answers(Double.NaN, 0.1));
    assertThrows(IllegalArgumentException.class, () -> SampleSize.answers(0.5, 0));
    assertThrows(IllegalArgumentException.class, () -> SampleSize.answers(0.5, Double.NaN));
    assertThrows(ArithmeticException.class, () -> SampleSize.answers(0.5, 1e-6));
    assertThrows(IllegalArgumentException.class, () -> SampleSize.clustered(0, 3, 0.1));
    assertThrows(IllegalArgumentException.class, () -> SampleSize.clustered(10, 0.5, 0.1));
    assertThrows(IllegalArgumentException.class, () -> SampleSize.clustered(10, 3, -0.1));
    assertThrows(ArithmeticException.class, () -> SampleSize.clustered(Integer.MAX_VALUE, 3, 0.1));
    assertTrue(SampleSize.answers(0.5, 0.0001) > 300_000_000);
  }
}
