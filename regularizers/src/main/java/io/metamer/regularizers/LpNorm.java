package io.metamer.regularizers;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The p-norm of an image, {@code (sum |x|^p)^(1/p)}: not raised to p, and not centred.
 *
 * <p>Pixels are taken as they are, on the scale of the images' bounds. Where the norm has a kink,
 * at an image of zeros and for p = 1 at each pixel of zero, the gradient there is 0.
 *
 * @apiNote This is the norm of the code released with Nanda et al. (2023). Mahendran and Vedaldi
 *     (2015) use the sixth power of the norm, of images without their mean: {@link LpPower}.
 * @param p finite, at least 1; published: 6
 * @since 0.1
 */
public record LpNorm(double p) implements Regularizer {

  public LpNorm {
    if (!(p >= 1) || Double.isInfinite(p)) {
      throw new IllegalArgumentException("expected a finite p of at least 1, got " + p);
    }
  }

  @Override
  public String name() {
    return "L" + Numbers.brief(p);
  }

  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    return (x, rows) -> {
      // Relative to the largest pixel, powers neither overflow nor vanish.
      double[] largest = Numbers.perImage(x.normmax(1, 2, 3));
      double[] inverse = new double[largest.length];
      for (int i = 0; i < inverse.length; i++) {
        inverse[i] = largest[i] == 0 ? 0 : 1 / largest[i];
      }
      INDArray ratio = x.mul(Numbers.column(inverse, x));
      INDArray size = Transforms.abs(ratio);
      INDArray power = Transforms.pow(size, p - 1, true);
      double[] sum = Numbers.perImage(power.mul(size).sum(1, 2, 3));
      double[] value = new double[sum.length];
      double[] factor = new double[sum.length];
      for (int i = 0; i < sum.length; i++) {
        value[i] = largest[i] * Math.pow(sum[i], 1 / p);
        factor[i] = sum[i] == 0 ? 0 : Math.pow(sum[i], 1 / p - 1);
      }
      INDArray gradient = power.muli(Transforms.sign(ratio, false));
      return new ValueAndGradient(value, Numbers.scaled(gradient, factor));
    };
  }
}
