package io.metamer.inversion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.Certificate.Agreement;
import io.metamer.inversion.Certificate.Classes;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

final class CriterionTest {

  @Test
  void criterion_holdsWhereAllOfItsTermsDo() {
    Certificate good = certificate(0.05, 0, 3);
    Criterion strict = Criterion.within(0.1).inPercentile(0).sameClass();
    assertTrue(strict.holds(good));
    assertFalse(strict.holds(certificate(0.2, 0, 3)));
    assertFalse(strict.holds(certificate(0.05, 1, 3)));
    assertFalse(strict.holds(certificate(0.05, 0, 4)));
    assertTrue(Criterion.within(0.05).holds(good));
    assertFalse(Criterion.within(0.049).holds(good));
    assertTrue(Criterion.within(0.1).inPercentile(1).holds(certificate(0.05, 1, 4)));
  }

  @Test
  void criterion_asPng_looksAtBoth() {
    Agreement near = certificate(0.05, 0, 3).asFound();
    Agreement far = certificate(0.5, 7, 3).asFound();
    assertTrue(Criterion.within(0.1).holds(new Certificate(near, far)));
    assertFalse(Criterion.within(0.1).asPng().holds(new Certificate(near, far)));
    assertFalse(Criterion.within(0.1).asPng().holds(new Certificate(far, near)));
    assertTrue(Criterion.within(0.1).asPng().holds(new Certificate(near, near)));
  }

  @Test
  void criterion_ofFeather_asksForClassAndPercentileAlone() {
    assertTrue(Criterion.feather2023().holds(certificate(0.9, 0, 3)));
    assertFalse(Criterion.feather2023().holds(certificate(0.9, 0.01, 3)));
    assertFalse(Criterion.feather2023().holds(certificate(0.9, 0, 1)));
  }

  @Test
  void classes_thatAreNotNumbers_areNotTheSame() {
    assertFalse(new Classes(-1, -1).same());
    assertTrue(new Classes(0, 0).same());
  }

  @Test
  void criterion_thatTheCertificateCannotAnswer_saysWhatIsMissing() {
    Agreement bare = new Agreement(9, OptionalDouble.empty(), 1, 1, Optional.empty(), List.of());
    Certificate certificate = new Certificate(bare, bare);
    IllegalStateException noClass =
        assertThrows(
            IllegalStateException.class,
            () -> Criterion.within(0.1).sameClass().holds(certificate));
    assertTrue(String.valueOf(noClass.getMessage()).contains("Inverter.withClassifier"));
    IllegalStateException noPairs =
        assertThrows(
            IllegalStateException.class,
            () -> Criterion.within(0.1).inPercentile(5).holds(certificate));
    assertTrue(String.valueOf(noPairs.getMessage()).contains("Inverter.withNull"));
  }

  @Test
  void criterion_isPrintedAndCompared() {
    assertEquals(
        "distance <= 0.1, percentile <= 0.0, same class, also as PNG",
        Criterion.within(0.1).inPercentile(0).sameClass().asPng().toString());
    assertEquals("percentile <= 0.0, same class", Criterion.feather2023().toString());
    assertEquals(Criterion.within(0.1).asPng(), Criterion.within(0.1).asPng());
    assertEquals("any distance", Criterion.within(Double.POSITIVE_INFINITY).toString());
  }

  @Test
  void criteria_thatCannotBe_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> Criterion.within(-1));
    assertThrows(IllegalArgumentException.class, () -> Criterion.within(Double.NaN));
    for (double percentile : new double[] {-1, 101, Double.NaN}) {
      assertThrows(
          IllegalArgumentException.class, () -> Criterion.within(1).inPercentile(percentile));
    }
  }

  private static Certificate certificate(double distance, double percentile, int imageClass) {
    Agreement agreement =
        new Agreement(
            distance,
            OptionalDouble.of(percentile),
            1,
            1,
            Optional.of(new Classes(3, imageClass)),
            List.of());
    return new Certificate(agreement, agreement);
  }
}
