package io.metamer.regularizers;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * How much neighbouring pixels differ, in either published form: {@code S^(beta/2)}, where S is the
 * sum of the squared differences of all vertical and all horizontal neighbours over all channels;
 * or the sum over pixels and channels of {@code s^(beta/2)}, where s holds the squared differences
 * of that pixel to the next below and the next to the right (none beyond the last row and column).
 *
 * <p>Pixels are taken as they are, on the scale of the images' bounds. At a constant image, and per
 * pixel at each constant spot, the gradient is 0. For beta = 2 the two forms are one.
 *
 * @apiNote The first is that of the code released with Nanda et al. (2023); the second that of
 *     Mahendran and Vedaldi (2015), as their code has it: channels do not touch. Their code keeps
 *     the power s^(beta/2) above 1e-5 in the gradient, for betas below 2; here only where it is 0.
 * @param beta at least 1, below which the gradient has no bound near constant images; published: 2
 * @param perPixel whether the power is taken of each pixel's differences, before the sum
 * @see "Mahendran and Vedaldi (2015), section 2.2; deep-goggle, core/invert_nn.m, function tv"
 * @since 0.1
 */
public record TotalVariation(double beta, boolean perPixel) implements Regularizer {

  public TotalVariation {
    if (!(beta >= 1) || Double.isInfinite(beta)) {
      throw new IllegalArgumentException("expected a finite beta of at least 1, got " + beta);
    }
  }

  /**
   * As Nanda et al. (2023) have it.
   *
   * @param beta at least 1; published: 2
   */
  public TotalVariation(double beta) {
    this(beta, false);
  }

  /**
   * As Mahendran and Vedaldi (2015) have it.
   *
   * @param beta at least 1; published: 2, and 1 to show that it leaves spikes
   * @return the power taken of each pixel's differences, before the sum
   * @throws IllegalArgumentException if beta is below 1
   */
  public static TotalVariation perPixel(double beta) {
    return new TotalVariation(beta, true);
  }

  @Override
  public String name() {
    return (perPixel ? "TV(%s per pixel)" : "TV(%s)").formatted(Numbers.brief(beta));
  }

  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    return perPixel ? (x, rows) -> ofPixels(x) : (x, rows) -> ofImages(x);
  }

  private ValueAndGradient ofPixels(INDArray x) {
    INDArray down = Nd4j.create(x.dataType(), x.shape());
    INDArray across = Nd4j.create(x.dataType(), x.shape());
    if (x.size(2) > 1) {
      Neighbours.above(down).assign(Neighbours.below(x).sub(Neighbours.above(x)));
    }
    if (x.size(3) > 1) {
      Neighbours.left(across).assign(Neighbours.right(x).sub(Neighbours.left(x)));
    }
    INDArray squares = down.mul(down).addi(across.mul(across));
    double[] value = Numbers.sums(Transforms.pow(squares, beta / 2, true));
    // Where nothing differs the differences are 0, and so is their product with any finite factor.
    INDArray factor = squares.add(squares.eq(0).castTo(x.dataType()));
    Transforms.pow(factor, beta / 2 - 1, false).muli(beta);
    down.muli(factor);
    across.muli(factor);
    INDArray gradient = down.add(across).negi();
    if (x.size(2) > 1) {
      Neighbours.below(gradient).addi(Neighbours.above(down));
    }
    if (x.size(3) > 1) {
      Neighbours.right(gradient).addi(Neighbours.left(across));
    }
    return new ValueAndGradient(value, gradient);
  }

  private ValueAndGradient ofImages(INDArray x) {
    INDArray gradient = Nd4j.create(x.dataType(), x.shape());
    double[] value = new double[Math.toIntExact(x.size(0))];
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
  }

  private static void add(INDArray difference, double[] squares, INDArray after, INDArray before) {
    double[] sums = Numbers.sums(difference.mul(difference));
    for (int i = 0; i < sums.length; i++) {
      squares[i] += sums[i];
    }
    after.addi(difference);
    before.subi(difference);
  }
}
