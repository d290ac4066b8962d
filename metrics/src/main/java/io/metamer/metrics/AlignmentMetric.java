package io.metamer.metrics;

import io.metamer.inversion.InversionResult;
import io.metamer.perceptual.PerceptualDistance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Turns inverted images into forced-choice trials, and an observer's answers into a report.
 *
 * @since 0.1
 */
public interface AlignmentMetric {

  /**
   * The name, as tables and reports show it.
   *
   * @return a short name ("2AFC")
   */
  String name();

  /**
   * The trials of a result: one for each of its images, which is the query.
   *
   * @param result the inverted images; every one, matched or not
   * @return the trials; the same for the same metric and number of images
   * @throws IllegalArgumentException if the result has too few images
   */
  List<Trial> trials(InversionResult result);

  /**
   * Whether an answer counts as aligned.
   *
   * @param answer to one of this metric's trials
   * @return whether the target was chosen, unless the metric says otherwise of ties
   */
  default boolean aligned(Answer answer) {
    return answer.correct();
  }

  /**
   * Scores answers to this metric's trials, or to some of them.
   *
   * @param answers at least one
   * @return the score with its interval
   * @throws IllegalArgumentException if there are no answers
   */
  Score score(List<Answer> answers);

  /**
   * Asks an observer, and scores its answers.
   *
   * <p>An observer that rests on a perceptual distance which the search was regularized with is not
   * asked: the report says that it was held out.
   *
   * @param result the inverted images; stays the caller's
   * @param observer who answers
   * @return scores of all images, and of those within the tolerance of the result's options
   * @throws IllegalArgumentException if the result has too few images, or images that the observer
   *     cannot take
   * @throws ArithmeticException if a distance that the observer rests on is not finite
   */
  default AlignmentReport measure(InversionResult result, Observer observer) {
    return report(result, observer, !tookPart(observer, result));
  }

  /**
   * Asks each judge of a panel, and scores them together.
   *
   * <p>A judge that rests on a perceptual distance which the search was regularized with is held
   * out, unless the panel asks for every judge; the report says so.
   *
   * @param result the inverted images; stays the caller's
   * @param panel who answers
   * @return the report of each judge, and what the judges who were asked found together
   * @throws IllegalArgumentException as for one observer
   * @throws ArithmeticException as for one observer
   */
  default PanelReport measure(InversionResult result, JudgePanel panel) {
    List<AlignmentReport> reports = new ArrayList<>();
    List<String> tookPart = new ArrayList<>();
    for (Observer judge : panel.judges()) {
      boolean part = tookPart(judge, result);
      reports.add(report(result, judge, !part || panel.everyJudge()));
      if (part) {
        tookPart.add(judge.name());
      }
    }
    return PanelReport.of(this, result, reports, tookPart);
  }

  private AlignmentReport report(InversionResult result, Observer observer, boolean asked) {
    List<Trial> trials = trials(result);
    double tolerance = result.options().tolerance();
    Set<Integer> identical =
        Arrays.stream(result.identical(tolerance)).boxed().collect(Collectors.toSet());
    // Of the images shown, the query alone was found by a search, or several (odd one out).
    Predicate<Trial> matched =
        trial ->
            Stream.concat(Stream.of(trial.query()), trial.alternatives().stream())
                .filter(shown -> shown.kind() == Stimulus.Kind.IRI)
                .allMatch(shown -> identical.contains(shown.index()));
    List<Answer> answers = asked ? answers(observer, Stimuli.of(result), trials) : List.of();
    return new AlignmentReport(
        name(),
        observer.name(),
        tolerance,
        trials.size(),
        (int) trials.stream().filter(matched).count(),
        scoreOfAny(answers),
        scoreOfAny(answers.stream().filter(a -> matched.test(a.trial())).toList()),
        answers);
  }

  private Optional<Score> scoreOfAny(List<Answer> answers) {
    return answers.isEmpty() ? Optional.empty() : Optional.of(score(answers));
  }

  private static List<Answer> answers(Observer observer, Stimuli stimuli, List<Trial> trials) {
    List<Answer> answers = observer.answer(stimuli, trials);
    if (!answers.stream().map(Answer::trial).toList().equals(trials)) {
      throw new IllegalStateException(
          "expected %s to answer each of %d trials in their order, got %d answers"
              .formatted(observer.name(), trials.size(), answers.size()));
    }
    return answers;
  }

  private static boolean tookPart(Observer observer, InversionResult result) {
    Set<String> judges =
        observer.distances().stream().map(PerceptualDistance::name).collect(Collectors.toSet());
    return result.options().regularizer().distances().stream()
        .anyMatch(used -> judges.contains(used.name()));
  }
}
