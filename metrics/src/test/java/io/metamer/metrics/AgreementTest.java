package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class AgreementTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/cohen.csv", numLinesToSkip = 1)
  void cohen_ofCategories_agreesWithStatsmodels(String first, String second, double kappa) {
    OptionalDouble actual = Agreement.cohen(Trials.ints(first), Trials.ints(second));
    assertClose(kappa, actual.orElseThrow(), 1e-10, 0);
  }

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/error_consistency.csv", numLinesToSkip = 1)
  void errorConsistency_ofRightAndWrong_agreesWithItsDefinition(
      String first, String second, double kappa) {
    List<Answer> one = rightWhere(Trials.ints(first));
    List<Answer> other = rightWhere(Trials.ints(second));
    assertClose(kappa, Agreement.errorConsistency(one, other).orElseThrow(), 1e-10, 0);
    assertClose(
        kappa, Agreement.errorConsistency(one, Trials.shuffled(other, 2)).orElseThrow(), 1e-10, 0);
  }

  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/fleiss.csv", numLinesToSkip = 1)
  void fleiss_ofCounts_agreesWithStatsmodels(String counts, double kappa) {
    int[][] rows = Arrays.stream(counts.split("\\|")).map(Trials::ints).toArray(int[][]::new);
    assertClose(kappa, Agreement.fleiss(rows).orElseThrow(), 1e-10, 0);
  }

  /** By hand: the first pair agrees in 2 of 4 trials, as by chance, the second in 3 of 4. */
  @Test
  void cohen_ofAnswers_comparesPlacesChosen() {
    List<Trial> trials = Trials.pairs(4);
    List<Answer> first = chosen(trials, 0, 0, 1, 1);
    List<Answer> second = chosen(trials, 0, 1, 1, 0);
    assertClose(0, Agreement.cohen(first, second).orElseThrow(), 0, 1e-15);
    assertClose(0.5, Agreement.cohen(first, chosen(trials, 0, 0, 1, 0)).orElseThrow(), 1e-15, 0);
    assertClose(1, Agreement.cohen(first, first).orElseThrow(), 1e-15, 0);
    assertClose(-1, Agreement.cohen(first, chosen(trials, 1, 1, 0, 0)).orElseThrow(), 1e-15, 0);
  }

  @Test
  void fleiss_ofAnswers_isThatOfTheirCounts() {
    List<Trial> trials = Trials.pairs(3);
    List<Answer> a = chosen(trials, 0, 0, 1);
    List<Answer> b = chosen(trials, 0, 1, 1);
    List<Answer> c = chosen(trials, 0, 1, 0);
    OptionalDouble counted = Agreement.fleiss(new int[][] {{0, 3, 0}, {0, 1, 2}, {0, 1, 2}});
    assertEquals(counted, Agreement.fleiss(List.of(a, b, c)));
    assertEquals(counted, Agreement.fleiss(List.of(a, Trials.shuffled(b, 1), c)));
  }

  @Test
  void tie_isACategoryOfItsOwn() {
    List<Trial> trials = Trials.pairs(2);
    List<Answer> ties =
        trials.stream().map(t -> new Answer(t, OptionalInt.empty(), List.of())).toList();
    List<Answer> one = List.of(ties.get(0), Answer.of(trials.get(1), 0));
    assertClose(1, Agreement.cohen(one, one).orElseThrow(), 1e-15, 0);
    assertEquals(OptionalDouble.empty(), Agreement.cohen(ties, ties));
  }

  @Test
  void kappa_ofOneCategoryOnly_isAbsent() {
    List<Trial> trials = Trials.pairs(4);
    List<Answer> right = Trials.answers(trials, true, true, true, true);
    List<Answer> wrong = Trials.answers(trials, false, false, false, false);
    assertEquals(OptionalDouble.empty(), Agreement.errorConsistency(right, right));
    assertEquals(OptionalDouble.empty(), Agreement.errorConsistency(wrong, wrong));
    assertEquals(OptionalDouble.of(0), Agreement.errorConsistency(right, wrong));
    List<Answer> first = chosen(trials, 0, 0, 0, 0);
    assertEquals(OptionalDouble.empty(), Agreement.cohen(first, first));
    assertEquals(OptionalDouble.empty(), Agreement.fleiss(List.of(first, first, first)));
    // Always right is not always the same place.
    assertClose(1, Agreement.cohen(right, right).orElseThrow(), 1e-15, 0);
  }

  /** Errors at 30 and 20 % of independent trials: consistent by chance only. */
  @Test
  void errorConsistency_ofIndependentAnnotators_isNearZero() {
    List<Trial> trials = Trials.pairs(20_000);
    List<Answer> first = new SimulatedObserver(0.3, 1).answers(trials);
    List<Answer> second = new SimulatedObserver(0.2, 2).answers(trials);
    // Its standard error, by the delta method at kappa 0, is sqrt(c / ((1 - c) n)) at most.
    double c = 0.7 * 0.8 + 0.3 * 0.2;
    assertEquals(
        0,
        Agreement.errorConsistency(first, second).orElseThrow(),
        4 * Math.sqrt(c / ((1 - c) * 20_000)));
  }

  @Test
  void observers_thatAreTooFew_areRefused() {
    List<Answer> one = Trials.answers(Trials.pairs(2), true, false);
    assertThrows(IllegalArgumentException.class, () -> Agreement.fleiss(List.of(one)));
    assertThrows(
        IllegalArgumentException.class, () -> Agreement.fleiss(List.of(one, one.subList(0, 1))));
    assertThrows(IllegalArgumentException.class, () -> Agreement.cohen(List.of(), List.of()));
  }

  private static List<Answer> chosen(List<Trial> trials, int... places) {
    return IntStream.range(0, places.length)
        .mapToObj(i -> Answer.of(trials.get(i), places[i]))
        .toList();
  }

  private static List<Answer> rightWhere(int[] right) {
    List<Trial> trials = Trials.pairs(right.length);
    boolean[] where = new boolean[right.length];
    for (int i = 0; i < right.length; i++) {
      where[i] = right[i] == 1;
    }
    return Trials.answers(trials, where);
  }
}
