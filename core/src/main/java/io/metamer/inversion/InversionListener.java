package io.metamer.inversion;

/**
 * Is told of each iteration of a search, in the searching thread. It gets copies: nothing it does
 * to them changes the result.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface InversionListener {

  /**
   * An evaluation of all images still searched for. It is made before the step, so a search of n
   * steps tells n + 1.
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
   * One evaluation.
   *
   * @param index 0 for the seed
   * @param last the index of the last evaluation, the number of steps
   * @param rows which images are still searched for; the other arrays follow its order
   * @param distance relative distance of each
   * @param penalty penalty of each, weighted
   * @param gradientNorm Euclidean norm of the gradient of {@code distance + penalty} of each
   */
  record Iteration(
      int index,
      int last,
      int[] rows,
      double[] distance,
      double[] penalty,
      double[] gradientNorm) {}
}
