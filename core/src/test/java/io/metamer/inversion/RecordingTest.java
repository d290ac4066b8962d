package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionListener.Iteration;
import io.metamer.inversion.Trajectory.Frame;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class RecordingTest {

  private static final ImageSpec SPEC = new ImageSpec(1, 2, 2, 0, 1);
  private static final LinearModel MODEL = new LinearModel(SPEC, Nd4j.eye(4));

  @Test
  void curve_ofALongSearch_isBoundedEvenAndEndsWithTheLastIteration() {
    for (int last : new int[] {0, 1, 4, 5, 17, 5_000}) {
      Curves curves = new Curves(50);
      for (int t = 0; t <= last; t++) {
        curves.evaluated(iteration(t, last));
      }
      Curves.Curve curve = curves.of(3);
      int n = curve.iteration().length;
      assertTrue(n <= 50 && n >= Math.min(last + 1, 25), n + " points");
      assertEquals(0, curve.iteration()[0]);
      assertEquals(last, curve.iteration()[n - 1]);
      assertEquals(n - 1, curve.at(last + 1));
      assertEquals(0, curve.at(0));
      int every = n > 1 ? curve.iteration()[1] : 1;
      for (int i = 0; i < n; i++) {
        int t = curve.iteration()[i];
        assertTrue(i == n - 1 || t == i * every, Arrays.toString(curve.iteration()));
        assertEquals(t + 0.1, curve.distance()[i]);
        assertEquals(t + 0.2, curve.loss()[i]);
        assertEquals(t + 0.3, curve.penalty()[i]);
        assertEquals(t + 0.4, curve.gradientNorm()[i]);
      }
    }
  }

  @Test
  void curves_ofImagesThatWait_eachBeginWithTheSeed() {
    Curves curves = new Curves(10);
    InversionOptions options = InversionOptions.defaults().withIterations(6).withBatch(2);
    new Inverter(MODEL, options).invert(images(3, 0.4), images(3, 0.2), curves).close();
    assertArrayEquals(new int[] {0, 1, 2}, curves.rows());
    for (int row : curves.rows()) {
      assertArrayEquals(IntStream.rangeClosed(0, 6).toArray(), curves.of(row).iteration());
    }
    assertThrows(IllegalArgumentException.class, () -> curves.of(3));
  }

  @Test
  void recordings_ofSeveralSearches_areThoseOfTheLast() {
    Curves curves = new Curves(10);
    InversionOptions options = InversionOptions.defaults().withIterations(6);
    try (Trajectory trajectory = new Trajectory(new int[] {1}, 7)) {
      new Inverter(MODEL, options)
          .restart(images(2, 0.4), List.of(images(2, 0.9), images(2, 0.2)), curves.and(trajectory))
          .forEach(InversionResult::close);
      assertArrayEquals(IntStream.rangeClosed(0, 6).toArray(), curves.of(1).iteration());
      assertEquals(0, trajectory.of(1).get(0).iteration());
      assertClose(images(2, 0.2).slice(1), trajectory.of(1).get(0).image(), 0, 0);
      assertTrue(trajectory.of(1).size() <= 7);
    }
  }

  @Test
  void trajectory_keepsWhatWasEvaluatedFromTheSeedToTheLastIteration() {
    INDArray seeds = images(3, 0.2);
    InversionOptions options =
        InversionOptions.defaults().withIterations(300).withBatch(2).withKeep(Keep.LAST);
    try (Trajectory trajectory = new Trajectory(new int[] {2, 0}, 20);
        InversionResult result =
            new Inverter(MODEL, options).invert(images(3, 0.4), seeds, trajectory)) {
      assertArrayEquals(new int[] {0, 2}, trajectory.rows());
      for (int row : trajectory.rows()) {
        List<Frame> frames = trajectory.of(row);
        int n = frames.size();
        assertTrue(n >= 14 && n <= 20, n + " frames");
        assertClose(seeds.slice(row), frames.get(0).image(), 0, 0);
        assertClose(result.images().slice(row), frames.get(n - 1).image(), 0, 0);
        assertEquals(300, frames.get(n - 1).iteration());
        for (int i = 2; i < n; i++) {
          int before = frames.get(i - 1).iteration() - frames.get(i - 2).iteration();
          assertTrue(frames.get(i).iteration() - frames.get(i - 1).iteration() >= before);
        }
      }
      assertThrows(IllegalArgumentException.class, () -> trajectory.of(1));
    }
  }

  @Test
  void trajectory_closed_holdsNothing() {
    Trajectory trajectory = new Trajectory(new int[] {0}, 5);
    InversionOptions options = InversionOptions.defaults().withIterations(6);
    new Inverter(MODEL, options).invert(images(1, 0.4), images(1, 0.2), trajectory).close();
    INDArray first = trajectory.of(0).get(0).image();
    trajectory.close();
    assertTrue(first.wasClosed());
    assertEquals(List.of(), trajectory.of(0));
  }

  @Test
  void tooFew_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Curves(1));
    assertThrows(IllegalArgumentException.class, () -> new Trajectory(new int[] {1}, 1));
    assertThrows(IllegalArgumentException.class, () -> new Trajectory(new int[0], 2));
  }

  private static Iteration iteration(int t, int last) {
    return new Iteration(
        new int[] {3},
        new int[] {t},
        last,
        new double[] {t + 0.1},
        new double[] {t + 0.2},
        new double[] {t + 0.3},
        new double[] {t + 0.4},
        k -> {
          throw new AssertionError("no image is needed");
        });
  }

  private static INDArray images(int n, double value) {
    return Nd4j.valueArrayOf(SPEC.shape(n), value, DataType.FLOAT);
  }
}
