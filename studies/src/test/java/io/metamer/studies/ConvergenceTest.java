package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.InversionListener.Iteration;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class ConvergenceTest {

  @Test
  void images_atTheirOwnPace_areCountedByTheirLowestDistance() {
    Convergence convergence = new Convergence(3);
    tell(convergence, new int[] {0, 1}, 0.5, 0.9);
    tell(convergence, new int[] {0, 1}, 0.7, Double.NaN);
    tell(convergence, new int[] {0, 1}, 0.2, 0.1);
    for (int t = 0; t < 40; t++) {
      tell(convergence, new int[] {1}, 0.3);
    }
    tell(convergence, new int[] {1}, 0.05);

    assertEquals(0.2, convergence.lowest(0));
    assertEquals(0.05, convergence.lowest(1));
    assertEquals(Double.POSITIVE_INFINITY, convergence.lowest(2));
    assertEquals(3, convergence.evaluations(0));
    assertEquals(44, convergence.evaluations(1));
    assertEquals(OptionalInt.of(1), convergence.evaluationsTo(0, 0.6));
    assertEquals(OptionalInt.of(3), convergence.evaluationsTo(0, 0.2));
    assertEquals(OptionalInt.of(3), convergence.evaluationsTo(1, 0.1));
    assertEquals(OptionalInt.of(44), convergence.evaluationsTo(1, 0.06));
    assertEquals(OptionalInt.empty(), convergence.evaluationsTo(0, 0.1));
    assertEquals(OptionalInt.empty(), convergence.evaluationsTo(2, 1));
  }

  @Test
  void seconds_areSharedByTheImagesOfABatchAndAddUp() {
    long before = System.nanoTime();
    Convergence convergence = new Convergence(2);
    tell(convergence, new int[] {0, 1}, 0.5, 0.9);
    tell(convergence, new int[] {0, 1}, 0.1, 0.1);
    double all = (System.nanoTime() - before) * 1e-9;

    double first = convergence.secondsTo(0, 0.1).orElseThrow();
    assertEquals(first, convergence.secondsTo(1, 0.1).orElseThrow());
    assertTrue(convergence.secondsTo(0, 0.5).orElseThrow() < first);
    assertTrue(2 * first <= all);
    assertEquals(OptionalDouble.empty(), convergence.secondsTo(0, 0.01));
  }

  private static void tell(Convergence convergence, int[] rows, double... distance) {
    double[] rest = new double[rows.length];
    convergence.evaluated(
        new Iteration(
            rows,
            new int[rows.length],
            100,
            distance,
            rest,
            rest,
            rest,
            k -> {
              throw new AssertionError("no image is asked for");
            }));
  }
}
