package io.metamer.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

final class PredictionsTest {

  @Test
  void classes_areThoseOfTheLargestLogits_andNoneForTiesAndNaN() {
    float nan = Float.NaN;
    assertEquals(
        List.of(
            OptionalInt.of(2),
            OptionalInt.of(0),
            OptionalInt.empty(),
            OptionalInt.of(1),
            OptionalInt.empty(),
            OptionalInt.empty()),
        Predictions.of(
            Nd4j.createFromArray(
                new float[][] {
                  {1, 2, 3}, {3, 2, 2}, {3, 1, 3}, {1, 2, 1}, {nan, 1, 0}, {2, 1, nan}
                })));
  }

  @Test
  void logits_ofAnotherShape_areRefused() {
    assertEquals(
        "expected logits of shape [N, classes], got [1, 2, 1]",
        assertThrows(IllegalArgumentException.class, () -> Predictions.of(Nd4j.create(1, 2, 1)))
            .getMessage());
  }
}
