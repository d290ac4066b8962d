package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class NoiseCeilingTest {

  /** The script takes all splits; of more than 12 participants, 1,000 are drawn here. */
  @ParameterizedTest
  @CsvFileSource(
      resources = "/golden/statistics/noise_ceiling.csv",
      numLinesToSkip = 1,
      maxCharsPerColumn = 100_000)
  void ceiling_ofATable_agreesWithNumpy(
      String values, int splits, double halves, double corrected, double error) {
    double[][] table =
        Arrays.stream(values.split("\\|")).map(Trials::doubles).toArray(double[][]::new);
    NoiseCeiling ceiling = NoiseCeiling.of(table, 1).orElseThrow();
    if (splits <= 1000) {
      assertEquals(splits, ceiling.splits());
      assertClose(halves, ceiling.halves(), 1e-10, 0);
      assertClose(corrected, ceiling.corrected().orElseThrow(), 1e-10, 0);
    } else {
      assertEquals(1000, ceiling.splits());
      assertEquals(halves, ceiling.halves(), 4 * error);
      assertEquals(ceiling, NoiseCeiling.of(table, 1).orElseThrow());
      assertNotEquals(ceiling, NoiseCeiling.of(table, 2).orElseThrow());
    }
  }

  @Test
  void ceiling_ofParticipantsWhoAreAlike_isOne() {
    double[] row = {0.1, 0.5, 0.9};
    NoiseCeiling ceiling = NoiseCeiling.of(new double[][] {row, row, row, row}, 1).orElseThrow();
    assertClose(1, ceiling.halves(), 1e-12, 0);
    assertClose(1, ceiling.corrected().orElseThrow(), 1e-12, 0);
    assertEquals("1.00 (halves 1.00), 4 participants, 3 conditions", ceiling.toString());
  }

  @Test
  void correction_ofHalvesThatDisagree_isAbsent() {
    NoiseCeiling ceiling =
        NoiseCeiling.of(new double[][] {{0, 1, 0.4}, {1, 0, 0.5}}, 1).orElseThrow();
    assertEquals(OptionalDouble.empty(), ceiling.corrected());
    assertEquals("- (halves -0.99), 2 participants, 3 conditions", ceiling.toString());
  }

  @Test
  void ceiling_ofAHalfThatDoesNotVary_isAbsent() {
    assertEquals(Optional.empty(), NoiseCeiling.of(new double[][] {{0, 1}, {1, 1}}, 1));
    assertEquals(Optional.empty(), NoiseCeiling.of(new double[20][3], 1));
  }

  @Test
  void table_thatIsTooSmallOrHasGaps_isRefused() {
    refused(new double[0][0]);
    refused(new double[1][5]);
    refused(new double[5][1]);
    refused(new double[][] {{1, 2}, {1, 2, 3}});
    refused(new double[][] {{1, 2}, {1, Double.NaN}});
  }

  private static void refused(double[][] table) {
    assertThrows(IllegalArgumentException.class, () -> NoiseCeiling.of(table, 1));
  }
}
