package io.metamer.network;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph prepared for one batch size: forward, then back to its input. Holds its memory until
 * closed; not for use by several threads at a time.
 *
 * @since 0.1
 */
public interface CompiledNetwork extends AutoCloseable {

  /**
   * Computes the outputs.
   *
   * @param x the batch, shape {@code [batch, C, H, W]}, of the compiled type; not changed
   * @return one array an output, in the graph's order, shape {@code [batch, ...]}; valid until the
   *     next call
   * @throws IllegalArgumentException if x has another shape or type
   */
  List<INDArray> forward(INDArray x);

  /**
   * Computes the gradient of {@code sum_k <cotangent_k, output_k>} with respect to the x of the
   * last {@link #forward}.
   *
   * @param cotangents one array an output, of its shape
   * @return of the shape of x; valid until the next call
   * @throws IllegalStateException if nothing has been computed forward
   * @throws IllegalArgumentException if a cotangent has another shape
   */
  INDArray backward(List<INDArray> cotangents);

  /**
   * The nodes that the engine leaves to another one.
   *
   * @return names of nodes of the simplified graph, in its order; none by default
   */
  default List<String> fallbacks() {
    return List.of();
  }

  @Override
  void close();
}
