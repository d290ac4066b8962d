package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class AnswerTest {

  private static final Trial TRIAL =
      new Trial(
          "t",
          Stimulus.iri(1),
          List.of(Stimulus.target(0), Stimulus.target(1), Stimulus.target(2)),
          1,
          0);

  @Test
  void nearest_ofDifferentDistances_isTheSmallest() {
    Answer answer = Answer.nearest(TRIAL, List.of(0.3, 0.1, 0.2));
    assertEquals(OptionalInt.of(1), answer.choice());
    assertTrue(answer.correct());
    assertFalse(Answer.nearest(TRIAL, List.of(0.3, 0.1, 0.0)).correct());
    assertEquals(OptionalInt.of(0), Answer.nearest(TRIAL, List.of(0.1, 0.3, 0.2)).choice());
  }

  @Test
  void nearest_ofEqualSmallestDistances_isATieAndNotCorrect() {
    for (List<Double> tied :
        List.of(List.of(0.1, 0.1, 0.2), List.of(0.2, 0.1, 0.1), List.of(0.1, 0.1, 0.1))) {
      assertTrue(Answer.nearest(TRIAL, tied).tie(), tied.toString());
      assertFalse(Answer.nearest(TRIAL, tied).correct(), tied.toString());
    }
  }

  @Test
  void nearest_ofEqualDistancesBehindASmaller_isNoTie() {
    assertFalse(Answer.nearest(TRIAL, List.of(0.2, 0.2, 0.1)).tie());
    assertFalse(Answer.nearest(TRIAL, List.of(0.1, 0.2, 0.2)).tie());
  }

  @Test
  void nearest_ofDistancesThatAreNotFinite_isRefused() {
    for (double d : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      Exception e =
          assertThrows(
              ArithmeticException.class, () -> Answer.nearest(TRIAL, List.of(0.1, d, 0.2)));
      assertEquals(
          "expected finite distances in trial t, got [0.1, %s, 0.2]".formatted(d), e.getMessage());
    }
  }

  @Test
  void answer_thatDoesNotFitItsTrial_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> Answer.of(TRIAL, 3));
    assertThrows(IllegalArgumentException.class, () -> Answer.of(TRIAL, -1));
    assertThrows(IllegalArgumentException.class, () -> Answer.nearest(TRIAL, List.of(0.1, 0.2)));
    assertThrows(IllegalArgumentException.class, () -> Answer.nearest(TRIAL, List.of()));
  }

  @Test
  void trial_withoutAChoice_isRefused() {
    Stimulus a = Stimulus.target(0);
    Stimulus b = Stimulus.target(1);
    Stimulus query = Stimulus.iri(0);
    assertThrows(IllegalArgumentException.class, () -> new Trial("t", query, List.of(a), 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Trial("t", query, List.of(a, a), 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Trial("t", query, List.of(a, b), 2, 0));
    assertThrows(IllegalArgumentException.class, () -> new Trial("t", query, List.of(a, b), -1, 0));
  }
}
