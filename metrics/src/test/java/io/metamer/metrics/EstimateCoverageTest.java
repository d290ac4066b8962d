package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.math3.distribution.BetaDistribution;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How often intervals over participants hold the true proportion: what {@link Estimate} says. */
@Tag("slow")
final class EstimateCoverageTest {

  private static final int EXPERIMENTS = 1000;
  private static final int TRIALS = 100;
  private static final double PROPORTION = 0.8;
  private static final double CORRELATION = 0.1;

  /** Participants' own proportions are Beta distributed with the intraclass correlation. */
  @ParameterizedTest
  @CsvSource({"3, 0.77", "5, 0.83", "10, 0.91", "20, 0.93", "50, 0.95"})
  void interval_overParticipants_holdsTheTrueProportion(int participants, double coverage) {
    SplittableRandom random = new SplittableRandom(1);
    double size = (1 - CORRELATION) / CORRELATION;
    BetaDistribution proportions =
        new BetaDistribution(null, PROPORTION * size, (1 - PROPORTION) * size);
    List<Trial> trials = Trials.pairs(TRIALS);
    int held = 0;
    for (int e = 0; e < EXPERIMENTS; e++) {
      List<List<Answer>> clusters = new ArrayList<>();
      for (int p = 0; p < participants; p++) {
        double errorRate = 1 - proportions.inverseCumulativeProbability(random.nextDouble());
        clusters.add(new SimulatedObserver(errorRate, random.nextLong()).answers(trials));
      }
      Interval interval = Estimate.proportion(clusters, e).interval();
      held += interval.low() <= PROPORTION && PROPORTION <= interval.high() ? 1 : 0;
    }
    // Four standard errors, and half of the last digit.
    double error = 4 * Math.sqrt(coverage * (1 - coverage) / EXPERIMENTS) + 0.005;
    assertEquals(coverage, (double) held / EXPERIMENTS, error);
  }
}
