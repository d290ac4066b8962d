package io.metamer.metrics;

import java.util.List;

/** Answers, counted. */
record Tally(int correct, int ties, int n, double chance) {

  static Tally of(List<Answer> answers) {
    if (answers.isEmpty()) {
      throw new IllegalArgumentException("expected at least one answer to score, got none");
    }
    return new Tally(
        (int) answers.stream().filter(Answer::correct).count(),
        (int) answers.stream().filter(Answer::tie).count(),
        answers.size(),
        answers.get(0).trial().chance());
  }

  Score score(int aligned, Interval interval) {
    return new Score(aligned, ties, n, chance, interval, Binomial.atLeast(aligned, n, chance));
  }
}
