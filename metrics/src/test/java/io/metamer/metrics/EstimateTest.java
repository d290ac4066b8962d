package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class EstimateTest {

  /**
   * Of 40 values 20 are 1: the number of ones drawn is Binomial(40, 1/2), whose 2.5 % point is 14.
   */
  @Test
  void mean_ofOnesAndZeros_hasTheIntervalOfTheBinomial() {
    double[] values = new double[40];
    Arrays.fill(values, 0, 20, 1);
    Estimate mean = Estimate.mean(values, 3);
    assertEquals(0.5, mean.value());
    assertClose(0.35, mean.interval().low(), 1e-12, 0);
    assertClose(0.65, mean.interval().high(), 1e-12, 0);
    assertEquals("0.50 [0.35, 0.65]", mean.toString());
    assertEquals(mean, Estimate.mean(values, 3));
  }

  /** Searches from several seeds: the answers about one target are one cluster. */
  @Test
  void proportion_overTargets_ofSeveralSeeds_isNoNarrowerForMoreOfTheSame() {
    List<Trial> trials = Trials.pairs(40);
    List<Answer> one = trials.stream().map(t -> Answer.of(t, t.block() / 2 % 2)).toList();
    List<List<Answer>> once = IntStream.range(0, 40).mapToObj(i -> List.of(one.get(i))).toList();
    List<List<Answer>> thrice =
        IntStream.range(0, 40).mapToObj(i -> List.of(one.get(i), one.get(i), one.get(i))).toList();
    assertEquals(new Estimate(0.5, new Interval(0.35, 0.65, 0.95)), Estimate.proportion(thrice, 3));
    // Once, Wilson's interval is a little narrower and lies within.
    assertEquals(Estimate.proportion(thrice, 3), Estimate.proportion(once, 3));
  }

  @Test
  void proportion_ofCounts_isThatOfTheAnswers() {
    List<Trial> trials = Trials.pairs(40);
    List<List<Answer>> clusters =
        trials.stream()
            .map(t -> List.of(Answer.of(t, t.block() % 3 % 2), Answer.of(t, t.block() / 2 % 2)))
            .toList();
    int[] aligned =
        clusters.stream().mapToInt(c -> (int) c.stream().filter(Answer::correct).count()).toArray();
    int[] answers = new int[40];
    Arrays.fill(answers, 2);
    assertEquals(Estimate.proportion(clusters, 5), Estimate.proportion(aligned, answers, 80, 5));
  }

  /** Wilson's interval of no success in n trials ends at {@code z^2 / (n + z^2)}. */
  @Test
  void proportion_ofManyObserversWhoAllSayNo_isKnownNoBetterThanByOne() {
    int[] answers = new int[100];
    Arrays.fill(answers, 12);
    Estimate none = Estimate.proportion(new int[100], answers, 100, 0);
    double z = 1.959963984540054;
    assertEquals(0, none.interval().low());
    assertClose(z * z / (100 + z * z), none.interval().high(), 1e-12, 0);
  }

  @Test
  void proportion_ofCountsThatCannotBe_isRefused() {
    for (int[][] counts :
        new int[][][] {{{}, {}}, {{1}, {}}, {{2}, {1}}, {{-1}, {1}}, {{0}, {0}}}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> Estimate.proportion(counts[0], counts[1], 1, 0),
          () -> Arrays.deepToString(counts));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Estimate.proportion(new int[] {1}, new int[] {1}, 0, 0));
  }

  @Test
  void proportion_ofClustersThatAreAllRight_isNotCertain() {
    List<Trial> trials = Trials.pairs(4);
    List<Answer> right = Trials.answers(trials, true, true, true, true);
    assertEquals(
        new Estimate(1, Binomial.wilson(8, 8, 0.95)),
        Estimate.proportion(List.of(right, right), 1));
  }

  @Test
  void estimate_ofNothing_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> Estimate.proportion(List.of(), 1));
    assertThrows(IllegalArgumentException.class, () -> Estimate.proportion(List.of(List.of()), 1));
    assertThrows(IllegalArgumentException.class, () -> Estimate.mean(new double[0], 1));
    assertThrows(
        IllegalArgumentException.class, () -> Estimate.mean(new double[] {1, Double.NaN}, 1));
    assertThrows(
        IllegalArgumentException.class, () -> new Estimate(Double.NaN, new Interval(0, 1, 0.95)));
  }
}
