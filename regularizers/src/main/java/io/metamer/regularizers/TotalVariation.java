package io.metamer.regularizers;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How much neighbouring pixels differ: {@code S^(beta/2)}, where S is the sum of the squared
 * differences of all vertical and all horizontal neighbours, over all channels.
 *
 * <p>Pixels are taken as they are, on the scale of the images' bounds. At a constant image the
 * gradient is 0.
 *
 * @apiNote As the code released with Nanda et al. (2023) has it. Mahendran and Vedaldi (2015) raise
 *     each pixel's squared differences to beta/2 before the sum; for beta = 2 the two agree but for
 *     the weight.
 * @param beta at least 1, below which the gradient has no bound near constant images; published: 2
 * @since 0.1
 */
public record TotalVariation(double beta) implements Regularizer {

  public TotalVariation {
    if (!(beta >= 1) || Double.isInfinite(beta)) {
      throw new IllegalArgumentException("expected a finite beta of at least 1, got " + beta);
    }
  }

  @Override
  public String name() {
    return "TV(%s)".formatted(Numbers.brief(beta));
  }

  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    return (x, rows) -> {
      INDArray gradient = Nd4j.create(x.dataType(), x.shape());
      double[] value = new double[rows.length];
      if (x.size(2) > 1) {
        add(
            Neighbours.below(x).sub(Neighbours.above(x)),
            value,
            Neighbours.below(gradient),
            Neighbours.above(gradient));
      }
      if (x.size(3) > 1) {
        add(
            Neighbours.right(x).sub(Neighbours.left(x)),
            value,
            Neighbours.right(gradient),
            Neighbours.left(gradient));
      }
      // The gradient so far is that of S / 2.
      double[] factor = new double[value.length];
      for (int i = 0; i < value.length; i++) {
        factor[i] = value[i] == 0 ? 0 : beta * Math.pow(value[i], beta / 2 - 1);
        value[i] = Math.pow(value[i], beta / 2);
      }
      return new ValueAndGradient(value, Numbers.scaled(gradient, factor));
    };
  }

  private static void add(INDArray difference, double[] squares, INDArray after, INDArray before) {
    double[] sums = Numbers.perImage(difference.mul(difference).sum(1, 2, 3));
    for (int i = 0; i < sums.length; i++) {
      squares[i] += sums[i];
    }
    after.addi(difference);
    before.subi(difference);
  }
}
