package io.metamer.examples;

import io.metamer.examples.DemoResults.Curve;
import io.metamer.examples.DemoResults.Search;
import io.metamer.examples.DemoResults.Target;
import io.metamer.inversion.Certificate;
import io.metamer.inversion.Certificate.Agreement;
import io.metamer.inversion.ImageOutcome;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.NullDistribution;
import io.metamer.inversion.Provenance;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.inversion.StopReason;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Answer;
import io.metamer.metrics.Interval;
import io.metamer.metrics.Score;
import io.metamer.metrics.Stimulus;
import io.metamer.metrics.Trial;
import io.metamer.model.ModelId;
import io.metamer.model.Preprocessing;
import java.awt.image.BufferedImage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Made-up results, for tests of their views: two networks, three regularizers, six images. */
final class Synthetic {

  static final int IMAGES = 6;
  static final List<String> JUDGES = List.of("features", "SSIM");

  private Synthetic() {}

  /** All six searches done; the last one matched no image. */
  static DemoResults results() {
    List<Search> searches = new ArrayList<>();
    for (String network : List.of("standard", "robust")) {
      for (String regularizer : List.of("none", "tv-l6", "adversarial")) {
        double distance =
            network.equals("robust") && regularizer.equals("adversarial") ? 0.4 : 0.02;
        searches.add(search(network, regularizer, distance, StopReason.ITERATIONS));
      }
    }
    return results(searches, 6);
  }

  static DemoResults results(List<Search> searches, int planned) {
    return new DemoResults(
        "examples/bin/metamer demo",
        Instant.parse("2026-11-23T12:00:00Z"),
        12.5,
        42,
        picture(0),
        IntStream.range(0, IMAGES).mapToObj(i -> new Target("image<" + i, picture(i))).toList(),
        JUDGES,
        planned,
        searches);
  }

  static Search search(String network, String regularizer, double distance, StopReason stop) {
    List<ImageOutcome> outcomes =
        IntStream.range(0, IMAGES)
            .mapToObj(
                i ->
                    new ImageOutcome(
                        distance * (1 + i / 10.0), distance, 40, 50, 51, stop, Optional.empty()))
            .toList();
    List<AlignmentReport> reports = new ArrayList<>();
    for (String judge : JUDGES) {
      boolean heldOut = regularizer.equals("adversarial") && judge.equals("features");
      for (String metric : Table.METRICS) {
        reports.add(report(metric, judge, heldOut, distance <= 0.05 ? IMAGES : 0));
      }
    }
    return new Search(
        network,
        regularizer,
        InversionOptions.defaults()
            .withIterations(50)
            .withStep(StepRule.normalized(1).withSchedule(Schedule.COSINE)),
        new Provenance(
            new ModelId(network, "ab".repeat(32), "features", Preprocessing.none()),
            "cd".repeat(32),
            "ef".repeat(32),
            "FLOAT",
            "Metamer test",
            Instant.parse("2026-11-23T12:00:00Z"),
            2),
        outcomes,
        outcomes.stream().map(o -> certificate(o.distance())).toList(),
        Optional.of(pairs()),
        IntStream.range(0, IMAGES).mapToObj(Synthetic::picture).toList(),
        new Curve(
            new int[] {0, 25, 50},
            new double[] {0.8, 0.05, distance / 2},
            new double[] {1, 0.1, distance},
            new double[] {1.3, 0.2, Double.POSITIVE_INFINITY}),
        reports);
  }

  private static AlignmentReport report(String metric, String judge, boolean heldOut, int matched) {
    if (heldOut) {
      return new AlignmentReport(
          metric, judge, 0.1, IMAGES, matched, Optional.empty(), Optional.empty(), List.of());
    }
    Score score = new Score(4, 1, IMAGES, 0.5, new Interval(0.3, 0.9, 0.95), 0.34375);
    List<Answer> answers =
        IntStream.range(0, IMAGES)
            .mapToObj(
                i ->
                    new Trial(
                        "t" + i,
                        Stimulus.iri(i),
                        List.of(Stimulus.target(i), Stimulus.seed(i)),
                        0,
                        i))
            .map(trial -> Answer.nearest(trial, List.of(0.25, 0.5)))
            .toList();
    return new AlignmentReport(
        metric,
        judge,
        0.1,
        IMAGES,
        matched,
        Optional.of(score),
        matched == 0 ? Optional.empty() : Optional.of(score),
        answers);
  }

  private static Certificate certificate(double distance) {
    return new Certificate(agreement(distance), agreement(10 * distance));
  }

  private static Agreement agreement(double distance) {
    return new Agreement(
        distance,
        OptionalDouble.of(pairs().percentile(distance)),
        0.9,
        0.8,
        Optional.empty(),
        List.of());
  }

  private static NullDistribution pairs() {
    return NullDistribution.of(new double[] {0.25, 0.5, 1});
  }

  private static BufferedImage picture(int seed) {
    BufferedImage picture = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 28; i++) {
      for (int j = 0; j < 28; j++) {
        picture.getRaster().setSample(i, j, 0, random.nextInt(256));
      }
    }
    return picture;
  }
}
