package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.network.Cost;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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
   * The stretches that a representation consists of, one after the other: its layers, or those of
   * several networks.
   *
   * @return at least one; their sizes add up to {@link #size()}
   */
  default List<Part> parts() {
    return List.of(new Part(id().layer(), size()));
  }

  /**
   * A stretch of a representation.
   *
   * @param name of its layer, and of its network where there are several
   * @param size its length, at least 1
   */
  record Part(String name, int size) {}

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

  /**
   * What an image costs, where the model knows: those made from files do.
   *
   * @return of one image, forward and back
   */
  default Optional<Cost> cost() {
    return Optional.empty();
  }

  /**
   * Several models of the same images as one: their representations, one after the other. A loss
   * pulled back costs one evaluation of each.
   *
   * @param models at least one, each once; closing the joint model closes them
   * @return the joint model
   * @throws IllegalArgumentException if there are none, one is there twice, or they take different
   *     images
   */
  static RepresentationModel joint(List<RepresentationModel> models) {
    double[] ones = new double[models.size()];
    Arrays.fill(ones, 1);
    return joint(models, ones);
  }

  /**
   * Several models of the same images as one: their representations, each times a weight, one after
   * the other.
   *
   * @param models at least one, each once; closing the joint model closes them
   * @param weights one for each, above 0
   * @return the joint model; its {@link ModelId} has the SHA-256 of their hashes
   * @throws IllegalArgumentException if there are none, one is there twice, they take different
   *     images, or a weight is not above 0
   */
  static RepresentationModel joint(List<RepresentationModel> models, double... weights) {
    return new JointModel(models, weights);
  }

  @Override
  void close();
}
