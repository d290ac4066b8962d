package io.metamer.studies;

import io.metamer.image.ImageSpec;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The images of a chunk.
 *
 * @param spec what they look like
 * @param targets shape {@code [N, C, H, W]}, in the chunk's order
 * @param seeds where each search started, not clipped
 * @param found what was found, as its 8-bit PNG has it
 * @since 0.1
 */
public record ChunkImages(ImageSpec spec, INDArray targets, INDArray seeds, INDArray found)
    implements AutoCloseable {

  /** Frees the arrays. */
  @Override
  public void close() {
    targets.close();
    seeds.close();
    found.close();
  }
}
