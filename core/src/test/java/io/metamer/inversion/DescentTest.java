package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.Schedule.Round;
import java.util.Arrays;
import java.util.List;
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
  private static final double[] LOSS = new double[IMAGES];
  private static final ImageSpec SPEC = new ImageSpec(1, 2, PIXELS / 2, -2, 2);

  private static final Projection BOX = new Projection.Box(SPEC.low(), SPEC.high());

  private final double[][] x = random(1);

  @Test
  void adam_overSteps_isTheAlgorithmOfItsAuthors() {
    StepRule rule = new StepRule.Adam(0.1, 0.8, 0.95, 1e-6, Schedule.COSINE);
    INDArray iterates = array(x);
    Descent descent = Descent.of(rule, iterates, BOX);
    double[][] m = new double[IMAGES][PIXELS];
    double[][] v = new double[IMAGES][PIXELS];
    for (int t = 0; t < STEPS; t++) {
      double[][] g = random(10 + t);
      descent.step(iterates, LOSS, array(g), norms(g), all(t), STEPS);
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
    Descent descent =
        Descent.of(StepRule.normalized(2).withSchedule(Schedule.COSINE), iterates, BOX);
    for (int t = 0; t < STEPS; t++) {
      double[][] g = random(10 + t);
      double[] norms = norms(g);
      descent.step(iterates, LOSS, array(g), norms, all(t), STEPS);
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
    Descent.of(StepRule.normalized(1), iterates, BOX)
        .step(iterates, LOSS, array(zero), norms(zero), all(0), 1);
    assertClose(array(x), iterates, 0, 0);
  }

  @Test
  void adam_whenImagesLeave_keepsTheMomentsOfTheOthers() {
    INDArray all = array(x);
    INDArray some = array(x);
    Descent ofAll = Descent.of(StepRule.adam(0.1), all, BOX);
    Descent ofSome = Descent.of(StepRule.adam(0.1), some, BOX);
    double[][] g = random(2);
    ofAll.step(all, LOSS, array(g), norms(g), all(0), 2);
    ofSome.step(some, LOSS, array(g), norms(g), all(0), 2);
    int[] stay = {0, 2};
    ofSome.keep(stay, 0);
    some = Search.slices(some, stay, 0);
    double[][] next = random(3);
    double[][] nextOfSome = {next[0], next[2]};
    ofAll.step(all, LOSS, array(next), norms(next), all(1), 2);
    ofSome.step(some, new double[2], array(nextOfSome), norms(nextOfSome), all(1), 2);
    assertClose(Search.slices(all, stay, 0), some, 0, 0);
  }

  @Test
  void rules_withNumbersThatCannotBe_areRefused() {
    for (double size : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> StepRule.normalized(size));
      assertThrows(IllegalArgumentException.class, () -> StepRule.adam(size));
      assertThrows(IllegalArgumentException.class, () -> StepRule.sign(size));
      assertThrows(IllegalArgumentException.class, () -> StepRule.gradient(size));
      assertThrows(IllegalArgumentException.class, () -> StepRule.momentum(size));
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
  void signAndGradientAndMomentum_overSteps_areTheirFormulas() {
    for (String rule : List.of("sign", "gradient", "momentum")) {
      double[][] expected = random(1);
      double[][] v = new double[IMAGES][PIXELS];
      INDArray iterates = array(expected);
      StepRule stepRule =
          switch (rule) {
            case "sign" -> StepRule.sign(0.1);
            case "gradient" -> StepRule.gradient(0.1);
            default -> StepRule.momentum(0.1);
          };
      Descent descent = Descent.of(stepRule.withSchedule(Schedule.COSINE), iterates, BOX);
      for (int t = 0; t < STEPS; t++) {
        double[][] g = random(10 + t);
        g[1][2] = 0;
        descent.step(iterates, LOSS, array(g), norms(g), all(t), STEPS);
        double rate = 0.1 * (1 + Math.cos(Math.PI * t / STEPS)) / 2;
        for (int i = 0; i < IMAGES; i++) {
          for (int j = 0; j < PIXELS; j++) {
            v[i][j] = 0.9 * v[i][j] - rate * g[i][j];
            expected[i][j] +=
                switch (rule) {
                  case "sign" -> -rate * Math.signum(g[i][j]);
                  case "gradient" -> -rate * g[i][j];
                  default -> v[i][j];
                };
          }
        }
      }
      assertClose(array(expected), iterates, 1e-12, 1e-12);
    }
  }

  @Test
  void lbfgs_onAQuadraticInsideTheBox_findsItsMinimumInFewEvaluations() {
    double[] minimum = {0.3, -0.2, 0.1, 0.5, -0.4, 0.2};
    double[] bottom = lbfgs(minimum, 40);
    assertClose(minimum, bottom, 0, 1e-8);
  }

  @Test
  void lbfgs_whereTheMinimumLiesBeyondABound_findsThatOfTheBox() {
    double[] bottom = lbfgs(new double[] {0.3, -7, 0.1, 5, -0.4, 0.2}, 40);
    assertClose(new double[] {0.3, -2, 0.1, 2, -0.4, 0.2}, bottom, 0, 1e-8);
  }

  @Test
  void lbfgs_atAMinimum_says() {
    INDArray iterates = array(x);
    Descent descent = Descent.of(StepRule.lbfgs(), iterates, BOX);
    double[][] zero = new double[IMAGES][PIXELS];
    descent.step(iterates, LOSS, array(zero), norms(zero), all(0), 1);
    assertTrue(descent.isStalled(0));
    assertClose(array(x), iterates, 0, 0);
  }

  @Test
  void lbfgs_whereNothingLowersTheLoss_triesAndStallsAtItsPoint() {
    INDArray iterates = array(x);
    Descent descent = Descent.of(StepRule.lbfgs(), iterates, BOX);
    double[][] g = random(2);
    int steps = 0;
    for (; steps < 100 && !descent.isStalled(0); steps++) {
      double[] loss = {steps, steps, steps};
      descent.step(iterates, loss, array(g), norms(g), all(steps), 100);
      iterates.assign(SPEC.clip(iterates));
    }
    assertEquals(StepRule.Lbfgs.TRIALS + 1, steps);
    assertClose(array(x), iterates, 0, 0);
  }

  @Test
  void lbfgs_whereATrialIsNotFinite_triesShorter() {
    Descent descent = Descent.of(StepRule.lbfgs(), array(x), BOX);
    INDArray at = array(x);
    double[][] g = random(2);
    descent.step(at, LOSS, array(g), norms(g), all(0), STEPS);
    INDArray tried = at.dup();
    assertFalse(descent.triesShorter(1));

    double[] norms = norms(g);
    norms[2] = Double.NaN;
    descent.step(at, new double[] {-1e9, Double.NaN, -1e9}, array(g), norms, all(1), STEPS);
    assertFalse(descent.triesShorter(0));
    for (int k = 1; k < IMAGES; k++) {
      assertTrue(descent.triesShorter(k));
      INDArray start = array(x).slice(k);
      assertClose(start.add(tried.slice(k).sub(start).mul(0.1)), at.slice(k), 1e-12, 1e-12);
    }
  }

  @Test
  void lbfgs_inABallWithinTheBox_findsTheMinimumThere() {
    for (Constraint constraint :
        List.of(
            Constraint.l2(0.3), Constraint.l2(1.5), Constraint.linf(0.2), Constraint.linf(1.5))) {
      for (int problem = 0; problem < 10; problem++) {
        double[][] root = random(100 + problem);
        double[] m = scaled(3, random(200 + problem)[0]);
        double[] center = scaled(2, random(300 + problem)[0]);
        INDArray seed = array(new double[][] {center});
        Projection projection = Projection.of(constraint, new InversionProblem(SPEC, seed, seed));
        INDArray x = seed.dup();
        Descent descent = Descent.of(StepRule.lbfgs(), x, projection);
        for (int t = 0; t < 500 && !descent.isStalled(0); t++) {
          double[] at = Projection.rows(x)[0];
          double[][] g = {gradient(root, m, at)};
          descent.step(x, new double[] {loss(root, m, at)}, array(g), norms(g), new int[] {t}, 500);
          x.assign(projection.project(x, new int[1]));
        }
        Region region = projection.region(0);
        double[] expected = center;
        for (int step = 0; step < 3_000; step++) {
          double[] next = expected.clone();
          double[] g = gradient(root, m, expected);
          for (int j = 0; j < PIXELS; j++) {
            next[j] -= 0.2 * g[j];
          }
          expected = region.project(next);
        }
        assertClose(expected, Projection.rows(x)[0], 0, 1e-6);
      }
    }
  }

  /** The quadratic of the matrix {@code root' root + I / 10}, with its minimum at m. */
  private static double loss(double[][] root, double[] m, double[] x) {
    double[] g = gradient(root, m, x);
    double sum = 0;
    for (int j = 0; j < PIXELS; j++) {
      sum += g[j] * (x[j] - m[j]) / 2;
    }
    return sum;
  }

  private static double[] gradient(double[][] root, double[] m, double[] x) {
    double[] g = new double[PIXELS];
    for (double[] row : root) {
      double product = 0;
      for (int j = 0; j < PIXELS; j++) {
        product += row[j] * (x[j] - m[j]);
      }
      for (int j = 0; j < PIXELS; j++) {
        g[j] += product * row[j];
      }
    }
    for (int j = 0; j < PIXELS; j++) {
      g[j] += 0.1 * (x[j] - m[j]);
    }
    return g;
  }

  private static double[] scaled(double by, double[] numbers) {
    return Arrays.stream(numbers).map(v -> by * v).toArray();
  }

  @Test
  void lbfgs_ofASchedule_isRefused() {
    assertThrows(
        UnsupportedOperationException.class, () -> StepRule.lbfgs().withSchedule(Schedule.COSINE));
    assertThrows(IllegalArgumentException.class, () -> new StepRule.Lbfgs(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new StepRule.Lbfgs(3, Double.NaN));
  }

  /** Minimises sum_j (j + 1) (x_j - m_j)^2 from the corner -1, 1, -1, ... */
  private static double[] lbfgs(double[] m, int steps) {
    double[] start = {-1, 1, -1, 1, -1, 1};
    INDArray iterates = array(new double[][] {start});
    Descent descent = Descent.of(StepRule.lbfgs(), iterates, BOX);
    for (int t = 0; t < steps && !descent.isStalled(0); t++) {
      double[] at = iterates.dup('c').reshape(1, PIXELS).toDoubleVector();
      double[][] g = new double[1][PIXELS];
      double loss = 0;
      for (int j = 0; j < PIXELS; j++) {
        g[0][j] = 2 * (j + 1) * (at[j] - m[j]);
        loss += (j + 1) * (at[j] - m[j]) * (at[j] - m[j]);
      }
      descent.step(iterates, new double[] {loss}, array(g), norms(g), all(t), steps);
      iterates.assign(SPEC.clip(iterates));
    }
    return iterates.dup('c').reshape(1, PIXELS).toDoubleVector();
  }

  @Test
  void schedules_byTheClock_startAtOneAndStayWithin() {
    for (Schedule schedule :
        List.of(Schedule.CONSTANT, Schedule.COSINE, Schedule.halving(1), Schedule.halving(3))) {
      Pace pace = new Pace(schedule, 1);
      double before = pace.at(all(0), 10, LOSS)[0];
      assertEquals(1, before);
      for (int t = 1; t < 10; t++) {
        double now = pace.at(all(t), 10, LOSS)[0];
        assertTrue(now >= 0 && now <= before, schedule + " at " + t);
        before = now;
      }
    }
    assertClose(0.5, new Pace(Schedule.COSINE, 1).at(all(5), 10, LOSS)[0], 1e-15, 0);
  }

  @Test
  void halving_ofEightRounds_isThatOfFeather() {
    Pace pace = new Pace(Schedule.halving(8), 1);
    for (int t : new int[] {0, 2_999, 3_000, 11_999, 12_000, 23_999}) {
      int round = t / 3_000;
      assertEquals(Math.pow(0.5, round), pace.at(all(t), 24_000, LOSS)[0]);
    }
  }

  @Test
  void plateau_decaysEachImageByItsOwnLosses() {
    Pace pace = new Pace(new Schedule.Plateau(0.5, 1, 0.1), 2);
    double[] falling = {1, 0.5, 0.25, 0.2, 0.1, 0.05};
    double[] staying = {1, 0.95, 0.91, 0.99, 1, 0.5};
    double[] expected = {1, 1, 0.5, 0.5, 0.25, 0.25};
    for (int t = 0; t < expected.length; t++) {
      double[] factors = pace.at(all(t), 10, new double[] {falling[t], staying[t]});
      assertEquals(1, factors[0]);
      assertEquals(expected[t], factors[1], "step " + t);
    }
    pace.keep(new int[] {1}, 0);
    assertArrayEquals(new double[] {0.25}, pace.at(all(6), 10, new double[] {0.4}));
  }

  @Test
  void rounds_ofGivenLengths_haveTheirFactors_theLastToTheEnd() {
    Pace pace = new Pace(Schedule.rounds(new Round(2, 1), new Round(1, 3), new Round(1, 0.5)), 1);
    double[] expected = {1, 1, 3, 0.5, 0.5, 0.5};
    for (int t = 0; t < expected.length; t++) {
      assertEquals(expected[t], pace.at(all(t), expected.length, LOSS)[0], "step " + t);
    }
  }

  @Test
  void momentum_whereARoundBegins_forgetsTheVelocityOfThatImage() {
    Schedule schedule = Schedule.rounds(new Round(2, 1), new Round(9, 0.1));
    double[][] expected = random(1);
    double[][] v = new double[IMAGES][PIXELS];
    INDArray iterates = array(expected);
    Descent descent = Descent.of(StepRule.momentum(0.5).withSchedule(schedule), iterates, BOX);
    for (int s = 0; s < STEPS; s++) {
      int[] t = {s, s + 1, s + 5}; // each image is at a step of its own
      double[][] g = random(10 + s);
      descent.step(iterates, LOSS, array(g), norms(g), t, STEPS);
      for (int i = 0; i < IMAGES; i++) {
        double decay = t[i] == 0 || t[i] == 2 ? 0 : 0.9;
        for (int j = 0; j < PIXELS; j++) {
          v[i][j] = decay * v[i][j] - (t[i] < 2 ? 0.5 : 0.05) * g[i][j];
          expected[i][j] += v[i][j];
        }
      }
    }
    assertClose(array(expected), iterates, 1e-12, 1e-12);
  }

  @Test
  void schedules_thatCannotBe_areRefused() {
    assertThrows(IllegalArgumentException.class, Schedule::rounds);
    assertThrows(IllegalArgumentException.class, () -> new Round(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Round(1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Round(1, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Schedule.halving(0));
    assertThrows(IllegalArgumentException.class, () -> new Schedule.Plateau(1, 1, 0.1));
    assertThrows(IllegalArgumentException.class, () -> new Schedule.Plateau(Double.NaN, 1, 0.1));
    assertThrows(IllegalArgumentException.class, () -> new Schedule.Plateau(0.5, -1, 0.1));
    assertThrows(IllegalArgumentException.class, () -> new Schedule.Plateau(0.5, 1, Double.NaN));
  }

  private static int[] all(int t) {
    int[] all = new int[IMAGES];
    Arrays.fill(all, t);
    return all;
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
