package io.metamer.regularizers;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.PerceptualDistance;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Works against perception: rewards images that look unlike their targets.
 *
 * <p>Anchored at the target it is minus the perceptual distance to the target; anchored at the seed
 * it is the distance to the seed, so that the search stays near where it started. The scale of the
 * images is mapped to the [0, 1] of perceptual distances.
 *
 * @param distance how different two images look; stays the caller's
 * @param anchor what the images are compared with
 * @see "Nanda et al. (2023): the adversarial regularizer, with LPIPS"
 * @since 0.1
 */
public record AdversarialRegularizer(PerceptualDistance distance, Anchor anchor)
    implements Regularizer {

  /** What images are compared with. */
  public enum Anchor {
    /** Away from the target. */
    TARGET(-1),
    /** Near the seed. */
    SEED(1);

    private final int sign;

    Anchor(int sign) {
      this.sign = sign;
    }
  }

  /**
   * Minus the distance to the target.
   *
   * @param distance how different two images look; stays the caller's
   */
  public AdversarialRegularizer(PerceptualDistance distance) {
    this(distance, Anchor.TARGET);
  }

  @Override
  public String name() {
    return switch (anchor) {
      case TARGET -> "adversarial(%s)".formatted(distance.name());
      case SEED -> "adversarial(%s, seed)".formatted(distance.name());
    };
  }

  @Override
  public List<PerceptualDistance> distances() {
    return List.of(distance);
  }

  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    ImageSpec spec = problem.input();
    INDArray reference = anchor == Anchor.TARGET ? problem.targets() : problem.seeds();
    DifferentiableLoss loss = distance.to(spec.toUnit(reference));
    double range = spec.high() - spec.low();
    return (x, rows) -> {
      ValueAndGradient unit = loss.evaluate(spec.toUnit(x), rows);
      double[] value = Arrays.stream(unit.value()).map(v -> anchor.sign * v).toArray();
      return new ValueAndGradient(value, unit.gradient().mul(anchor.sign / range));
    };
  }
}
