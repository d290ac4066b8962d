package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Steps against the authors' formulas in plain arithmetic. */
final class DescentTest {

  private static final int IMAGES = 3;
  private static final int PIXELS = 6;
  private static final int STEPS = 5;

  private final double[][] x = random(1);

  @Test
  void adam_overSteps_isTheAlgorithmOfItsAuthors() {
    StepRule rule = new StepRule.Adam(0.1, 0.8, 0.95, 1e-6, Schedule.COSINE);
    INDArray iterates = array(x);
    Descent descent = Descent.of(rule, iterates);
    double[][] m = new double[IMAGES][PIXELS];
    double[][] v = new double[IMAGES][PIXELS];
    for (int t = 0; t < STEPS; t++) {
      double[][] g = random(10 + t);
      descent.step(iterates, array(g), norms(g), t, STEPS);
      double rate = 0.1 * (1 + Math.cos(Math.PI * t / STEPS)) / 2;
      for (int i = 0; i < IMAGES; i++) {
        for (int j = 0; j < PIXELS; j++) {
          m[i][j] = 0.8 * m[i][j] + 0.2 * g[i][j];
          v[i][j] = 0.95 * v[i][j] + 0.05 * g[i][j] * g[i][j];
          double first = m[i][j] / (1 - Math.pow(0.8, t + 1));
          double second = v[i][j] / (1 - Math.pow(0.95, t + 1));
          x[i][j] -= rate * first / (Math.sqrt(second) + 1e-6);
        }
      }
    }
    assertClose(array(x), iterates, 1e-12, 1e-12);
  }

  @Test
  void normalized_overSteps_movesEachImageByTheScheduledLength() {
    INDArray iterates = array(x);
    Descent descent = Descent.of(StepRule.normalized(2).withSchedule(Schedule.COSINE), iterates);
    for (int t = 0; t < STEPS; t++) {
      double[][] g = random(10 + t);
      double[] norms = norms(g);
      descent.step(iterates, array(g), norms, t, STEPS);
      double size = 2 * (1 + Math.cos(Math.PI * t / STEPS)) / 2;
      for (int i = 0; i < IMAGES; i++) {
        for (int j = 0; j < PIXELS; j++) {
          x[i][j] -= size * g[i][j] / (norms[i] + 1e-10);
        }
      }
    }
    assertClose(array(x), iterates, 1e-12, 1e-12);
  }

  @Test
  void normalized_whereTheGradientIsZero_staysWhereItIs() {
    INDArray iterates = array(x);
    double[][] zero = new double[IMAGES][PIXELS];
    Descent.of(StepRule.normalized(1), iterates).step(iterates, array(zero), norms(zero), 0, 1);
    assertClose(array(x), iterates, 0, 0);
  }

  @Test
  void adam_whenImagesLeave_keepsTheMomentsOfTheOthers() {
    INDArray all = array(x);
    INDArray some = array(x);
    Descent ofAll = Descent.of(StepRule.adam(0.1), all);
    Descent ofSome = Descent.of(StepRule.adam(0.1), some);
    double[][] g = random(2);
    ofAll.step(all, array(g), norms(g), 0, 2);
    ofSome.step(some, array(g), norms(g), 0, 2);
    int[] stay = {0, 2};
    ofSome.keep(stay);
    some = Search.slices(some, stay);
    double[][] next = random(3);
    double[][] nextOfSome = {next[0], next[2]};
    ofAll.step(all, array(next), norms(next), 1, 2);
    ofSome.step(some, array(nextOfSome), norms(nextOfSome), 1, 2);
    assertClose(Search.slices(all, stay), some, 0, 0);
  }

  @Test
  void rules_withNumbersThatCannotBe_areRefused() {
    for (double size : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> StepRule.normalized(size));
      assertThrows(IllegalArgumentException.class, () -> StepRule.adam(size));
    }
    for (double beta : new double[] {-0.1, 1, Double.NaN}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new StepRule.Adam(1, beta, 0.9, 1e-8, Schedule.CONSTANT));
      assertThrows(
          IllegalArgumentException.class,
          () -> new StepRule.Adam(1, 0.9, beta, 1e-8, Schedule.CONSTANT));
    }
  }

  @Test
  void schedules_startAtOneAndStayWithin() {
    for (Schedule schedule : Schedule.values()) {
      assertEquals(1, schedule.at(0, 10));
      for (int t = 1; t < 10; t++) {
        double before = schedule.at(t - 1, 10);
        double now = schedule.at(t, 10);
        assertTrue(now >= 0 && now <= before, schedule + " at " + t);
      }
    }
    assertClose(0.5, Schedule.COSINE.at(5, 10), 1e-15, 0);
  }

  private static double[][] random(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] numbers = new double[IMAGES][PIXELS];
    for (double[] row : numbers) {
      for (int j = 0; j < PIXELS; j++) {
        row[j] = random.nextDouble(-1, 1);
      }
    }
    return numbers;
  }

  private static double[] norms(double[][] g) {
    double[] norms = new double[g.length];
    for (int i = 0; i < g.length; i++) {
      for (double v : g[i]) {
        norms[i] += v * v;
      }
      norms[i] = Math.sqrt(norms[i]);
    }
    return norms;
  }

  private static INDArray array(double[][] rows) {
    return Nd4j.create(rows).castTo(DataType.DOUBLE).reshape('c', rows.length, 1, 2, PIXELS / 2);
  }
}
