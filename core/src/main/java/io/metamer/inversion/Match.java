package io.metamer.inversion;

import io.metamer.image.BoundTransformations;
import io.metamer.image.Transformations;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.Matching;
import io.metamer.loss.RelativeL2;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.RepresentationModel;
import java.util.Optional;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The matching term of a search: what is minimised, and beside it the relative distance, which is
 * what a search is judged by, from the same representations.
 */
final class Match {

  private final RepresentationModel model;
  private final DifferentiableLoss onRepresentations;
  private final DifferentiableLoss onImages;
  private final Optional<BoundTransformations> changes;
  private double[] distance = {};

  Match(RepresentationModel model, InversionOptions options, INDArray goals) {
    Transformations transformations = options.transformations();
    changes =
        transformations.steps().isEmpty()
            ? Optional.empty()
            : Optional.of(transformations.bind(model.input()));
    RelativeL2 relative = new RelativeL2(goals);
    DifferentiableLoss loss = loss(model, options, relative, goals);
    this.model = model;
    onRepresentations = loss;
    onImages =
        model.pullBack(
            (r, rows) -> {
              ValueAndGradient match = loss.evaluate(r, rows);
              distance = loss == relative ? match.value() : relative.distance(r, rows);
              return match;
            });
  }

  private static DifferentiableLoss loss(
      RepresentationModel model, InversionOptions options, RelativeL2 relative, INDArray goals) {
    double[] weights = options.partWeights().stream().mapToDouble(w -> w).toArray();
    if (weights.length == 0) {
      // The same loss, not one like it: what it computes is the distance too.
      return options.matching() == Matching.RELATIVE_L2 ? relative : options.matching().to(goals);
    }
    int[] sizes = model.parts().stream().mapToInt(RepresentationModel.Part::size).toArray();
    if (weights.length != sizes.length) {
      throw new IllegalArgumentException(
          "expected a weight for each of the parts %s, got %s"
              .formatted(model.parts(), options.partWeights()));
    }
    return options.matching().toParts(goals, sizes, weights);
  }

  /** The term on images, each at an iteration of its own: that of them as it changes them. */
  ValueAndGradient evaluate(INDArray x, int[] rows, int[] t) {
    if (changes.isEmpty()) {
      return onImages.evaluate(x, rows);
    }
    ValueAndGradient changed = onImages.evaluate(changes.get().apply(x, t), rows);
    return new ValueAndGradient(changed.value(), changes.get().pullBack(changed.gradient(), t));
  }

  /** The term of one image for each target, as they are. */
  double[] of(INDArray images) {
    int[] all = IntStream.range(0, Math.toIntExact(images.size(0))).toArray();
    return onRepresentations.evaluate(model.represent(images), all).value();
  }

  /** The relative distances of the last evaluation. */
  double[] distance() {
    return distance;
  }
}
