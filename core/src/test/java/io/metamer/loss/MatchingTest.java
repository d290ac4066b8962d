package io.metamer.loss;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.DifferentiableLossContract;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class MatchingTest {

  private static final int[] ALL = {0, 1, 2};
  private static final int[] SIZES = {1, 3, 2};
  private static final double[] WEIGHTS = {2, 1, 0.5};

  /** A loss of the enumeration, held to the contract of losses. */
  private interface Term extends DifferentiableLossContract {

    @Override
    default INDArray point() {
      return random(2);
    }
  }

  @Nested
  final class SquaredRelativeL2Test implements Term {

    @Override
    public DifferentiableLoss loss() {
      return Matching.SQUARED_RELATIVE_L2.to(random(1));
    }
  }

  @Nested
  final class RelativeL1Test implements Term {

    @Override
    public DifferentiableLoss loss() {
      return Matching.RELATIVE_L1.to(random(1));
    }
  }

  @Nested
  final class CosineTest implements Term {

    @Override
    public DifferentiableLoss loss() {
      return Matching.COSINE.to(random(1));
    }
  }

  @Nested
  final class PartwiseTest implements Term {

    @Override
    public DifferentiableLoss loss() {
      return Matching.RELATIVE_L2.toParts(random(1), SIZES, WEIGHTS);
    }
  }

  @Test
  void relativeL1_isTheSumOfDifferencesOverThatOfTheGoal() {
    ValueAndGradient at =
        Matching.RELATIVE_L1
            .to(Nd4j.createFromArray(new double[][] {{1, -2, 1}}))
            .evaluate(Nd4j.createFromArray(new double[][] {{3, -2, 0.5}}), new int[] {0});
    assertClose(new double[] {2.5 / 4}, at.value(), 1e-12, 0);
    assertClose(
        Nd4j.createFromArray(new double[][] {{0.25, 0, -0.25}}), at.gradient(), 1e-12, 1e-12);
  }

  @Test
  void cosine_isThatOfTheAngleWhateverTheLength() {
    INDArray goal = Nd4j.createFromArray(new double[][] {{2, 0}});
    for (double length : new double[] {1e-6, 1, 1e6}) {
      for (double angle : new double[] {0, 1e-5, 0.5, 2, Math.PI}) {
        INDArray x =
            Nd4j.createFromArray(
                new double[][] {{length * Math.cos(angle), length * Math.sin(angle)}});
        double[] value = Matching.COSINE.to(goal).evaluate(x, new int[] {0}).value();
        assertClose(2 * Math.pow(Math.sin(angle / 2), 2), value[0], 1e-9, 1e-20);
      }
    }
  }

  @Test
  void cosine_ofZero_isOneAndDoesNotPull() {
    ValueAndGradient at = Matching.COSINE.to(random(1)).evaluate(random(1).mul(0), ALL);
    assertClose(new double[] {1, 1, 1}, at.value(), 0, 0);
    assertEquals(random(1).mul(0), at.gradient());
  }

  @Test
  void terms_atTheGoal_areZeroAndDoNotPull() {
    for (Matching matching : Matching.values()) {
      ValueAndGradient at = matching.to(random(1)).evaluate(random(1), ALL);
      assertClose(new double[3], at.value(), 0, 1e-30);
      assertClose(random(1).mul(0), at.gradient(), 0, 1e-15);
    }
  }

  @Test
  void terms_inFloat_agreeWithDouble() {
    for (Matching matching : Matching.values()) {
      for (DifferentiableLoss loss :
          List.of(matching.to(random(1)), matching.toParts(random(1), SIZES, WEIGHTS))) {
        ValueAndGradient inDouble = loss.evaluate(random(2), ALL);
        ValueAndGradient inFloat = loss.evaluate(random(2).castTo(DataType.FLOAT), ALL);
        assertEquals(DataType.FLOAT, inFloat.gradient().dataType());
        assertClose(inDouble.value(), inFloat.value(), 1e-4, 1e-6);
        assertClose(inDouble.gradient(), inFloat.gradient().castTo(DataType.DOUBLE), 1e-4, 1e-6);
      }
    }
  }

  @Test
  void parts_areTheWeightedMeanOfEachAlone() {
    for (Matching matching : Matching.values()) {
      double[] expected = new double[3];
      int from = 0;
      for (int k = 0; k < SIZES.length; k++) {
        double[] part =
            matching
                .to(columns(random(1), from, SIZES[k]))
                .evaluate(columns(random(2), from, SIZES[k]), ALL)
                .value();
        for (int i = 0; i < 3; i++) {
          expected[i] += WEIGHTS[k] / 3.5 * part[i];
        }
        from += SIZES[k];
      }
      double[] actual =
          matching.toParts(random(1), SIZES, WEIGHTS).evaluate(random(2), ALL).value();
      assertClose(expected, actual, 1e-12, 0);
    }
  }

  @Test
  void parts_ofOne_areTheWhole() {
    ValueAndGradient whole = Matching.COSINE.to(random(1)).evaluate(random(2), ALL);
    ValueAndGradient one =
        Matching.COSINE
            .toParts(random(1), new int[] {6}, new double[] {3})
            .evaluate(random(2), ALL);
    assertClose(whole.value(), one.value(), 1e-12, 0);
    assertClose(whole.gradient(), one.gradient(), 1e-12, 1e-15);
  }

  @Test
  void goals_withoutAValue_areRefusedByPartAndTarget() {
    INDArray goal = random(1);
    for (int j = 1; j < 4; j++) {
      goal.putScalar(2, j, 0);
    }
    assertEquals(
        "part 1: target 2 has an all-zero representation: its relative distance is not defined",
        refused(() -> Matching.RELATIVE_L1.toParts(goal, SIZES, WEIGHTS)));
    for (Matching matching : Matching.values()) {
      assertEquals(
          "target 0 has an all-zero representation: its relative distance is not defined",
          refused(() -> matching.to(goal.mul(0))));
      assertEquals(
          "target 1 has a representation that is not finite",
          refused(() -> matching.to(random(1).putScalar(1, 3, Double.NaN))));
    }
  }

  @Test
  void parts_thatCannotBe_areRefused() {
    INDArray goal = random(1);
    for (int[] sizes : new int[][] {{}, {6, 0}, {3, 4}, {6}}) {
      double[] weights = sizes.length == 1 ? WEIGHTS : new double[sizes.length];
      assertTrue(
          refused(() -> Matching.COSINE.toParts(goal, sizes, weights))
              .startsWith("expected representations of shape [N, D], sizes that add up to D"));
    }
    for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertTrue(
          refused(() -> Matching.COSINE.toParts(goal, new int[] {3, 3}, new double[] {1, weight}))
              .startsWith("expected finite weights above 0"));
    }
  }

  private static String refused(Runnable binding) {
    return String.valueOf(assertThrows(IllegalArgumentException.class, binding::run).getMessage());
  }

  private static INDArray columns(INDArray array, int from, int size) {
    double[][] rows = array.toDoubleMatrix();
    double[][] some = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      some[i] = Arrays.copyOfRange(rows[i], from, from + size);
    }
    return Nd4j.createFromArray(some);
  }

  private static INDArray random(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(18, -1, 1).toArray()).reshape(3, 6);
  }
}
