package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.contract.DifferentiableLossContract;
import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.perceptual.StructuralSimilarity;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class WeightedSumTest implements DifferentiableLossContract {

  private static final int[] ALL = {0, 1, 2};
  private static final PerceptualDistance SSIM = new StructuralSimilarity();

  /** The sum of the pixels to a power. */
  private record Power(int exponent) implements Regularizer {
    @Override
    public String name() {
      return "x^" + exponent;
    }

    @Override
    public List<PerceptualDistance> distances() {
      return exponent == 3 ? List.of(SSIM) : List.of();
    }

    @Override
    public DifferentiableLoss bind(InversionProblem problem) {
      return (x, rows) -> {
        INDArray slope = Nd4j.ones(x.dataType(), x.shape());
        for (int k = 1; k < exponent; k++) {
          slope.muli(x);
        }
        double[] value = slope.mul(x).sum(1, 2, 3).castTo(DataType.DOUBLE).toDoubleVector();
        return new ValueAndGradient(value, slope.muli(exponent));
      };
    }
  }

  @Override
  public DifferentiableLoss loss() {
    return bound(new Power(2).times(0.5).plus(new Power(3).times(-2)));
  }

  @Override
  public INDArray point() {
    return Nd4j.createFromArray(new Random(1).doubles(3 * 4).toArray()).reshape(3, 1, 2, 2);
  }

  @Test
  void sum_isWeightedTermByTerm() {
    ValueAndGradient two = bound(new Power(2)).evaluate(point(), ALL);
    ValueAndGradient three = bound(new Power(3)).evaluate(point(), ALL);

    ValueAndGradient sum = loss().evaluate(point(), ALL);

    for (int i = 0; i < 3; i++) {
      assertClose(0.5 * two.value()[i] - 2 * three.value()[i], sum.value()[i], 1e-12, 1e-12);
    }
    assertClose(two.gradient().mul(0.5).sub(three.gradient().mul(2)), sum.gradient(), 1e-12, 1e-12);
  }

  @Test
  void weight_reachesEveryTerm() {
    Regularizer sum = new Power(2).times(0.5).plus(new Power(3));

    assertEquals(new Power(2).times(2).plus(new Power(3).times(4)), sum.times(4));
    assertEquals("2.0 x^2 + 4.0 x^3", sum.times(4).name());
  }

  @Test
  void none_isZero_andTheNeutralElement() {
    ValueAndGradient none = bound(Regularizer.none()).evaluate(point(), ALL);

    assertClose(new double[3], none.value(), 0, 0);
    assertClose(point().mul(0), none.gradient(), 0, 0);
    assertEquals("none", Regularizer.none().name());
    assertEquals(Regularizer.none(), Regularizer.none().times(3));
    assertEquals(new Power(2).times(3), Regularizer.none().plus(new Power(2).times(3)));
    assertEquals(new Power(2).times(3), new Power(2).times(3).plus(Regularizer.none()));
  }

  @Test
  void distances_areThoseOfAllTerms() {
    assertEquals(List.of(SSIM), new Power(2).plus(new Power(3).times(4)).distances());
    assertEquals(List.of(), new Power(2).distances());
  }

  @Test
  void name_leavesAWeightOfOneOut() {
    assertEquals("x^2", new Power(2).times(1).name());
    assertEquals("5.0E-5 x^2 + x^3", new Power(2).times(5e-5).plus(new Power(3)).name());
  }

  @Test
  void weight_thatIsNotFinite_isRefused() {
    for (double weight : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      assertEquals(
          "expected a finite weight, got " + weight,
          assertThrows(IllegalArgumentException.class, () -> new Power(2).times(weight))
              .getMessage());
    }
  }

  private DifferentiableLoss bound(Regularizer regularizer) {
    INDArray zeros = Nd4j.zeros(DataType.DOUBLE, 3, 1, 2, 2);
    return regularizer.bind(new InversionProblem(ImageSpec.gray(2), zeros, zeros));
  }
}
