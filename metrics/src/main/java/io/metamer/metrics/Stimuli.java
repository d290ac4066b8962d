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
 * <p>Usable until the result is closed.
 *
 * @since 0.1
 */
public final class Stimuli {

  private final InversionResult result;

  private Stimuli(InversionResult result) {
    this.result = result;
  }

  /**
   * The images of a result.
   *
   * @param result stays the caller's
   * @return its targets, seeds and inverted images
   */
  public static Stimuli of(InversionResult result) {
    return new Stimuli(result);
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
    ImageSpec spec = result.input();
    INDArray images = Nd4j.create(result.images().dataType(), spec.shape(stimuli.size()));
    for (int i = 0; i < stimuli.size(); i++) {
      images.slice(i).assign(row(stimuli.get(i)));
    }
    return spec.toUnit(Images.quantize(images, spec));
  }

  private INDArray row(Stimulus stimulus) {
    if (stimulus.index() >= result.size()) {
      throw new IndexOutOfBoundsException(
          "expected an index below %d, got %s".formatted(result.size(), stimulus));
    }
    INDArray batch =
        switch (stimulus.kind()) {
          case TARGET -> result.targets();
          case SEED -> result.seeds();
          case IRI -> result.images();
        };
    // Not slice, which is empty for views that start later in their array.
    return batch.get(NDArrayIndex.point(stimulus.index()));
  }
}
