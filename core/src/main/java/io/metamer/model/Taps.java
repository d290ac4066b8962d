package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Layers of a network with its preprocessing: images to activations, and gradients at the
 * activations back to images.
 *
 * <p>Holds the memory of what it has compiled until closed. Not for use by several threads at a
 * time.
 *
 * @since 0.1
 */
public interface Taps extends AutoCloseable {

  /**
   * The outputs of a graph, such as one that was built from a state dict's tensors, run by the
   * preferred engine. Images go into it as they are: neither scaled nor clamped.
   *
   * @param graph takes images of this size
   * @param images what the images look like that callers will give
   * @return the graph's outputs in their order; the caller's, to be closed
   * @throws IllegalArgumentException if the graph takes images of another size
   */
  static Taps of(Graph graph, ImageSpec images) {
    long[] shape = {images.channels(), images.height(), images.width()};
    if (!Arrays.equals(graph.inputShape(), shape)) {
      throw new IllegalArgumentException(
          "expected a graph that takes images of shape %s, got %s"
              .formatted(Arrays.toString(shape), Arrays.toString(graph.inputShape())));
    }
    return new CompiledTaps(Engine.preferred(), graph, images, null);
  }

  /**
   * What its images look like.
   *
   * @return channels, size and bounds
   */
  ImageSpec input();

  /**
   * The layers that are read.
   *
   * @return their names, in the order of the activations
   */
  List<String> layers();

  /**
   * Computes the activations.
   *
   * @param images shape {@code [N, C, H, W]}, FLOAT or DOUBLE; those of a {@link Network} clamp
   *     values outside the bounds of {@link #input()}
   * @return one array a layer, shape {@code [N, ...]}; valid until the next call
   * @throws IllegalArgumentException if the shape is another
   */
  List<INDArray> forward(INDArray images);

  /**
   * Computes the gradient of {@code sum_k <cotangent_k, activation_k>} with respect to the images
   * of the last {@link #forward}.
   *
   * @param cotangents one array a layer, of its shape
   * @return of the shape of the images; valid until the next call
   * @throws IllegalStateException if nothing has been computed forward
   */
  INDArray backward(List<INDArray> cotangents);

  @Override
  void close();
}
