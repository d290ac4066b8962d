package io.metamer.metrics;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.inversion.InversionResult;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The images of a result as observers see them: clipped to the bounds and rounded to 8 bits, in [0,
 * 1].
 *
 * <p>Usable until the result or the arrays are closed.
 *
 * @since 0.1
 */
public final class Stimuli {

  private final ImageSpec spec;
  private final INDArray targets;
  private final INDArray seeds;
  private final INDArray iris;

  private Stimuli(ImageSpec spec, INDArray targets, INDArray seeds, INDArray iris) {
    this.spec = spec;
    this.targets = targets;
    this.seeds = seeds;
    this.iris = iris;
  }

  /**
   * The images of a result.
   *
   * @param result stays the caller's
   * @return its targets, seeds and inverted images
   */
  public static Stimuli of(InversionResult result) {
    return of(result.input(), result.targets(), result.seeds(), result.images());
  }

  /**
   * Images that are no longer in a result, such as those of a study's files.
   *
   * @param spec what they look like
   * @param targets shape {@code [N, C, H, W]}; stay the caller's, as the others do
   * @param seeds the same shape; clipped to the bounds when they are shown
   * @param iris the inverted images, the same shape
   * @return the images
   * @throws IllegalArgumentException if there are not as many targets, seeds and inverted images
   */
  public static Stimuli of(ImageSpec spec, INDArray targets, INDArray seeds, INDArray iris) {
    if (targets.size(0) != seeds.size(0) || targets.size(0) != iris.size(0)) {
      throw new IllegalArgumentException(
          "expected as many targets, seeds and inverted images, got %d, %d and %d"
              .formatted(targets.size(0), seeds.size(0), iris.size(0)));
    }
    return new Stimuli(spec, targets, seeds, iris);
  }

  /**
   * Shows images.
   *
   * @param stimuli which, at least one
   * @return shape {@code [stimuli, C, H, W]}, multiples of 1/255 in [0, 1] up to rounding, of the
   *     result's type; the caller's
   * @throws IllegalArgumentException if there are none
   * @throws IndexOutOfBoundsException if the result has no such image
   */
  public INDArray images(List<Stimulus> stimuli) {
    if (stimuli.isEmpty()) {
      throw new IllegalArgumentException("expected at least one stimulus, got none");
    }
    INDArray images = Nd4j.create(iris.dataType(), spec.shape(stimuli.size()));
    for (int i = 0; i < stimuli.size(); i++) {
      images.slice(i).assign(row(stimuli.get(i)));
    }
    return spec.toUnit(Images.quantize(images, spec));
  }

  private INDArray row(Stimulus stimulus) {
    if (stimulus.index() >= iris.size(0)) {
      throw new IndexOutOfBoundsException(
          "expected an index below %d, got %s".formatted(iris.size(0), stimulus));
    }
    INDArray batch =
        switch (stimulus.kind()) {
          case TARGET -> targets;
          case SEED -> seeds;
          case IRI -> iris;
        };
    // Not slice, which is empty for views that start later in their array.
    return batch.get(NDArrayIndex.point(stimulus.index()));
  }
}
