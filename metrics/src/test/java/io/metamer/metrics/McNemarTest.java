package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class McNemarTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/mcnemar.csv", numLinesToSkip = 1)
  void tests_ofCounts_agreeWithStatsmodels(
      int onlyFirst, int onlySecond, double exact, double mid) {
    for (McNemar test :
        List.of(new McNemar(onlyFirst, onlySecond), new McNemar(onlySecond, onlyFirst))) {
      assertClose(exact, test.exactP(), 1e-10, 0);
      assertClose(mid, test.midP(), 1e-10, 0);
    }
  }

  /** Table 1 of Fagerland et al. (2013), airway hyper-responsiveness of 21 children. */
  @Test
  void midP_ofThePublishedExample_isThePapers() {
    assertEquals(0.0391, new McNemar(1, 7).midP(), 5e-5);
    assertEquals(0.0703, new McNemar(1, 7).exactP(), 5e-5);
  }

  @Test
  void counts_ofAnswers_areThoseThatOneGotRight() {
    List<Trial> trials = Trials.pairs(5);
    List<Answer> first = Trials.answers(trials, true, true, true, false, false);
    List<Answer> second = Trials.answers(trials, false, true, false, true, false);
    assertEquals(new McNemar(2, 1), McNemar.of(first, second));
    assertEquals(new McNemar(2, 1), McNemar.of(first, Trials.shuffled(second, 3)));
    assertEquals(new McNemar(1, 2), McNemar.of(Trials.shuffled(second, 4), first));
  }

  @Test
  void tie_isNotRight() {
    List<Trial> trials = Trials.pairs(1);
    Answer tie = new Answer(trials.get(0), OptionalInt.empty(), List.of());
    assertEquals(new McNemar(1, 0), McNemar.of(Trials.answers(trials, true), List.of(tie)));
    assertEquals(new McNemar(0, 0), McNemar.of(Trials.answers(trials, false), List.of(tie)));
  }

  @Test
  void answers_thatDoNotPair_areRefused() {
    List<Trial> trials = Trials.pairs(3);
    List<Answer> three = Trials.answers(trials, true, true, true);
    List<Answer> two = three.subList(0, 2);
    assertRefused(
        "expected answers to the same trials, got trial 2afc-2 from the first only", three, two);
    assertRefused("expected answers to the same trials, got 2 and 3", two, three);
    assertRefused(
        "expected one answer to each trial, got two to 2afc-0",
        List.of(three.get(0), three.get(0)),
        two);
    assertRefused("expected at least one answer, got none", List.of(), List.of());
    assertThrows(IllegalArgumentException.class, () -> new McNemar(-1, 2));
    assertThrows(IllegalArgumentException.class, () -> new McNemar(1, -2));
  }

  private static void assertRefused(String message, List<Answer> first, List<Answer> second) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> McNemar.of(first, second));
    assertEquals(message, e.getMessage());
  }
}
