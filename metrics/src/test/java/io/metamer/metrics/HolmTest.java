package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class HolmTest {

  @ParameterizedTest
  @CsvFileSource(
      resources = "/golden/statistics/holm.csv",
      numLinesToSkip = 1,
      maxCharsPerColumn = 100_000)
  void adjusted_ofAnyTests_agreesWithStatsmodels(String p, String adjusted) {
    assertClose(Trials.doubles(adjusted), Holm.adjusted(Trials.doubles(p)), 1e-10, 0);
  }

  @Test
  void adjusted_ofNoTests_isNothing() {
    assertArrayEquals(new double[0], Holm.adjusted());
  }

  @Test
  void p_thatIsNone_isRefused() {
    for (double p : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> Holm.adjusted(0.5, p));
    }
  }
}
