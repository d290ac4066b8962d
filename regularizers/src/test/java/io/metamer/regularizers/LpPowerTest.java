package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.regularizers.RegularizerLaws.image;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.ValueAndGradient;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

final class LpPowerTest {

  @Nested
  final class SixAroundAMeanOfEachChannel implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new LpPower(6, List.of(0.48, 0.41));
    }
  }

  @Nested
  final class OneAroundGray implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new LpPower(1, 0.5);
    }
  }

  @Nested
  final class OddPower implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new LpPower(3, 0.5);
    }
  }

  @Test
  void value_isTheSumOfPowersOfDistancesToTheCenter() {
    ImageSpec spec = new ImageSpec(2, 1, 2, 0, 10);

    ValueAndGradient at =
        new LpPower(3, List.of(1.0, 4.0))
            .bind(RegularizerLaws.problem(spec))
            .evaluate(image(spec, 0, 3, 4, 6), new int[1]);

    assertClose(new double[] {1 + 8 + 0 + 8}, at.value(), 1e-12, 0);
    assertClose(image(spec, -3, 12, 0, 12), at.gradient(), 1e-12, 1e-12);
  }

  @Test
  void centers_ofAnotherNumberThanChannels_areRefused() {
    InversionProblem problem = RegularizerLaws.problem(new ImageSpec(3, 1, 1, 0, 1));
    LpPower two = new LpPower(6, List.of(0.5, 0.5));

    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> two.bind(problem));

    assertEquals(
        "expected one center for all channels or one for each of 3, got 2", refused.getMessage());
  }

  @Test
  void pOrCenter_thatIsNoNumber_isRefused() {
    for (double p : new double[] {0.5, Double.NaN, Double.POSITIVE_INFINITY}) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> new LpPower(p, 0));
      assertEquals("expected a finite p of at least 1, got " + p, refused.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> new LpPower(6, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new LpPower(6, List.of()));
  }

  @Test
  void name_carriesPowerAndCenter() {
    assertEquals("L6^6(0.5)", new LpPower(6, 0.5).name());
    assertEquals("L6^6(0.48, 0.41)", new LpPower(6, List.of(0.48, 0.41)).name());
  }
}
