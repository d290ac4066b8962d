package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class SpreadTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/spread.csv", numLinesToSkip = 1)
  void deviations_ofValues_agreeWithNumpy(
      String values, double mean, double population, double sample) {
    Spread spread = Spread.of(Spread.Over.JUDGES, Trials.doubles(values));
    assertClose(mean, spread.mean(), 1e-10, 0);
    assertClose(population, spread.deviation(), 1e-10, 0);
    assertClose(sample, spread.sampleDeviation().orElseThrow(), 1e-10, 0);
  }

  @Test
  void deviation_ofEqualValues_isZero() {
    assertEquals(0, Spread.of(Spread.Over.SEEDS, 0.1, 0.1, 0.1, 0.1, 0.1).deviation(), 1e-17);
    assertEquals(0, Spread.of(Spread.Over.SEEDS, 0.1).deviation());
  }

  @Test
  void sampleDeviation_ofOneValue_isAbsent() {
    assertEquals(OptionalDouble.empty(), Spread.of(Spread.Over.ANNOTATORS, 0.4).sampleDeviation());
  }

  @Test
  void print_saysWhatItIsOver() {
    assertEquals("0.58 ± 0.35 over 4 judges", print(Spread.Over.JUDGES, 0.93, 0.01, 0.81, 0.56));
    assertEquals("0.50 ± 0.50 over 2 seeds", print(Spread.Over.SEEDS, 0, 1));
    assertEquals("0.50 ± 0.50 over 2 images", print(Spread.Over.IMAGES, 0, 1));
    assertEquals("1.00 ± 0.00 over 1 annotator", print(Spread.Over.ANNOTATORS, 1));
  }

  @Test
  void spread_ofNothingOrOfNumbersThatAreNone_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> Spread.of(Spread.Over.JUDGES));
    assertThrows(
        IllegalArgumentException.class, () -> Spread.of(Spread.Over.JUDGES, 0.5, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new Spread(Spread.Over.JUDGES, 0, 0.5, 0.1));
    assertThrows(
        IllegalArgumentException.class, () -> new Spread(Spread.Over.JUDGES, 2, 0.5, -0.1));
  }

  private static String print(Spread.Over over, double... values) {
    return Spread.of(over, values).toString();
  }
}
