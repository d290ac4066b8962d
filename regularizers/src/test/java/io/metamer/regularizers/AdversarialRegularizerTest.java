package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.regularizers.RegularizerLaws.image;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

final class AdversarialRegularizerTest {

  private static final PerceptualDistance SQUARES = new SquaredDistance("squares");

  @Nested
  final class FromTheTarget implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new AdversarialRegularizer(SQUARES);
    }

    @Override
    public boolean nonNegative() {
      return false;
    }

    @Override
    public ImageSpec spec() {
      return new ImageSpec(2, 4, 5, -1, 1);
    }
  }

  @Nested
  final class AtTheSeed implements RegularizerLaws {
    @Override
    public Regularizer regularizer() {
      return new AdversarialRegularizer(SQUARES, Anchor.SEED);
    }
  }

  @Test
  void value_isMinusTheDistanceToTheTarget_orTheDistanceToTheSeed_inUnits() {
    ImageSpec spec = new ImageSpec(1, 1, 2, -1, 3);
    InversionProblem problem = new InversionProblem(spec, image(spec, -1, 3), image(spec, 1, 1));
    int[] first = {0};

    ValueAndGradient target =
        new AdversarialRegularizer(SQUARES).bind(problem).evaluate(image(spec, 1, 0), first);
    ValueAndGradient seed =
        new AdversarialRegularizer(SQUARES, Anchor.SEED)
            .bind(problem)
            .evaluate(image(spec, 1, 0), first);

    // In [0, 1]: x = (0.5, 0.25), the target (0, 1), the seed (0.5, 0.5).
    assertClose(new double[] {-(0.25 + 0.5625)}, target.value(), 1e-12, 0);
    assertClose(image(spec, -0.25, 0.375), target.gradient(), 1e-12, 0);
    assertClose(new double[] {0.0625}, seed.value(), 1e-12, 0);
    assertClose(image(spec, 0, -0.125), seed.gradient(), 1e-12, 0);
  }

  @Test
  void distances_areTold_throughSumsToo() {
    Regularizer regularizer = new AdversarialRegularizer(SQUARES);

    assertEquals(List.of(SQUARES), regularizer.distances());
    assertEquals(List.of(SQUARES), regularizer.times(10).plus(new TotalVariation(2)).distances());
    assertEquals(List.of(), new TotalVariation(2).distances());
  }

  @Test
  void name_carriesDistanceAndAnchor() {
    assertEquals("adversarial(squares)", new AdversarialRegularizer(SQUARES).name());
    assertEquals(
        "adversarial(squares, seed)", new AdversarialRegularizer(SQUARES, Anchor.SEED).name());
  }
}
