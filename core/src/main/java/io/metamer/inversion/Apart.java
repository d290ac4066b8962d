package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.perceptual.PixelDistance;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What keeps the images found for one target apart: {@code weight * mean_j max(0, 1 - d(x', y_j) /
 * margin)}, where the {@code y_j} were found before. Beyond the margin nothing pushes any more: the
 * penalty lies between 0 and the weight, and leaves the match alone once the images differ. Seeds
 * should differ in many directions: on a line between two images found, their pushes cancel.
 *
 * @param distance how different two images look; stays the caller's
 * @param margin the distance that is far enough, above 0
 * @param weight against the matching term, above 0
 * @since 0.1
 */
public record Apart(PerceptualDistance distance, double margin, double weight) {

  public Apart {
    if (!(margin > 0) || Double.isInfinite(margin) || !(weight > 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException(
          "expected a finite margin and weight above 0, got %s and %s".formatted(margin, weight));
    }
  }

  /**
   * Apart in their pixels.
   *
   * @param margin the root mean square difference of pixels that is far enough, on the scale of [0,
   *     1]; above 0
   * @return of weight 1
   * @throws IllegalArgumentException if the margin is not above 0
   */
  public static Apart inPixels(double margin) {
    return new Apart(new PixelDistance(), margin, 1);
  }

  /**
   * The penalty on being near to images.
   *
   * @param found images found before, each shape {@code [N, C, H, W]} with that of target i at i;
   *     at least one; not copied before the penalty is bound
   * @return a recipe for searches for the same targets
   * @throws IllegalArgumentException if there are none
   */
  public Regularizer from(List<INDArray> found) {
    if (found.isEmpty()) {
      throw new IllegalArgumentException("expected images to keep apart from, got none");
    }
    return new Penalty(this, List.copyOf(found)).times(weight);
  }

  /** The penalty without its weight. */
  private record Penalty(Apart apart, List<INDArray> found) implements Regularizer {

    @Override
    public String name() {
      return "apart from %d found (%s, %s)"
          .formatted(found.size(), apart.distance.name(), apart.margin);
    }

    @Override
    public List<PerceptualDistance> distances() {
      return List.of(apart.distance);
    }

    @Override
    public DifferentiableLoss bind(InversionProblem problem) {
      ImageSpec spec = problem.input();
      List<DifferentiableLoss> losses =
          found.stream().map(images -> apart.distance.to(spec.toUnit(images))).toList();
      return (x, rows) -> {
        double[] value = new double[rows.length];
        INDArray gradient = x.ulike().assign(0);
        INDArray unit = spec.toUnit(x);
        for (DifferentiableLoss loss : losses) {
          ValueAndGradient distance = loss.evaluate(unit, rows);
          double[] pull = new double[rows.length];
          for (int k = 0; k < rows.length; k++) {
            double near = 1 - distance.value()[k] / apart.margin;
            // Written so that NaN is kept, and found.
            value[k] += near <= 0 ? 0 : near / losses.size();
            pull[k] =
                near <= 0 ? 0 : -1 / (apart.margin * losses.size() * (spec.high() - spec.low()));
          }
          gradient.addi(distance.gradient().mul(Descent.perImage(pull, x)));
        }
        return new ValueAndGradient(value, gradient);
      };
    }
  }
}
