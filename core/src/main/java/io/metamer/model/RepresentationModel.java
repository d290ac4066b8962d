package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Maps images to representations, and pulls losses on representations back to images.
 *
 * <p>Owns the memory of the networks it has compiled, until closed. Not for use by several threads
 * at a time.
 *
 * @since 0.1
 */
public interface RepresentationModel extends AutoCloseable {

  /**
   * Which network and layers this is.
   *
   * @return the source, the hash of its weights, the layers, and what happens to images first
   */
  ModelId id();

  /**
   * What its images look like.
   *
   * @return channels, size and bounds
   */
  ImageSpec input();

  /**
   * The length of a representation.
   *
   * @return D, at least 1
   */
  int size();

  /**
   * The representations of images.
   *
   * @param images shape {@code [N, C, H, W]}, values in the bounds of {@link #input()} (values
   *     outside are clamped), FLOAT or DOUBLE
   * @return shape {@code [N, D]}, of the same type; the caller's
   * @throws IllegalArgumentException if the shape is another
   */
  INDArray represent(INDArray images);

  /**
   * A loss on representations, composed with this model: a loss on images. Its gradient is exact,
   * but for a model {@linkplain LayerSelection#withFakeRelu() with a fake ReLU}: there it is
   * deliberately not the gradient of the loss.
   *
   * @param onRepresentations scores batches of shape {@code [k, D]}
   * @return scores batches of shape {@code [k, C, H, W]}; usable until this model is closed
   */
  DifferentiableLoss pullBack(DifferentiableLoss onRepresentations);

  @Override
  void close();
}
