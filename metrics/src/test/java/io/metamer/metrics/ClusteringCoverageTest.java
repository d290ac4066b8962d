package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.BetaDistribution;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How often intervals hold the true proportion: what {@link Clustering} says of them. */
@Tag("slow")
final class ClusteringCoverageTest {

  private static final int EXPERIMENTS = 1000;

  @ParameterizedTest
  @CsvSource({"4, 0.85, 0.32", "12, 0.91, 0.68", "33, 0.93, 0.87"})
  void interval_ofRowsThatDependOnEachOther_holdsTheTrueProportion(
      int grids, double atLeast, double resampledAtMost) {
    double widened = 1;
    double resampled = 1;
    for (double correlation : new double[] {0, 0.25, 0.5}) {
      for (double proportion : new double[] {1 / 3.0, 0.6, 0.8, 0.95}) {
        double[] coverage = coverage(grids, correlation, proportion);
        resampled = Math.min(resampled, coverage[0]);
        widened = Math.min(widened, coverage[1]);
      }
    }
    assertTrue(widened >= atLeast, "the interval held in " + widened);
    assertTrue(resampled <= resampledAtMost, "the bootstrap alone held in " + resampled);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 12, 33})
  void p_ofOneWhoGuessesEachColumnOnce_isBelowFivePercentALittleTooOften(int grids) {
    SplittableRandom random = new SplittableRandom(1);
    int[] rightOfPermutation = {3, 1, 1, 1, 0, 0};
    int below = 0;
    for (int e = 0; e < 20_000; e++) {
      int correct = 0;
      for (int grid = 0; grid < grids; grid++) {
        correct += rightOfPermutation[random.nextInt(rightOfPermutation.length)];
      }
      below += Binomial.atLeast(correct, 3 * grids, 1 / 3.0) < 0.05 ? 1 : 0;
    }
    assertEquals(0.065, below / 20_000.0, 0.015);
  }

  /** How often the bootstrap alone, and the interval of the metric, hold the proportion. */
  private static double[] coverage(int grids, double correlation, double proportion) {
    SplittableRandom random = new SplittableRandom(1);
    int resampled = 0;
    int widened = 0;
    for (int e = 0; e < EXPERIMENTS; e++) {
      List<Answer> answers = new ArrayList<>();
      List<Tally> tallies = new ArrayList<>();
      for (int grid = 0; grid < grids; grid++) {
        List<Answer> rows = rows(grid, ofGrid(proportion, correlation, random), random);
        tallies.add(Tally.of(rows));
        answers.addAll(rows);
      }
      Interval alone = BlockBootstrap.interval(tallies, Interval.DEFAULT_CONFIDENCE, e);
      resampled += holds(alone, proportion) ? 1 : 0;
      widened += holds(new Clustering(e).score(answers).interval(), proportion) ? 1 : 0;
    }
    return new double[] {(double) resampled / EXPERIMENTS, (double) widened / EXPERIMENTS};
  }

  /** A grid's own proportion: Beta distributed, so that rows have the intraclass correlation. */
  private static double ofGrid(double proportion, double correlation, SplittableRandom random) {
    if (correlation == 0) {
      return proportion;
    }
    double size = (1 - correlation) / correlation;
    return new BetaDistribution(proportion * size, (1 - proportion) * size)
        .inverseCumulativeProbability(random.nextDouble());
  }

  private static List<Answer> rows(int grid, double proportion, SplittableRandom random) {
    List<Stimulus> columns =
        IntStream.range(0, 3).mapToObj(k -> Stimulus.target(3 * grid + k)).toList();
    return IntStream.range(0, 3)
        .mapToObj(
            k -> {
              Trial trial = new Trial("t", Stimulus.iri(3 * grid + k), columns, k, grid);
              return new Answer(
                  trial,
                  OptionalInt.of(random.nextDouble() < proportion ? k : (k + 1) % 3),
                  List.of());
            })
        .toList();
  }

  private static boolean holds(Interval interval, double proportion) {
    return interval.low() <= proportion && proportion <= interval.high();
  }
}
