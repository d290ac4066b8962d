package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class ScoreTest {

  private static final Interval INTERVAL = new Interval(0.25, 0.75, 0.95);

  private static Score score(int correct, int ties, int n, double p) {
    return new Score(correct, ties, n, 0.5, INTERVAL, p);
  }

  @Test
  void print_ofEightyThreeOfAHundred_isTheReadmes() {
    Score score = new Tally(83, 0, 100, 0.5).score(83, Binomial.wilson(83, 100, 0.95));
    assertEquals("0.83 [0.74, 0.89], n = 100, chance 0.50, p = 7e-12", score.toString());
  }

  @Test
  void print_withTies_countsThem() {
    assertEquals(
        "0.50 [0.25, 0.75], n = 4, 1 tie, chance 0.50, p = 0.69",
        score(2, 1, 4, 0.6875).toString());
    assertEquals(
        "0.50 [0.25, 0.75], n = 4, 2 ties, chance 0.50, p = 1.0", score(2, 2, 4, 1).toString());
  }

  @Test
  void print_ofAVanishingP_isABound() {
    assertEquals(
        "1.00 [0.25, 0.75], n = 2000, chance 0.50, p < 1e-99", score(2000, 0, 2000, 0).toString());
  }

  @Test
  void score_ofNothing_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> score(0, 0, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> score(-1, 0, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> score(3, 0, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> score(0, -1, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> score(0, 3, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> score(1, 0, 2, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new Score(1, 0, 2, Double.NaN, INTERVAL, 1));
  }

  @Test
  void interval_thatIsNone_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Interval(0.6, 0.5, 0.95));
    assertThrows(IllegalArgumentException.class, () -> new Interval(Double.NaN, 0.5, 0.95));
    assertThrows(IllegalArgumentException.class, () -> new Interval(0.4, 0.5, 1));
    assertThrows(IllegalArgumentException.class, () -> new Interval(0.4, 0.5, Double.NaN));
  }
}
