package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Identically represented inputs, how well each one matches, and where they came from.
 *
 * <p>Owns its arrays until closed; they are not to be changed.
 *
 * @param input what the images look like
 * @param targets the images whose representations were to be matched, shape {@code [N, C, H, W]}
 * @param seeds where the search started, clipped to the bounds; the same shape
 * @param images the best image found for each target; the same shape, in the bounds
 * @param outcomes one for each image
 * @param options how it was searched
 * @param provenance where the result came from
 * @since 0.1
 */
public record InversionResult(
    ImageSpec input,
    INDArray targets,
    INDArray seeds,
    INDArray images,
    List<ImageOutcome> outcomes,
    InversionOptions options,
    Provenance provenance)
    implements AutoCloseable {

  public InversionResult {
    outcomes = List.copyOf(outcomes);
  }

  /**
   * The number of images.
   *
   * @return N
   */
  public int size() {
    return outcomes.size();
  }

  /**
   * Which images deserve the name of identically represented inputs.
   *
   * @param tolerance the largest relative distance that counts as identical
   * @return their indices, ascending; may be empty
   */
  public int[] identical(double tolerance) {
    return IntStream.range(0, size())
        .filter(i -> outcomes.get(i).distance() <= tolerance)
        .toArray();
  }

  /** Gives the memory of the arrays back. */
  @Override
  public void close() {
    for (INDArray array : List.of(targets, seeds, images)) {
      if (array.closeable()) {
        array.close();
      }
    }
  }
}
