package io.metamer.studies;

import io.metamer.metrics.Estimate;
import io.metamer.metrics.Interval;
import io.metamer.metrics.Score;
import io.metamer.metrics.Spread;
import java.util.List;
import java.util.Optional;

/**
 * What the judges of a study found: of each network with each regularizer, seed by seed and judge
 * by judge, and pooled.
 *
 * @param rows one for each search's images, test, judge, and images all or matched
 * @param pooled one for each network, regularizer, test, and images all or matched
 * @param differences of each two networks, searched with the same regularizer
 * @see StudyRun#measure
 * @since 0.1
 */
public record StudyScores(List<Row> rows, List<Pooled> pooled, List<Difference> differences) {

  /** Which images a score is of. */
  public enum Images {
    /** All that were found, as published. */
    ALL,
    /** Those whose representation came within the tolerance. */
    MATCHED
  }

  /** How a judge had to do with a search. */
  public enum Part {
    /** Not at all. */
    NONE,
    /** The penalty rests on it. */
    REGULARIZER,
    /** It is a feature distance over the very file that was inverted. */
    NETWORK
  }

  /**
   * What a judge found of the images of one search.
   *
   * @param network the subject's name
   * @param regularizer the penalty's name
   * @param seed which noise the searches started from
   * @param test the name of the test, as metrics give it
   * @param repetition of clustering, from 1
   * @param judge the judge's name
   * @param part how it had to do with the search; unless this is {@link Part#NONE} it was held out
   * @param images which images
   * @param total how many images were found
   * @param score what the judge found; absent if it was held out, or no image is matched
   */
  public record Row(
      String network,
      String regularizer,
      long seed,
      String test,
      int repetition,
      String judge,
      Part part,
      Images images,
      int total,
      Optional<Score> score) {}

  /**
   * What the judges found together of a network with a regularizer, from all seeds.
   *
   * @param network the subject's name
   * @param regularizer the penalty's name
   * @param test the name of the test
   * @param images which images
   * @param total how many images were found, from all seeds
   * @param n how many of them these are: all, or the matched ones
   * @param distance the median relative distance of the images; absent if there are none
   * @param heldOut the names of judges that were held out
   * @param estimate the proportion of answers that count as aligned, each of the same weight, with
   *     an interval over targets (of clustering over triples) for these judges and seeds; of
   *     several repetitions the mean of their intervals, which is at least as wide as it need be.
   *     Absent if nothing was judged
   * @param overJudges how far the judges differ, each over all seeds; as the published tables' ±
   * @param overSeeds how far the seeds differ, each over all judges
   * @param overImages how far the targets differ, each over all judges and seeds
   */
  public record Pooled(
      String network,
      String regularizer,
      String test,
      Images images,
      int total,
      int n,
      Optional<Double> distance,
      List<String> heldOut,
      Optional<Estimate> estimate,
      Optional<Spread> overJudges,
      Optional<Spread> overSeeds,
      Optional<Spread> overImages) {}

  /**
   * How two networks differ, target by target, of all images.
   *
   * @param regularizer what both were searched with
   * @param test the name of the test
   * @param judge whose answers; empty for those of all judges and seeds that both were judged by
   * @param seed which search of a judge's; empty for all
   * @param repetition of clustering, from 1; 0 for all
   * @param first a network
   * @param second another
   * @param method how p was computed: {@code sign flips} or {@code McNemar mid-p}
   * @param value the proportion of the first less that of the second
   * @param interval of the value, over targets, or triples; absent of McNemar's
   * @param n how many pairs: targets or triples; of McNemar's those that were judged differently
   * @param p probability of a difference at least as large if the networks are alike; of several
   *     repetitions twice the mean of theirs, at most 1 (Rüschendorf, 1982)
   * @param corrected p after Holm, among the pairs of networks of the same regularizer, test,
   *     judge, seed and repetition
   */
  public record Difference(
      String regularizer,
      String test,
      Optional<String> judge,
      Optional<Long> seed,
      int repetition,
      String first,
      String second,
      String method,
      double value,
      Optional<Interval> interval,
      int n,
      double p,
      double corrected) {}

  public StudyScores {
    rows = List.copyOf(rows);
    pooled = List.copyOf(pooled);
    differences = List.copyOf(differences);
  }
}
