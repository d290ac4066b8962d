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

final class TotalVariationTest {

  private static final int[] FIRST = {0};

  @Nested
  final class Two implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new TotalVariation(2);
    }
  }

  @Nested
  final class One implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new TotalVariation(1);
    }
  }

  @Nested
  final class Three implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new TotalVariation(3);
    }
  }

  @Nested
  final class TwoPerPixel implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return TotalVariation.perPixel(2);
    }
  }

  @Nested
  final class OnePerPixel implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return TotalVariation.perPixel(1);
    }
  }

  @Nested
  final class ThreePerPixel implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return TotalVariation.perPixel(3);
    }
  }

  @Test
  void valuePerPixel_isTheSumOfPowersOfEachPixelsDifferences() {
    ImageSpec spec = new ImageSpec(1, 2, 3, 0, 10);

    for (double beta : new double[] {1, 2, 3}) {
      double[] value =
          TotalVariation.perPixel(beta)
              .bind(RegularizerLaws.problem(spec))
              .evaluate(image(spec, 0, 1, 3, 4, 7, 6), FIRST)
              .value();
      double expected = 0;
      for (double s : new double[] {1 + 16, 4 + 36, 9, 9, 1, 0}) {
        expected += Math.pow(s, beta / 2);
      }
      assertClose(new double[] {expected}, value, 1e-12, 0);
    }
  }

  @Test
  void gradientPerPixel_besideAConstantSpot_isThatOfTheRest() {
    ImageSpec spec = new ImageSpec(1, 1, 4, 0, 10);

    ValueAndGradient at =
        TotalVariation.perPixel(1)
            .bind(RegularizerLaws.problem(spec))
            .evaluate(image(spec, 2, 2, 2, 5), FIRST);

    assertClose(new double[] {3}, at.value(), 1e-12, 0);
    assertClose(image(spec, 0, 0, -1, 1), at.gradient(), 1e-12, 1e-12);
  }

  @Test
  void bothForms_ofBetaTwo_areOne() {
    ImageSpec spec = new ImageSpec(3, 4, 5, 0, 1);
    int[] rows = {0, 1, 2};

    ValueAndGradient whole =
        new TotalVariation(2)
            .bind(RegularizerLaws.problem(spec))
            .evaluate(RegularizerLaws.random(spec, 5), rows);
    ValueAndGradient perPixel =
        TotalVariation.perPixel(2)
            .bind(RegularizerLaws.problem(spec))
            .evaluate(RegularizerLaws.random(spec, 5), rows);

    assertClose(whole.value(), perPixel.value(), 1e-12, 0);
    assertClose(whole.gradient(), perPixel.gradient(), 1e-12, 1e-12);
  }

  @Test
  void value_isTheSumOfSquaredDifferences_toHalfBeta() {
    ImageSpec spec = new ImageSpec(1, 2, 3, 0, 10);
    double across = 1 + 4 + 9 + 1;
    double down = 16 + 36 + 9;
    double s = across + down;

    for (double beta : new double[] {1, 2, 3}) {
      double[] value =
          new TotalVariation(beta)
              .bind(RegularizerLaws.problem(spec))
              .evaluate(image(spec, 0, 1, 3, 4, 7, 6), FIRST)
              .value();
      assertClose(new double[] {Math.pow(s, beta / 2)}, value, 1e-12, 0);
    }
  }

  @Test
  void channels_addUp_andDoNotTouch() {
    ImageSpec spec = new ImageSpec(2, 1, 2, 0, 10);

    ValueAndGradient at =
        new TotalVariation(2)
            .bind(RegularizerLaws.problem(spec))
            .evaluate(image(spec, 1, 3, 9, 6), FIRST);

    assertClose(new double[] {4 + 9}, at.value(), 1e-12, 0);
    assertClose(image(spec, -4, 4, 6, -6), at.gradient(), 1e-12, 1e-12);
  }

  @Test
  void imageOfOnePixel_hasNone() {
    ImageSpec spec = new ImageSpec(1, 1, 1, 0, 1);

    for (boolean perPixel : new boolean[] {false, true}) {
      ValueAndGradient at =
          new TotalVariation(2, perPixel)
              .bind(RegularizerLaws.problem(spec))
              .evaluate(image(spec, 0.3), FIRST);

      assertClose(new double[] {0}, at.value(), 0, 0);
      assertClose(image(spec, 0), at.gradient(), 0, 0);
    }
  }

  @Test
  void name_carriesBeta() {
    assertEquals("TV(2)", new TotalVariation(2).name());
    assertEquals("TV(1.5)", new TotalVariation(1.5).name());
    assertEquals("TV(1.5 per pixel)", TotalVariation.perPixel(1.5).name());
  }

  @Test
  void beta_belowOneOrNotFinite_isRefused() {
    for (double beta : new double[] {0.5, Double.NaN, Double.POSITIVE_INFINITY}) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> new TotalVariation(beta));
      assertEquals("expected a finite beta of at least 1, got " + beta, refused.getMessage());
    }
  }
}
