package io.metamer.inversion;

import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Is told of each evaluation of a search, in the searching thread. It gets copies: nothing it does
 * to them changes the result.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface InversionListener {

  /**
   * An evaluation of the images that are searched for at the moment. It is made before the step, so
   * an image that makes n steps is told of n + 1 times.
   *
   * @param iteration what was found
   */
  void evaluated(Iteration iteration);

  /**
   * Says nothing.
   *
   * @return a listener that ignores what it is told
   */
  static InversionListener none() {
    return iteration -> {};
  }

  /**
   * Tells another listener too, after this one.
   *
   * @param next the other
   * @return both
   */
  default InversionListener and(InversionListener next) {
    return iteration -> {
      evaluated(iteration.copied());
      next.evaluated(iteration);
    };
  }

  /**
   * One evaluation of some images, each of which is at an iteration of its own.
   *
   * @param rows which images; the other arrays follow its order
   * @param index the iteration of each, 0 for the seed
   * @param last the index of the last iteration, the number of steps
   * @param distance relative distance of each
   * @param loss what is minimised, of each: matching term and penalty
   * @param penalty penalty of each, weighted
   * @param gradientNorm Euclidean norm of the gradient of each loss
   * @param image the k-th of these images as it was evaluated, copied, shape {@code [C, H, W]}; to
   *     be asked for before the listener returns
   */
  record Iteration(
      int[] rows,
      int[] index,
      int last,
      double[] distance,
      double[] loss,
      double[] penalty,
      double[] gradientNorm,
      IntFunction<INDArray> image) {

    /** The same numbers in arrays of their own, for those who may change them. */
    Iteration copied() {
      return new Iteration(
          rows.clone(),
          index.clone(),
          last,
          distance.clone(),
          loss.clone(),
          penalty.clone(),
          gradientNorm.clone(),
          image);
    }
  }
}
