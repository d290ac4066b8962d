package io.metamer.examples;

import io.metamer.examples.DemoResults.Curve;
import io.metamer.examples.DemoResults.Search;
import io.metamer.examples.DemoResults.Target;
import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.inversion.Curves;
import io.metamer.inversion.InversionListener;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.Trajectory;
import io.metamer.loss.RelativeL2;
import io.metamer.metrics.AlignmentMetric;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Clustering;
import io.metamer.metrics.PerceptualObserver;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import io.metamer.model.RepresentationModel;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.regularizers.AdversarialRegularizer;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Inverts networks with regularizers, and lets judges look at what comes out.
 *
 * @param targets the images whose representations are matched, shape {@code [N, C, H, W]}
 * @param names one for each target
 * @param seeds where every search starts, the same shape
 * @param seed which noise that is
 * @param subjects the networks; all take the same images
 * @param penalties what each network is inverted with
 * @param judges who looks at the images
 * @param options of every search, but for the regularizer
 */
record Experiment(
    INDArray targets,
    List<String> names,
    INDArray seeds,
    long seed,
    List<Subject> subjects,
    List<Penalty> penalties,
    List<PerceptualDistance> judges,
    InversionOptions options) {

  /** The fewest images that can be grouped into a triple. */
  private static final int TRIPLE = 3;

  /** Decides which images are shown together in the clustering test. */
  private static final long TRIPLES_SEED = 0;

  /** Points of a curve at most. */
  private static final int CURVE_POINTS = 200;

  /** A network and its short name. */
  record Subject(String name, RepresentationModel model) {}

  /**
   * A regularizer and its short name.
   *
   * @param name its short name
   * @param units what a step costs, in steps without a regularizer
   * @param of the regularizer for a network
   */
  record Penalty(String name, int units, Of of) {

    /** Makes the regularizer for a network, which may have to be asked how far the seeds are. */
    interface Of {
      Regularizer subject(Experiment experiment, RepresentationModel model);
    }
  }

  /**
   * Away from the targets in the eyes of a distance, weighted so that at the seeds it is as large
   * as the relative distance, on average. The code released with Nanda et al. (2023) does so in
   * {@code adv_alex_imagenet}, its variant for small images; its fixed weight of 10 suits LPIPS
   * only, whose values are smaller.
   */
  Regularizer adversarial(RepresentationModel model, PerceptualDistance distance) {
    int[] rows = IntStream.range(0, names.size()).toArray();
    ImageSpec spec = model.input();
    INDArray start = spec.clip(seeds);
    double[] relative =
        new RelativeL2(model.represent(targets)).evaluate(model.represent(start), rows).value();
    double[] looks = distance.between(spec.toUnit(targets), spec.toUnit(start));
    double weight = Arrays.stream(relative).sum() / Arrays.stream(looks).sum();
    return new AdversarialRegularizer(distance).times(weight);
  }

  /** How many units of progress all searches make. */
  long units() {
    int each = penalties.stream().mapToInt(Penalty::units).sum();
    return (long) subjects.size() * each * (options.iterations() + 1);
  }

  /**
   * Runs all searches, one after the other. An interrupt of the thread ends them early; what was
   * found until then is in the results, and the thread is no longer interrupted.
   *
   * @param command what the user typed
   * @param progress is told of each step
   * @param pictures draws each search as it is done, if wanted
   * @throws IOException if the pictures cannot be written
   */
  DemoResults run(String command, Progress progress, Optional<SearchPictures> pictures)
      throws IOException {
    Instant started = Instant.now();
    List<Search> searches = new ArrayList<>();
    boolean interrupted = false;
    for (Subject subject : subjects) {
      for (Penalty penalty : penalties) {
        if (!interrupted) {
          progress.task(subject.name() + ", " + penalty.name());
          Curves curves = new Curves(CURVE_POINTS);
          long[] told = {0};
          InversionListener listener =
              curves.and(
                  iteration -> {
                    told[0]++;
                    progress.done(penalty.units());
                  });
          Trajectory trajectory = SearchPictures.trajectory(names.size());
          if (pictures.isPresent()) {
            listener = listener.and(trajectory);
          }
          InversionOptions theseOptions =
              options
                  .withRegularizer(penalty.of().subject(this, subject.model()))
                  .withBatch(names.size());
          try (trajectory;
              InversionResult result =
                  new Inverter(subject.model(), theseOptions).invert(targets, seeds, listener)) {
            interrupted = Thread.interrupted();
            if (!interrupted) {
              // A search ends early when all of its images have.
              progress.done(penalty.units() * (options.iterations() + 1 - told[0]));
            }
            searches.add(search(subject, penalty, result, spread(curves)));
            if (pictures.isPresent()) {
              pictures.get().write(subject.name(), penalty.name(), curves, trajectory, result);
            }
          }
        }
      }
    }
    // One that came too late to end a search must not keep files from being written.
    Thread.interrupted();
    ImageSpec spec = subjects.get(0).model().input();
    List<BufferedImage> shown = pictures(targets, spec);
    return new DemoResults(
        command,
        started,
        Duration.between(started, Instant.now()).toNanos() * 1e-9,
        seed,
        pictures(seeds, spec).get(0),
        IntStream.range(0, names.size())
            .mapToObj(i -> new Target(names.get(i), shown.get(i)))
            .toList(),
        judges.stream().map(PerceptualDistance::name).toList(),
        subjects.size() * penalties.size(),
        List.copyOf(searches));
  }

  private Search search(Subject subject, Penalty penalty, InversionResult result, Curve curve) {
    List<AlignmentMetric> metrics = new ArrayList<>(List.of(new TwoAlternativeForcedChoice()));
    if (result.size() >= TRIPLE) {
      metrics.add(new Clustering(TRIPLES_SEED));
    }
    List<AlignmentReport> reports = new ArrayList<>();
    for (PerceptualDistance judge : judges) {
      for (AlignmentMetric metric : metrics) {
        reports.add(metric.measure(result, new PerceptualObserver(judge)));
      }
    }
    return new Search(
        subject.name(),
        penalty.name(),
        result.options(),
        result.provenance(),
        result.outcomes(),
        result.certificates(),
        result.nullDistribution(),
        pictures(result.images(), result.input()),
        curve,
        List.copyOf(reports));
  }

  private static List<BufferedImage> pictures(INDArray images, ImageSpec spec) {
    return IntStream.range(0, Math.toIntExact(images.size(0)))
        .mapToObj(i -> Images.toBufferedImage(images.slice(i), spec))
        .toList();
  }

  /** The spread of the relative distances at the iterations that are kept of the longest search. */
  private static Curve spread(Curves curves) {
    List<Curves.Curve> all = IntStream.of(curves.rows()).mapToObj(curves::of).toList();
    int[] iterations =
        all.stream()
            .map(Curves.Curve::iteration)
            .max(Comparator.comparingInt(t -> t[t.length - 1]))
            .orElse(new int[0]);
    double[] low = new double[iterations.length];
    double[] median = new double[iterations.length];
    double[] high = new double[iterations.length];
    for (int i = 0; i < iterations.length; i++) {
      int t = iterations[i];
      // An image that has left the search keeps the last distance it had.
      double[] sorted = all.stream().mapToDouble(c -> c.distance()[c.at(t)]).sorted().toArray();
      int n = sorted.length;
      low[i] = sorted[0];
      median[i] = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
      high[i] = sorted[n - 1];
    }
    return new Curve(iterations, low, median, high);
  }
}
