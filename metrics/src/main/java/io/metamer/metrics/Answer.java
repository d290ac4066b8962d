package io.metamer.metrics;

import java.util.List;
import java.util.OptionalInt;

/**
 * What an observer answered in a trial.
 *
 * @param trial what was asked
 * @param choice the index of the alternative that looks most like the query, or is the odd one;
 *     empty for a tie
 * @param distances how different the query looks from each alternative; of an odd-one-out trial,
 *     how different the two others look from each other; empty if the observer has no numbers
 * @since 0.1
 */
public record Answer(Trial trial, OptionalInt choice, List<Double> distances) {

  public Answer {
    distances = List.copyOf(distances);
    int k = trial.alternatives().size();
    if (choice.isPresent() && (choice.getAsInt() < 0 || choice.getAsInt() >= k)) {
      throw new IllegalArgumentException(
          "expected a choice in [0, %d) for trial %s, got %d"
              .formatted(k, trial.id(), choice.getAsInt()));
    }
    if (!distances.isEmpty() && distances.size() != k) {
      throw new IllegalArgumentException(
          "expected %d distances for trial %s, got %d".formatted(k, trial.id(), distances.size()));
    }
  }

  /**
   * A choice without numbers.
   *
   * @param trial what was asked
   * @param choice the index of the alternative chosen
   * @return the answer
   * @throws IllegalArgumentException if the trial has no such alternative
   */
  public static Answer of(Trial trial, int choice) {
    return new Answer(trial, OptionalInt.of(choice), List.of());
  }

  /**
   * The answer of an observer that measures: the alternative at the smallest distance, a tie if
   * there are several at exactly that distance.
   *
   * @param trial what was asked
   * @param distances one for each alternative
   * @return the answer
   * @throws IllegalArgumentException if their number is another
   * @throws ArithmeticException if a distance is not finite
   */
  public static Answer nearest(Trial trial, List<Double> distances) {
    if (distances.isEmpty()) {
      throw new IllegalArgumentException(
          "expected %d distances for trial %s, got none"
              .formatted(trial.alternatives().size(), trial.id()));
    }
    int nearest = 0;
    boolean tie = false;
    for (int k = 0; k < distances.size(); k++) {
      double d = distances.get(k);
      if (!Double.isFinite(d)) {
        throw new ArithmeticException(
            "expected finite distances in trial %s, got %s".formatted(trial.id(), distances));
      }
      if (k > 0 && d <= distances.get(nearest)) {
        tie = d == distances.get(nearest);
        nearest = k;
      }
    }
    return new Answer(trial, tie ? OptionalInt.empty() : OptionalInt.of(nearest), distances);
  }

  /**
   * Whether the observer saw no difference between its first choices.
   *
   * @return true if nothing was chosen
   */
  public boolean tie() {
    return choice.isEmpty();
  }

  /**
   * Whether the choice is the image that the query was made from.
   *
   * @return false for a tie
   */
  public boolean correct() {
    return choice.isPresent() && choice.getAsInt() == trial.correct();
  }
}
