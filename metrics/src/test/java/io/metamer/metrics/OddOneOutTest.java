package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.InversionResult;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.perceptual.Card;
import io.metamer.perceptual.PerceptualDistance;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class OddOneOutTest {

  private final AlignmentMetric metric = new OddOneOut(42);

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 12, 60})
  void trials_showEachImageWithItsTarget_andEachTargetOnceAsTheOddOne(int n) {
    try (InversionResult result = Inversions.perfect(n)) {
      List<Trial> trials = metric.trials(result);
      Set<Stimulus> odd = new HashSet<>();
      for (int i = 0; i < n; i++) {
        Trial trial = trials.get(i);
        Stimulus other = trial.alternatives().get(trial.correct());
        assertEquals(Stimulus.iri(i), trial.query());
        assertEquals(Trial.Task.ODD_ONE_OUT, trial.task());
        assertEquals(
            Set.of(Stimulus.iri(i), Stimulus.target(i), other), Set.copyOf(trial.alternatives()));
        assertEquals(Stimulus.Kind.TARGET, other.kind());
        assertNotEquals(i, other.index());
        assertEquals(1.0 / 3, trial.chance());
        odd.add(other);
      }
      assertEquals(n, odd.size());
      assertEquals(n, trials.stream().map(Trial::id).distinct().count());
    }
  }

  @Test
  void orders_areAllSix_equallyOften_andRandom() {
    try (InversionResult result = Inversions.perfect(60)) {
      Map<String, Integer> orders = new HashMap<>();
      for (Trial trial : metric.trials(result)) {
        String order =
            trial.alternatives().stream()
                .map(
                    s ->
                        s.equals(trial.alternatives().get(trial.correct()))
                            ? "odd"
                            : s.kind().name())
                .collect(Collectors.joining(" "));
        orders.merge(order, 1, Integer::sum);
      }
      assertEquals(6, orders.size());
      assertTrue(orders.values().stream().allMatch(count -> count == 10), orders.toString());
    }
    try (InversionResult result = Inversions.perfect(3)) {
      int[] first = new int[3];
      for (int seed = 0; seed < 3000; seed++) {
        first[new OddOneOut(seed).trials(result).get(0).correct()]++;
      }
      for (int count : first) {
        // Four standard deviations of Binomial(3000, 1/3).
        assertEquals(1000, count, 104);
      }
    }
  }

  @Test
  void trials_ofAnotherSeedOrDesign_areOthersOfOtherNames() {
    try (InversionResult result = pairs(12)) {
      assertEquals(metric.trials(result), new OddOneOut(42).trials(result));
      Set<String> names = new HashSet<>();
      List<String> one = Collections.nCopies(12, "one");
      List<OddOneOut> designs =
          List.of(
              new OddOneOut(42),
              new OddOneOut(43),
              OddOneOut.twoIris(42),
              new OddOneOut(42).withGroups(one),
              OddOneOut.twoIris(42).withGroups(one));
      designs.forEach(d -> d.trials(result).forEach(t -> names.add(t.id())));
      assertEquals(5 * 12, names.size());
      assertEquals("odd one out", designs.get(0).name());
      assertEquals("odd one out of IRIs within groups", designs.get(4).name());
    }
  }

  @Test
  void score_ofTargetsFound_isOne_andOfAPlaceAlways_chance() {
    try (InversionResult result = Inversions.perfect(12)) {
      Score all = metric.measure(result, Inversions.pixels()).all().orElseThrow();
      assertEquals(12, all.correct());
      assertEquals(1.0 / 3, all.chance());
      assertEquals(Binomial.wilson(12, 12, 0.95), all.interval());
      for (int place = 0; place < 3; place++) {
        int always = place;
        AlignmentReport report = metric.measure(result, Inversions.choosing(t -> always));
        assertEquals(4, report.all().orElseThrow().correct());
      }
    }
  }

  /** What was found is far from all targets: it is the odd one, and the score below chance. */
  @Test
  void score_ofImagesUnlikeAllTargets_isZero() {
    INDArray targets = Inversions.noise(6, 1).muli(0.2f);
    INDArray found = Inversions.noise(6, 2).muli(0.2f).addi(0.8f);
    try (InversionResult result =
        Inversions.of(Inversions.SPEC, targets, found, found.dup(), new double[6])) {
      AlignmentReport report = metric.measure(result, Inversions.pixels());
      assertEquals(0, report.all().orElseThrow().correct());
      assertEquals(0, report.all().orElseThrow().ties());
      for (Answer answer : report.answers()) {
        Trial trial = answer.trial();
        assertEquals(
            trial.query(), trial.alternatives().get(answer.choice().orElseThrow()), trial.id());
      }
    }
  }

  @Test
  void score_ofPairsEquallyFarApart_isTiesAndZero() {
    // Each of three images has a pixel of its own that is white.
    INDArray targets = Nd4j.zeros(2, 1, 2, 3);
    INDArray found = Nd4j.zeros(2, 1, 2, 3);
    for (int i = 0; i < 2; i++) {
      targets.putScalar(new int[] {i, 0, 0, i}, 1);
      found.putScalar(new int[] {i, 0, 1, i}, 1);
    }
    try (InversionResult result =
        Inversions.of(Inversions.SPEC, targets, found, found.dup(), new double[2])) {
      Score all = metric.measure(result, Inversions.pixels()).all().orElseThrow();
      assertEquals(0, all.correct());
      assertEquals(2, all.ties());
    }
  }

  @Test
  void twoIris_areOfOneTarget_andTheOddOneOfAnother() {
    try (InversionResult result = pairs(12)) {
      AlignmentMetric iris = OddOneOut.twoIris(7);
      for (Trial trial : iris.trials(result)) {
        Set<Integer> targets = new HashSet<>();
        for (Stimulus shown : trial.alternatives()) {
          assertEquals(Stimulus.Kind.IRI, shown.kind());
          targets.add(shown.index() % 6);
        }
        assertEquals(2, targets.size());
        int odd = trial.alternatives().get(trial.correct()).index() % 6;
        assertNotEquals(trial.query().index() % 6, odd);
        assertEquals(
            2, trial.alternatives().stream().filter(s -> s.index() % 6 != odd).distinct().count());
      }
      Score all = iris.measure(result, Inversions.pixels()).all().orElseThrow();
      assertEquals(12, all.correct());
      // Six targets with two answers each: no narrower than the interval of 12 answers.
      assertEquals(Binomial.wilson(12, 12, 0.95), all.interval());
    }
  }

  @Test
  void interval_ofTargetsRightOrWrongAsAWhole_isWiderThanOfIndependentTrials() {
    try (InversionResult result = pairs(60)) {
      AlignmentMetric iris = OddOneOut.twoIris(7);
      Interval interval =
          iris.measure(
                  result,
                  Inversions.choosing(
                      t -> t.block() % 2 == 0 ? t.correct() : (t.correct() + 1) % 3))
              .all()
              .orElseThrow()
              .interval();
      Interval independent = Binomial.wilson(30, 60, 0.95);
      assertTrue(interval.low() < independent.low() - 0.03, interval.toString());
      assertTrue(interval.high() > independent.high() + 0.03, interval.toString());
    }
  }

  /** A trial that shows an unmatched image says nothing, whichever image it asks about. */
  @Test
  void matched_losesTrialsThatShowAnUnmatchedImage() {
    double[] distances = new double[12];
    distances[0] = 1;
    try (InversionResult pairs = pairs(12);
        InversionResult result = Inversions.withDistances(pairs, distances)) {
      // Image 0 is asked about once, is the partner of image 6, and the odd one of one other.
      assertEquals(
          9, OddOneOut.twoIris(7).measure(result, Inversions.pixels()).matched().orElseThrow().n());
      // Beside its target, it is shown where it is asked about only.
      assertEquals(11, metric.measure(result, Inversions.pixels()).matched().orElseThrow().n());
    }
  }

  @Test
  void groups_haveTheOddOneOfTheSameGroup() {
    try (InversionResult result = Inversions.perfect(9)) {
      List<String> groups = List.of("a", "b", "a", "b", "a", "c", "a", "c", "b");
      for (Trial trial : new OddOneOut(1).withGroups(groups).trials(result)) {
        for (Stimulus shown : trial.alternatives()) {
          assertEquals(groups.get(trial.query().index()), groups.get(shown.index()));
        }
      }
    }
  }

  @Test
  void distanceWithADirection_countsAsTheMeanOfBoth() {
    // 0 from what is darker, the difference of means from what is lighter.
    PerceptualDistance oneWay =
        new PerceptualDistance() {
          @Override
          public String name() {
            return "one way";
          }

          @Override
          public Card card() {
            return new Card("max(0, mean a - mean b)", 1, 1, false, "made up");
          }

          @Override
          public double[] between(INDArray a, INDArray b) {
            return IntStream.range(0, (int) a.size(0))
                .mapToDouble(
                    i ->
                        Math.max(
                            0,
                            a.slice(i).meanNumber().doubleValue()
                                - b.slice(i).meanNumber().doubleValue()))
                .toArray();
          }

          @Override
          public DifferentiableLoss to(INDArray reference) {
            throw new UnsupportedOperationException();
          }
        };
    INDArray targets =
        Nd4j.createFromArray(new float[] {0.2f, 0.8f})
            .reshape(2, 1)
            .repeat(1, 6)
            .reshape(2, 1, 2, 3);
    INDArray found = targets.mul(0.5f).addi(0.2f); // 0.3 and 0.6
    try (InversionResult result =
        Inversions.of(Inversions.SPEC, targets, found, found.dup(), new double[2])) {
      List<Answer> answers = metric.measure(result, new PerceptualObserver(oneWay)).answers();
      for (Answer answer : answers) {
        assertTrue(answer.correct(), answer.toString());
        // The pair that is left without the odd one differs by 0.1 or 0.2, one way.
        double pair = answer.distances().get(answer.trial().correct());
        assertEquals(answer.trial().query().index() == 0 ? 0.05 : 0.1, pair, 0.003);
      }
    }
  }

  @Test
  void result_thatCannotBeAskedAbout_isRefused() {
    try (InversionResult one = Inversions.perfect(1);
        InversionResult apart = Inversions.perfect(4);
        InversionResult pair = pairs(2)) {
      refused("expected at least 2 inverted images to choose among, got 1", metric, one);
      refused("expected at least two different targets, got one", metric, pair);
      refused(
          "expected at least two inverted images of each target, target ",
          OddOneOut.twoIris(1),
          apart);
      refused(
          "expected a group of each of 4 images, got 2",
          new OddOneOut(1).withGroups(List.of("a", "b")),
          apart);
      refused(
          "expected at least 2 images in each group to choose among, group b has 1",
          new OddOneOut(1).withGroups(List.of("a", "a", "a", "b")),
          apart);
    }
    assertThrows(IllegalArgumentException.class, () -> metric.score(List.of()));
  }

  @Test
  void trial_withoutItsQueryOrAnOddOne_isRefused() {
    List<Stimulus> shown = List.of(Stimulus.iri(0), Stimulus.target(0), Stimulus.target(1));
    Trial.Task odd = Trial.Task.ODD_ONE_OUT;
    new Trial("a", Stimulus.iri(0), shown, 2, 0, odd);
    assertThrows(
        IllegalArgumentException.class, () -> new Trial("a", Stimulus.iri(1), shown, 2, 0, odd));
    assertThrows(
        IllegalArgumentException.class, () -> new Trial("a", Stimulus.iri(0), shown, 0, 0, odd));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Trial("a", Stimulus.iri(0), shown.subList(0, 2), 1, 0, odd));
  }

  private static void refused(String message, AlignmentMetric metric, InversionResult result) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> metric.trials(result));
    assertTrue(e.getMessage().startsWith(message), e.getMessage());
  }

  /** Each target twice, image i of target i mod n / 2; every image was found to be its target. */
  private static InversionResult pairs(int n) {
    INDArray half = Inversions.noise(n / 2, 1);
    INDArray targets = Nd4j.concat(0, half, half);
    return Inversions.of(
        Inversions.SPEC, targets, Inversions.noise(n, 2), targets.dup(), new double[n]);
  }
}
