package io.metamer.regularizers;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The p-norm of an image around a center, {@code (sum |x - center|^p)^(1/p)}: not raised to p.
 *
 * <p>Pixels are taken as they are, on the scale of the images' bounds. Where the norm has a kink,
 * at an image that is the center everywhere and for p = 1 at each such pixel, the gradient there is
 * 0.
 *
 * @apiNote Without a center this is the norm of the code released with Nanda et al. (2023).
 *     Mahendran and Vedaldi (2015) use the sixth power of the norm, of images without their mean:
 *     {@link LpPower}.
 * @param p finite, at least 1; published: 6
 * @param center finite; published: 0
 * @since 0.1
 */
public record LpNorm(double p, double center) implements Regularizer {

  public LpNorm {
    if (!(p >= 1) || Double.isInfinite(p)) {
      throw new IllegalArgumentException("expected a finite p of at least 1, got " + p);
    }
    if (!Double.isFinite(center)) {
      throw new IllegalArgumentException("expected a finite center, got " + center);
    }
  }

  /**
   * Around 0.
   *
   * @param p finite, at least 1
   */
  public LpNorm(double p) {
    this(p, 0);
  }

  @Override
  public String name() {
    String norm = "L" + Numbers.brief(p);
    return center == 0 ? norm : "%s(%s)".formatted(norm, Numbers.brief(center));
  }

  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    return (images, rows) -> {
      INDArray x = images.sub(center);
      // Relative to the largest pixel, powers neither overflow nor vanish.
      double[] largest = x.normmax(1, 2, 3).castTo(DataType.DOUBLE).toDoubleVector();
      double[] inverse = new double[largest.length];
      for (int i = 0; i < inverse.length; i++) {
        inverse[i] = largest[i] == 0 ? 0 : 1 / largest[i];
      }
      INDArray ratio = x.mul(Numbers.column(inverse, x));
      INDArray size = Transforms.abs(ratio);
      INDArray power = Transforms.pow(size, p - 1, true);
      double[] sum = Numbers.sums(power.mul(size));
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
