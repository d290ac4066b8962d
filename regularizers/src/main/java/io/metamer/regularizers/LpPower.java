package io.metamer.regularizers;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.List;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The p-th power of the p-norm of an image less its mean, {@code sum |x - center|^p}: with a large
 * p, a soft wall around the range of natural images.
 *
 * <p>Pixels are taken as they are, on the scale of the images' bounds. For p = 1 the gradient is 0
 * at pixels that equal the center.
 *
 * @param p finite, at least 1; published: 6
 * @param center the mean of images, on the scale of their bounds; one number, or one a channel
 * @see "Mahendran and Vedaldi (2015), section 2.2, the alpha-norm; in their code the pixels of the
 *     images are already without the networks' mean image"
 * @since 0.1
 */
public record LpPower(double p, List<Double> center) implements Regularizer {

  public LpPower {
    if (!(p >= 1) || Double.isInfinite(p)) {
      throw new IllegalArgumentException("expected a finite p of at least 1, got " + p);
    }
    center = List.copyOf(center);
    if (center.isEmpty() || !center.stream().allMatch(Double::isFinite)) {
      throw new IllegalArgumentException(
          "expected finite centers, one for all channels or one for each, got " + center);
    }
  }

  /**
   * With the same center for all channels.
   *
   * @param p finite, at least 1
   * @param center finite
   */
  public LpPower(double p, double center) {
    this(p, List.of(center));
  }

  @Override
  public String name() {
    String n = Numbers.brief(p);
    return center.stream()
        .map(Numbers::brief)
        .collect(Collectors.joining(", ", "L%s^%s(".formatted(n, n), ")"));
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if there are several centers, but not one for each channel
   */
  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    if (center.size() != 1 && center.size() != problem.input().channels()) {
      throw new IllegalArgumentException(
          "expected one center for all channels or one for each of %d, got %d"
              .formatted(problem.input().channels(), center.size()));
    }
    double[] means = center.stream().mapToDouble(Double::doubleValue).toArray();
    return (x, rows) -> {
      INDArray mean =
          Nd4j.createFromArray(means).castTo(x.dataType()).reshape(1, means.length, 1, 1);
      INDArray difference = x.sub(mean);
      INDArray size = Transforms.abs(difference, true);
      INDArray power = Transforms.pow(size, p - 1, true);
      double[] value = Numbers.sums(power.mul(size));
      return new ValueAndGradient(value, power.muli(Transforms.sign(difference, false)).muli(p));
    };
  }
}
