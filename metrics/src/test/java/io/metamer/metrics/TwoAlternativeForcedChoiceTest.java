package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.InversionResult;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class TwoAlternativeForcedChoiceTest {

  private final AlignmentMetric metric = new TwoAlternativeForcedChoice();

  @Test
  void score_ofTargetsFound_isOne() {
    try (InversionResult result = Inversions.perfect(20)) {
      AlignmentReport report = metric.measure(result, Inversions.pixels());
      assertEquals(1, report.all().orElseThrow().value());
      assertEquals(report.all(), report.matched());
      assertEquals(20, report.answers().size());
    }
  }

  @Test
  void score_ofSeedsLeftAlone_isZero() {
    try (InversionResult result = Inversions.unmoved(20)) {
      Score all = metric.measure(result, Inversions.pixels()).all().orElseThrow();
      assertEquals(0, all.value());
      assertEquals(1, all.p());
      assertEquals(0.5, all.chance());
    }
  }

  @Test
  void score_ofAlwaysTheFirst_isChance() {
    try (InversionResult result = Inversions.perfect(20)) {
      AlignmentReport report = metric.measure(result, Inversions.choosing(t -> 0));
      assertEquals(0.5, report.all().orElseThrow().value());
    }
  }

  /** The exact coverage is the sum of the binomial over the counts whose interval holds 1/2. */
  @Test
  void interval_ofGuesses_coversChanceAsOftenAsItShould() {
    int n = 60;
    double exact = 0;
    for (int k = 0; k <= n; k++) {
      Interval interval = Binomial.wilson(k, n, 0.95);
      if (interval.low() <= 0.5 && 0.5 <= interval.high()) {
        exact += Binomial.atLeast(k, n, 0.5) - (k == n ? 0 : Binomial.atLeast(k + 1, n, 0.5));
      }
    }
    int repetitions = 1000;
    int covered = 0;
    try (InversionResult result = Inversions.perfect(n)) {
      for (int seed = 0; seed < repetitions; seed++) {
        Interval interval =
            metric.measure(result, Inversions.guessing(seed)).all().orElseThrow().interval();
        covered += interval.low() <= 0.5 && 0.5 <= interval.high() ? 1 : 0;
      }
    }
    double error = Math.sqrt(exact * (1 - exact) / repetitions);
    assertEquals(exact, (double) covered / repetitions, 3 * error);
  }

  @Test
  void score_ofSeedsThatAreTheTargets_isTiesAndZero() {
    INDArray targets = Inversions.noise(6, 1);
    try (InversionResult result =
        Inversions.of(
            Inversions.SPEC, targets, targets.dup(), Inversions.noise(6, 3), new double[6])) {
      Score all = metric.measure(result, Inversions.pixels()).all().orElseThrow();
      assertEquals(0, all.correct());
      assertEquals(6, all.ties());
      AlignmentReport released =
          TwoAlternativeForcedChoice.released().measure(result, Inversions.pixels());
      assertEquals(6, released.all().orElseThrow().correct());
      assertEquals(6, released.all().orElseThrow().ties());
      assertEquals("2AFC as released", released.metric());
    }
  }

  /** Closer to the seed by less than half a level: in 8 bits it is as close to both. */
  @Test
  void images_thatDifferBelowALevel_areJudgedInEightBits() {
    INDArray targets = Nd4j.zeros(1, 1, 2, 3).addi(100 / 255f);
    INDArray seeds = Nd4j.zeros(1, 1, 2, 3).addi(102 / 255f);
    INDArray images = Nd4j.zeros(1, 1, 2, 3).addi(101.3f / 255f);
    try (InversionResult result =
        Inversions.of(Inversions.SPEC, targets.addi(0.2f / 255), seeds, images, 0)) {
      List<Answer> answers = metric.measure(result, Inversions.pixels()).answers();
      assertEquals(1 / 255.0 * Math.sqrt(6), answers.get(0).distances().get(0), 1e-7);
      assertEquals(1 / 255.0 * Math.sqrt(6), answers.get(0).distances().get(1), 1e-7);
    }
  }

  @Test
  void score_ofPermutedImages_isTheSame() {
    int n = 30;
    INDArray targets = Inversions.noise(n, 1);
    INDArray seeds = Inversions.noise(n, 2);
    INDArray images = Inversions.noise(n, 3);
    double[] distances = new double[n];
    double[] permutedDistances = new double[n];
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      distances[i] = i / 100.0;
      order[i] = (7 * i + 3) % n;
      permutedDistances[i] = order[i] / 100.0;
    }
    try (InversionResult result =
            Inversions.of(Inversions.SPEC, targets, seeds, images, distances);
        InversionResult permuted =
            Inversions.of(
                Inversions.SPEC,
                rows(targets, order),
                rows(seeds, order),
                rows(images, order),
                permutedDistances)) {
      AlignmentReport one = metric.measure(result, Inversions.pixels());
      AlignmentReport other = metric.measure(permuted, Inversions.pixels());
      assertEquals(one.all(), other.all());
      assertEquals(one.matched(), other.matched());
      assertTrue(one.matchedTrials() > 0 && one.matchedTrials() < n);
    }
  }

  @Test
  void matched_countsOnlyImagesWithinTheTolerance() {
    try (InversionResult result =
        Inversions.withDistances(Inversions.perfect(4), 0.1, 0.11, Double.NaN, 0)) {
      AlignmentReport report = metric.measure(result, Inversions.pixels());
      assertEquals(4, report.all().orElseThrow().n());
      assertEquals(2, report.matched().orElseThrow().n());
      assertEquals(2, report.matchedTrials());
    }
  }

  @Test
  void result_withoutImages_isRefused() {
    try (InversionResult none = Inversions.withDistances(Inversions.perfect(1))) {
      assertThrows(IllegalArgumentException.class, () -> metric.measure(none, Inversions.pixels()));
    }
    assertThrows(IllegalArgumentException.class, () -> metric.score(List.of()));
  }

  private static INDArray rows(INDArray images, int[] order) {
    return Nd4j.pullRows(images.reshape(order.length, 6), 1, order)
        .reshape(Inversions.SPEC.shape(order.length));
  }

  @Test
  void trials_inRandomOrder_haveTheTargetFirstInHalf_andNamesOfTheirOwn() {
    AlignmentMetric random = TwoAlternativeForcedChoice.inRandomOrder(5);
    try (InversionResult result = Inversions.perfect(41)) {
      List<Trial> trials = random.trials(result);
      assertEquals(trials, TwoAlternativeForcedChoice.inRandomOrder(5).trials(result));
      assertEquals(21, trials.stream().filter(t -> t.correct() == 0).count());
      int alternating = 0;
      for (int i = 0; i < 41; i++) {
        Trial trial = trials.get(i);
        assertEquals(Stimulus.iri(i), trial.query());
        assertEquals(Stimulus.target(i), trial.alternatives().get(trial.correct()));
        assertEquals("2afc-5-" + i, trial.id());
        alternating += trial.correct() == i % 2 ? 1 : 0;
      }
      assertTrue(alternating > 10 && alternating < 31, "as in alternation: " + alternating);
      List<Integer> others =
          TwoAlternativeForcedChoice.inRandomOrder(6).trials(result).stream()
              .map(Trial::correct)
              .toList();
      assertTrue(!others.equals(trials.stream().map(Trial::correct).toList()));
      assertEquals(1, random.measure(result, Inversions.pixels()).all().orElseThrow().value());
    }
  }
}
