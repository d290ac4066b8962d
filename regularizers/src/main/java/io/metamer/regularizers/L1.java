package io.metamer.regularizers;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The distance of the pixels to one value: {@code sum |x - center|}.
 *
 * <p>Pixels are taken as they are, on the scale of the images' bounds. At a pixel of that value the
 * gradient is 0.
 *
 * @param center finite; published: 0.5, the middle of [0, 1]
 * @see "Nanda et al. (2023), released code; from the feature visualisations of Olah et al. (2017)"
 * @since 0.1
 */
public record L1(double center) implements Regularizer {

  public L1 {
    if (!Double.isFinite(center)) {
      throw new IllegalArgumentException("expected a finite center, got " + center);
    }
  }

  @Override
  public String name() {
    return "L1(%s)".formatted(Numbers.brief(center));
  }

  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    return (x, rows) -> {
      INDArray difference = x.sub(center);
      double[] value = Numbers.sums(Transforms.abs(difference, true));
      return new ValueAndGradient(value, Transforms.sign(difference, false));
    };
  }
}
