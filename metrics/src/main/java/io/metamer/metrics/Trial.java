package io.metamer.metrics;

import java.util.HashSet;
import java.util.List;

/**
 * A forced choice among K images: which looks most like the query, or which is the odd one out?
 *
 * @param id names the trial within its experiment; the same for the same design, so that answers
 *     kept in a file find their trial
 * @param query the image that is asked about; of an odd-one-out trial one of the three shown
 * @param alternatives the K images to choose from, at least 2, all different
 * @param correct the index of the alternative that the query was made from; of an odd-one-out trial
 *     that of the image of another target
 * @param block trials of one block depend on each other, since they are about the same target, or
 *     have the same alternatives in the same order and are shown together
 * @param task what to choose
 * @since 0.1
 */
public record Trial(
    String id, Stimulus query, List<Stimulus> alternatives, int correct, int block, Task task) {

  /** What an observer is to choose. */
  public enum Task {
    /** The alternative that looks most like the query, which is shown beside them. */
    MATCH,
    /** The alternative that looks least like the two others; nothing else is shown. */
    ODD_ONE_OUT
  }

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
    if (task == Task.ODD_ONE_OUT
        && (alternatives.size() != 3
            || !alternatives.contains(query)
            || alternatives.get(correct).equals(query))) {
      throw new IllegalArgumentException(
          "expected three alternatives in trial %s, of which one is the query and another the odd one; got %s, query %s, odd one at %d"
              .formatted(id, alternatives, query, correct));
    }
  }

  /**
   * A trial that asks for the alternative most like the query.
   *
   * @param id names the trial within its experiment
   * @param query the image that is asked about
   * @param alternatives the images to choose from, at least 2, all different
   * @param correct the index of the alternative that the query was made from
   * @param block trials of one block are shown together
   * @throws IllegalArgumentException if there are fewer alternatives, two of them are the same, or
   *     the correct one is none of them
   */
  public Trial(String id, Stimulus query, List<Stimulus> alternatives, int correct, int block) {
    this(id, query, alternatives, correct, block, Task.MATCH);
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
