package io.metamer.metrics;

import java.util.HashSet;
import java.util.List;

/**
 * A forced choice: which of K images looks most like the query?
 *
 * @param id names the trial within its experiment; the same for the same design, so that answers
 *     kept in a file find their trial
 * @param query the image that is asked about
 * @param alternatives the K images to choose from, at least 2, all different
 * @param correct the index of the alternative that the query was made from
 * @param block trials of one block depend on each other, since they are about the same target, or
 *     have the same alternatives in the same order and are shown together
 * @since 0.1
 */
public record Trial(
    String id, Stimulus query, List<Stimulus> alternatives, int correct, int block) {

  public Trial {
    alternatives = List.copyOf(alternatives);
    if (alternatives.size() < 2 || new HashSet<>(alternatives).size() < alternatives.size()) {
      throw new IllegalArgumentException(
          "expected at least 2 different alternatives in trial %s, got %s"
              .formatted(id, alternatives));
    }
    if (correct < 0 || correct >= alternatives.size()) {
      throw new IllegalArgumentException(
          "expected the correct alternative of trial %s in [0, %d), got %d"
              .formatted(id, alternatives.size(), correct));
    }
  }

  /**
   * How often a guess is right.
   *
   * @return 1 / K
   */
  public double chance() {
    return 1.0 / alternatives.size();
  }
}
