package io.metamer.studies;

import io.metamer.metrics.AlignmentMetric;
import io.metamer.metrics.Answer;
import io.metamer.metrics.Clustering;
import io.metamer.metrics.Score;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What a judge answered about the images of one search in one repetition of a test.
 *
 * @param network the subject's name
 * @param regularizer the penalty's name
 * @param seed which noise the searches started from
 * @param metric the test
 * @param repetition from 1
 * @param judge the judge's name
 * @param part how it had to do with the search
 * @param targets the study's number of each image's target
 * @param distances the relative distance of each image
 * @param tolerance up to which an image is matched
 * @param answers to the test's trials, in their order; empty if the judge was held out
 */
record Verdict(
    String network,
    String regularizer,
    long seed,
    AlignmentMetric metric,
    int repetition,
    String judge,
    StudyScores.Part part,
    List<Integer> targets,
    List<Double> distances,
    double tolerance,
    List<Answer> answers) {

  boolean heldOut() {
    return answers.isEmpty();
  }

  String test() {
    return metric.name();
  }

  /** The answers about all images, or about those that are matched. */
  List<Answer> answers(StudyScores.Images images) {
    Predicate<Answer> matched = a -> distances.get(a.trial().query().index()) <= tolerance;
    return images == StudyScores.Images.ALL ? answers : answers.stream().filter(matched).toList();
  }

  int target(Answer answer) {
    return targets.get(answer.trial().query().index());
  }

  /**
   * Answers of one cluster depend on each other, whoever gave them.
   *
   * @param design tells grids of other targets apart; 0 where the cluster is a target
   * @param index of the grid, or the study's number of the target
   */
  record Cluster(int design, int index) {}

  /** Which cluster answers are of: a target, or a grid of them. */
  Function<Answer, Cluster> clusters() {
    if (!(metric instanceof Clustering)) {
      return answer -> new Cluster(0, target(answer));
    }
    int design = targets.hashCode();
    return answer -> new Cluster(design, answer.trial().block());
  }

  Optional<Score> score(StudyScores.Images images) {
    List<Answer> some = answers(images);
    return some.isEmpty() ? Optional.empty() : Optional.of(metric.score(some));
  }
}
