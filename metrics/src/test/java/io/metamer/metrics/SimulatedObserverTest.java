package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.inversion.InversionResult;
import java.util.HashSet;
import java.util.List;
import org.apache.commons.math3.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SimulatedObserverTest {

  @Test
  void score_ofAPerfectObserver_isOne() {
    try (InversionResult result = Inversions.perfect(12)) {
      for (AlignmentMetric metric : List.of(new TwoAlternativeForcedChoice(), new Clustering(3))) {
        AlignmentReport report = metric.measure(result, new SimulatedObserver(0, 1));
        assertEquals(1, report.all().orElseThrow().value());
        assertEquals("simulated (errors 0.00, order bias 0.00, seed 1)", report.observer());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0.1", "0.5", "1"})
  void errors_overManyTrials_haveTheRate(double rate) {
    int n = 20_000;
    for (List<Trial> trials : List.of(Trials.pairs(n), Trials.grids(n))) {
      List<Answer> answers = new SimulatedObserver(rate, 7).answers(trials);
      double right = Tally.of(answers).correct() / (double) n;
      assertEquals(1 - rate, right, 4 * Math.sqrt(rate * (1 - rate) / n));
    }
  }

  @Test
  void errors_amongThree_fallOnBothOthersAlike() {
    int n = 30_000;
    List<Answer> answers = new SimulatedObserver(1, 7).answers(Trials.grids(n));
    double next =
        answers.stream()
            .filter(a -> a.choice().orElseThrow() == (a.trial().correct() + 1) % 3)
            .count();
    assertEquals(n / 2.0, next, 4 * Math.sqrt(n) / 2);
  }

  /**
   * The intervals of 1,000 guessing annotators hold chance as often as Wilson's interval does
   * exactly: the sum of the binomial over the counts whose interval holds it.
   */
  @ParameterizedTest
  @CsvSource({"60, 2", "100, 2", "200, 2", "33, 3", "99, 3", "198, 3"})
  void interval_ofAGuessingObserver_coversChanceAsOftenAsItShould(int n, int alternatives) {
    double chance = 1.0 / alternatives;
    BinomialDistribution guesses = new BinomialDistribution(null, n, chance);
    double exact = 0;
    for (int correct = 0; correct <= n; correct++) {
      exact += holds(Binomial.wilson(correct, n, 0.95), chance) ? guesses.probability(correct) : 0;
    }
    List<Trial> trials = alternatives == 2 ? Trials.pairs(n) : Trials.grids(n);
    int repetitions = 1000;
    int covered = 0;
    for (int seed = 0; seed < repetitions; seed++) {
      List<Answer> answers = new SimulatedObserver(1 - chance, seed).answers(trials);
      Interval interval =
          alternatives == 2
              ? new TwoAlternativeForcedChoice().score(answers).interval()
              : Binomial.wilson(Tally.of(answers).correct(), n, 0.95);
      covered += holds(interval, chance) ? 1 : 0;
    }
    assertEquals(
        exact, (double) covered / repetitions, 3 * Math.sqrt(exact * (1 - exact) / repetitions));
  }

  private static boolean holds(Interval interval, double chance) {
    return interval.low() <= chance && chance <= interval.high();
  }

  @Test
  void answers_toPermutedTrials_areTheSame() {
    List<Trial> trials = Trials.pairs(50);
    SimulatedObserver observer = new SimulatedObserver(0.4, 0.2, 9);
    List<Answer> answers = observer.answers(trials);
    List<Answer> permuted = observer.answers(Trials.shuffled(trials, 1));
    assertEquals(new HashSet<>(answers), new HashSet<>(permuted));
    assertEquals(answers.subList(10, 20), observer.answers(trials.subList(10, 20)));
  }

  /** Neighbouring seeds are other people: their answers agree as often as by chance. */
  @Test
  void answers_ofNeighbouringSeeds_areIndependent() {
    List<Trial> trials = Trials.pairs(10_000);
    for (long seed = 0; seed < 5; seed++) {
      List<Answer> one = new SimulatedObserver(0.5, seed).answers(trials);
      List<Answer> next = new SimulatedObserver(0.5, seed + 1).answers(trials);
      assertNotEquals(one, next);
      assertClose(0, Agreement.errorConsistency(one, next).orElseThrow(), 0, 0.04);
    }
  }

  @Test
  void orderBias_ofOne_choosesTheFirstAlways() {
    List<Answer> answers = new SimulatedObserver(0, 1, 4).answers(Trials.grids(30));
    answers.forEach(a -> assertEquals(0, a.choice().orElseThrow()));
  }

  @Test
  void rates_thatAreNone_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> new SimulatedObserver(-0.1, 1));
    assertThrows(IllegalArgumentException.class, () -> new SimulatedObserver(Double.NaN, 1));
    assertThrows(IllegalArgumentException.class, () -> new SimulatedObserver(0.1, 1.5, 1));
    assertThrows(IllegalArgumentException.class, () -> new SimulatedObserver(0.1, Double.NaN, 1));
  }
}
