package io.metamer.examples;

import io.metamer.inversion.Certificate;
import io.metamer.inversion.ImageOutcome;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.NullDistribution;
import io.metamer.inversion.Provenance;
import io.metamer.inversion.StopReason;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Interval;
import java.awt.image.BufferedImage;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What the main job found. The table on the terminal, results.json, the grids and the HTML report
 * are views of it: they compute nothing.
 *
 * @param command the command line that gives it again
 * @param started when the job began
 * @param seconds how long it took, judging included
 * @param seed which noise every search started from
 * @param noise that noise, clipped to 8 bits
 * @param targets the images whose representations were matched
 * @param judges the names of the distances that judge
 * @param planned how many searches there should have been; more than {@code searches} after an
 *     interrupt
 * @param searches one for each network and regularizer, network by network
 */
record DemoResults(
    String command,
    Instant started,
    double seconds,
    long seed,
    BufferedImage noise,
    List<Target> targets,
    List<String> judges,
    int planned,
    List<Search> searches) {

  /** Every judge of the main job stands in for the trained metric that the literature uses. */
  static final String STAND_IN = "stand-in, not LPIPS";

  /** An image and the name of its file. */
  record Target(String name, BufferedImage picture) {}

  /**
   * One row of the table: a network inverted with a regularizer.
   *
   * @param network the network's short name
   * @param regularizer the regularizer's short name
   * @param options how it was searched
   * @param provenance where the images came from
   * @param outcomes one for each target
   * @param certificates one for each target
   * @param nullDistribution what their percentiles are among
   * @param images what was found for each target
   * @param curve how the relative distance went
   * @param reports for each judge, one for each metric
   */
  record Search(
      String network,
      String regularizer,
      InversionOptions options,
      Provenance provenance,
      List<ImageOutcome> outcomes,
      List<Certificate> certificates,
      Optional<NullDistribution> nullDistribution,
      List<BufferedImage> images,
      Curve curve,
      List<AlignmentReport> reports) {

    boolean interrupted() {
      return outcomes.stream().anyMatch(o -> o.stop() == StopReason.INTERRUPTED);
    }

    boolean matched(int image) {
      return outcomes.get(image).distance() <= options.tolerance();
    }

    List<ImageOutcome> matchedOutcomes() {
      return outcomes.stream().filter(o -> o.distance() <= options.tolerance()).toList();
    }

    List<Certificate> matchedCertificates() {
      return IntStream.range(0, outcomes.size())
          .filter(this::matched)
          .mapToObj(certificates::get)
          .toList();
    }

    /** What a judge found by a metric; absent if there were too few images for it. */
    Optional<AlignmentReport> report(String judge, String metric) {
      return reports.stream()
          .filter(r -> r.observer().equals(judge) && r.metric().equals(metric))
          .findFirst();
    }
  }

  /**
   * Relative distance of the images at some iterations: smallest, median and largest.
   *
   * @param iterations which ones, ascending from 0
   */
  record Curve(int[] iterations, double[] low, double[] median, double[] high) {}

  /**
   * A mean over images.
   *
   * @param value the mean
   * @param interval resampling images
   */
  record Mean(double value, Interval interval) {

    private static final int RESAMPLES = 10_000;

    /** Any fixed number: the interval of the same outcomes is always the same. */
    private static final long SEED = 1;

    /** The mean of at least one outcome, with its percentile bootstrap interval. */
    static Mean of(List<ImageOutcome> outcomes, ToDoubleFunction<ImageOutcome> number) {
      double[] numbers = outcomes.stream().mapToDouble(number).toArray();
      SplittableRandom random = new SplittableRandom(SEED);
      double[] means = new double[RESAMPLES];
      for (int r = 0; r < RESAMPLES; r++) {
        double sum = 0;
        for (int i = 0; i < numbers.length; i++) {
          sum += numbers[random.nextInt(numbers.length)];
        }
        means[r] = sum / numbers.length;
      }
      Arrays.sort(means);
      int outside = (int) (RESAMPLES * (1 - Interval.DEFAULT_CONFIDENCE) / 2);
      return new Mean(
          Arrays.stream(numbers).average().orElse(Double.NaN),
          new Interval(
              means[outside], means[RESAMPLES - 1 - outside], Interval.DEFAULT_CONFIDENCE));
    }
  }

  /** The networks' short names, in order. */
  List<String> networks() {
    return searches.stream().map(Search::network).distinct().toList();
  }

  /** The searches of a network, in order. */
  List<Search> of(String network) {
    return searches.stream().filter(s -> s.network().equals(network)).toList();
  }

  /** How many searches ran to their end. */
  long done() {
    return searches.stream().filter(s -> !s.interrupted()).count();
  }

  boolean interrupted() {
    return done() < planned;
  }
}
