package io.metamer.metrics;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What an alignment metric found with one observer.
 *
 * <p>A report carries two scores: {@code all}, of every image, as published; and {@code matched},
 * of those whose representation came close enough to the target's to deserve the name of
 * identically represented inputs. An observer that rests on a distance which the search was
 * regularized with is held out: its report has no score at all.
 *
 * @param metric the name of the metric
 * @param observer the name of the observer
 * @param tolerance the largest relative distance that counts as matched
 * @param trials number of trials
 * @param matchedTrials how many of them ask about a matched image, and show no unmatched one; the
 *     others are excluded from {@code matched}
 * @param all the score of all trials; absent only if the observer was held out
 * @param matched the score of the matched trials; absent if there are none or the observer was held
 *     out
 * @param answers what was answered to each trial; empty if the observer was held out
 * @since 0.1
 */
public record AlignmentReport(
    String metric,
    String observer,
    double tolerance,
    int trials,
    int matchedTrials,
    Optional<Score> all,
    Optional<Score> matched,
    List<Answer> answers) {

  public AlignmentReport {
    answers = List.copyOf(answers);
    if (all.isEmpty() && (matched.isPresent() || !answers.isEmpty())) {
      throw new IllegalArgumentException(
          "expected neither scores nor answers of an observer that was held out");
    }
    if (all.isPresent()
        && (all.get().n() != trials
            || matched.map(Score::n).orElse(0) != matchedTrials
            || answers.size() != trials)) {
      throw new IllegalArgumentException(
          "expected scores of %d trials and %d matched, got %s, %s and %d answers"
              .formatted(trials, matchedTrials, all, matched, answers.size()));
    }
  }

  /**
   * Whether the observer rests on a distance that the search was regularized with, so that it
   * cannot judge what came out.
   *
   * @return true if there are no scores
   */
  public boolean heldOut() {
    return all.isEmpty();
  }

  /**
   * Both scores in one line: {@code 2AFC 0.83 [0.74, 0.89], n = 100, chance 0.50, p = 7e-12; within
   * 0.1: - (0 of 100 matched)}, or {@code 2AFC held out: SSIM took part in the search}.
   */
  @Override
  public String toString() {
    return all.map(
            score ->
                String.format(
                    Locale.ROOT,
                    "%s %s; within %s: %s (%d of %d matched)",
                    metric,
                    score,
                    tolerance,
                    matched.map(Score::toString).orElse("-"),
                    matchedTrials,
                    trials))
        .orElse("%s held out: %s took part in the search".formatted(metric, observer));
  }
}
