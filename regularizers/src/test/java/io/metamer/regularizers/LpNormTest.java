package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.regularizers.RegularizerLaws.image;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.ValueAndGradient;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

final class LpNormTest {

  private static final ImageSpec SPEC = new ImageSpec(1, 1, 3, -1, 1);

  @Nested
  final class Six implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new LpNorm(6);
    }
  }

  @Nested
  final class One implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new LpNorm(1);
    }
  }

  @Nested
  final class OfNegativePixels implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new LpNorm(2.5);
    }

    @Override
    public ImageSpec spec() {
      return new ImageSpec(2, 4, 5, -2, 1);
    }
  }

  @Nested
  final class AroundGray implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new LpNorm(6, 0.5);
    }
  }

  @Test
  void value_aroundACenter_isThatOfTheImageLessTheCenter() {
    ValueAndGradient at =
        new LpNorm(2, 0.5)
            .bind(RegularizerLaws.problem(SPEC))
            .evaluate(image(SPEC, 0.5, -2.5, 4.5), new int[1]);

    assertClose(at(2, 0, -3, 4).value(), at.value(), 1e-12, 0);
    assertClose(at(2, 0, -3, 4).gradient(), at.gradient(), 1e-12, 1e-12);
  }

  @Test
  void center_thatIsNotFinite_isRefused() {
    assertEquals(
        "expected a finite center, got NaN",
        assertThrows(IllegalArgumentException.class, () -> new LpNorm(2, Double.NaN)).getMessage());
  }

  @Test
  void value_isTheNorm() {
    assertClose(new double[] {5}, at(2, 0, -3, 4).value(), 1e-12, 0);
    assertClose(new double[] {7}, at(1, 0, -3, 4).value(), 1e-12, 0);
    assertClose(new double[] {Math.pow(729 + 4096, 1 / 6.0)}, at(6, 0, -3, 4).value(), 1e-12, 0);
  }

  @Test
  void gradient_pointsAlongThePowers() {
    assertClose(image(SPEC, 0, -0.6, 0.8), at(2, 0, -3, 4).gradient(), 1e-12, 1e-12);
    assertClose(image(SPEC, 0, -1, 1), at(1, 0, -3, 4).gradient(), 1e-12, 1e-12);
  }

  @Test
  void gradient_atZero_isZero() {
    for (double p : new double[] {1, 2, 6}) {
      ValueAndGradient at = at(p, 0, 0, 0);
      assertClose(new double[1], at.value(), 0, 0);
      assertClose(image(SPEC, 0, 0, 0), at.gradient(), 0, 0);
    }
  }

  @Test
  void pixels_whosePowersVanishOrOverflowInFloat_areStillMeasured() {
    for (double scale : new double[] {1e-20, 1e20}) {
      ValueAndGradient at =
          new LpNorm(6)
              .bind(RegularizerLaws.problem(SPEC))
              .evaluate(image(SPEC, 0, -3 * scale, 4 * scale).castTo(DataType.FLOAT), new int[1]);

      assertClose(new double[] {scale * Math.pow(729 + 4096, 1 / 6.0)}, at.value(), 1e-5, 0);
      assertClose(at(6, 0, -3, 4).gradient(), at.gradient().castTo(DataType.DOUBLE), 1e-4, 1e-6);
    }
  }

  @Test
  void p_belowOneOrNotFinite_isRefused() {
    for (double p : new double[] {0.5, Double.NaN, Double.POSITIVE_INFINITY}) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> new LpNorm(p));
      assertEquals("expected a finite p of at least 1, got " + p, refused.getMessage());
    }
  }

  @Test
  void name_carriesP_andACenterOtherThanZero() {
    assertEquals("L6", new LpNorm(6).name());
    assertEquals("L6(0.5)", new LpNorm(6, 0.5).name());
    assertEquals("L2.5", new LpNorm(2.5).name());
  }

  private static ValueAndGradient at(double p, double... pixels) {
    return new LpNorm(p)
        .bind(RegularizerLaws.problem(SPEC))
        .evaluate(image(SPEC, pixels), new int[1]);
  }
}
