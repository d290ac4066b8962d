package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

final class PositionBiasTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/fisher.csv", numLinesToSkip = 1)
  void test_ofATable_agreesWithScipy(int n, int targets, int hits, int found, double p) {
    assertClose(p, PositionBias.fisher(n, targets, hits, found), 1e-10, 0);
  }

  /** Wherever the accuracy: from guessing to nearly perfect. */
  @ParameterizedTest
  @CsvSource({"0.5", "0.3", "0.1", "0.02"})
  void bias_ofATenthOfFirstChoices_isSeenAndNamed(double errorRate) {
    List<Trial> trials = Trials.pairs(2000);
    PositionBias bias = PositionBias.of(new SimulatedObserver(errorRate, 0.1, 3).answers(trials));
    assertTrue(bias.seen(), bias.toString());
    assertTrue(
        bias.toString().startsWith("prefers the first place: targets found "), bias.toString());
    assertEquals(2000, bias.chosen().get(0) + bias.chosen().get(1));
    assertTrue(bias.found() > bias.foundElsewhere());
  }

  @ParameterizedTest
  @CsvSource({"0.667", "0.3"})
  void bias_amongThreePlaces_isSeenAndNamed(double errorRate) {
    List<Trial> trials = Trials.grids(1800);
    PositionBias first = PositionBias.of(new SimulatedObserver(errorRate, 0.2, 3).answers(trials));
    assertEquals(0, first.place());
    assertTrue(first.seen(), first.toString());
  }

  @Test
  void bias_awayFromAPlace_isNamed() {
    List<Trial> trials = Trials.grids(90);
    List<Answer> answers =
        trials.stream().map(t -> Answer.of(t, t.correct() == 1 ? 0 : t.correct())).toList();
    assertEquals(
        "avoids the second place: targets found 0.00 there, 1.00 elsewhere, p = 4.5e-24; chosen 60,"
            + " 0, 30",
        PositionBias.of(answers).toString());
  }

  /** Fisher's test is never beyond its level; nor is the smallest of three, thrice. */
  @ParameterizedTest
  @CsvSource({"2, 0.5", "2, 0.1", "3, 0.667", "3, 0.2"})
  void observer_withoutABias_isSuspectedInAtMostFivePercent(int alternatives, double errorRate) {
    List<Trial> trials = alternatives == 2 ? Trials.pairs(60) : Trials.grids(60);
    int repetitions = 1000;
    int seen = 0;
    for (int seed = 0; seed < repetitions; seed++) {
      seen +=
          PositionBias.of(new SimulatedObserver(errorRate, seed).answers(trials)).seen() ? 1 : 0;
    }
    // Three standard errors above 5 %.
    assertTrue(seen <= 0.071 * repetitions, "seen in " + seen);
  }

  /** Counting first choices would call this a bias: p = 2^-9. */
  @Test
  void observer_whoIsAlwaysRight_isNotSuspectedOfUnbalancedTrials() {
    List<Trial> trials =
        Trials.pairs(200).stream()
            .filter(t -> t.correct() == 0 || t.block() == 1)
            .limit(10)
            .toList();
    List<Answer> answers = new SimulatedObserver(0, 1).answers(trials);
    PositionBias bias = PositionBias.of(answers);
    assertEquals(1, bias.p());
    assertEquals("no preference for a place seen, p = 1.0; chosen 9, 1", bias.toString());
    assertFalse(bias.seen());
  }

  @Test
  void tie_isNoChoiceAndNotFound() {
    List<Answer> answers =
        IntStream.range(0, 8)
            .mapToObj(
                i -> {
                  Trial trial = Trials.pairs(8).get(i);
                  return i % 2 == 0
                      ? Answer.of(trial, 0)
                      : new Answer(trial, OptionalInt.empty(), List.of());
                })
            .toList();
    PositionBias bias = PositionBias.of(answers);
    assertEquals(List.of(4, 0), bias.chosen());
    assertClose(2 / 70.0, bias.p(), 1e-12, 0);
  }

  @Test
  void answers_thatCannotShowABias_areRefused() {
    List<Trial> trials = Trials.pairs(4);
    List<Answer> answers = Trials.answers(trials, true, true, true, true);
    refused(List.of());
    refused(List.of(answers.get(0), answers.get(2)));
    refused(List.of(answers.get(0), Trials.answers(Trials.grids(3), true).get(0)));
  }

  private static void refused(List<Answer> answers) {
    assertThrows(IllegalArgumentException.class, () -> PositionBias.of(answers));
  }
}
