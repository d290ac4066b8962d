package io.metamer.metrics;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Answers of two observers, or about two networks, side by side. */
final class Pairs {

  private Pairs() {}

  /**
   * The second answers in the order of the first.
   *
   * @param first at least one
   * @param second to the same trials in any order
   * @return one for each of the first
   * @throws IllegalArgumentException if there are none, or not each trial is answered once by both
   */
  static List<Answer> aligned(List<Answer> first, List<Answer> second) {
    if (first.isEmpty()) {
      throw new IllegalArgumentException("expected at least one answer, got none");
    }
    Map<Trial, Answer> one = byTrial(first);
    Map<Trial, Answer> other = byTrial(second);
    for (Trial trial : one.keySet()) {
      if (!other.containsKey(trial)) {
        throw new IllegalArgumentException(
            "expected answers to the same trials, got trial %s from the first only"
                .formatted(trial.id()));
      }
    }
    if (other.size() != one.size()) {
      throw new IllegalArgumentException(
          "expected answers to the same trials, got %d and %d".formatted(one.size(), other.size()));
    }
    return first.stream().map(a -> Objects.requireNonNull(other.get(a.trial()))).toList();
  }

  private static Map<Trial, Answer> byTrial(List<Answer> answers) {
    Map<Trial, Answer> byTrial = new HashMap<>();
    for (Answer answer : answers) {
      if (byTrial.put(answer.trial(), answer) != null) {
        throw new IllegalArgumentException(
            "expected one answer to each trial, got two to " + answer.trial().id());
      }
    }
    return byTrial;
  }
}
