package io.metamer.loss;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.DifferentiableLossContract;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class RelativeL2Test implements DifferentiableLossContract {

  private static final int[] ALL = {0, 1, 2};

  @Override
  public DifferentiableLoss loss() {
    return new RelativeL2(random(1));
  }

  @Override
  public INDArray point() {
    return random(2);
  }

  @Test
  void value_ofThreeFourFive_isFiveOverTheNorm() {
    RelativeL2 loss = new RelativeL2(Nd4j.createFromArray(new double[][] {{0, 2, 0}}));

    ValueAndGradient at =
        loss.evaluate(Nd4j.createFromArray(new double[][] {{3, 2, 4}}), new int[] {0});

    assertClose(new double[] {2.5}, at.value(), 1e-12, 0);
    assertClose(Nd4j.createFromArray(new double[][] {{0.3, 0, 0.4}}), at.gradient(), 1e-12, 1e-12);
  }

  @Test
  void evaluation_inFloat_agreesWithDouble() {
    RelativeL2 loss = new RelativeL2(random(1).castTo(DataType.FLOAT));
    ValueAndGradient inFloat = loss.evaluate(random(2).castTo(DataType.FLOAT), ALL);
    ValueAndGradient inDouble = loss.evaluate(random(2), ALL);

    assertClose(inDouble.value(), inFloat.value(), 1e-4, 1e-6);
    assertEquals(DataType.FLOAT, inFloat.gradient().dataType());
    assertClose(inDouble.gradient(), inFloat.gradient().castTo(DataType.DOUBLE), 1e-4, 1e-6);
  }

  @Test
  void gradient_atTheGoal_isZero() {
    ValueAndGradient at = loss().evaluate(random(1), ALL);

    assertClose(new double[3], at.value(), 0, 0);
    assertEquals(random(1).mul(0), at.gradient());
  }

  @Test
  void values_thatAreNotFinite_stayInTheirRow() {
    INDArray x = random(2).putScalar(1, 0, Double.NaN);

    ValueAndGradient at = loss().evaluate(x, ALL);

    assertTrue(Double.isNaN(at.value()[1]));
    assertTrue(Double.isFinite(at.value()[0]) && Double.isFinite(at.value()[2]));
    assertTrue(Double.isFinite(at.gradient().slice(0).sumNumber().doubleValue()));
  }

  @Test
  void goal_changedOrFreedAfterwards_doesNotMatter() {
    WorkspaceConfiguration small =
        WorkspaceConfiguration.builder().initialSize(1 << 20).policySpill(SpillPolicy.FAIL).build();
    RelativeL2 loss;
    try (MemoryWorkspace workspace =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace(small, "goal")) {
      assertEquals("goal", workspace.getId());
      INDArray goal = random(1).dup('f');
      loss = new RelativeL2(goal);
      goal.assign(7);
    }
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();

    assertClose(
        loss().evaluate(random(2), ALL).value(), loss.evaluate(random(2), ALL).value(), 0, 0);
  }

  @Test
  void goal_withAZeroRow_isRefusedByItsNumber() {
    INDArray goal = random(1);
    goal.getRow(2).assign(0);

    assertRefused(
        goal, "target 2 has an all-zero representation: its relative distance is not defined");
  }

  @Test
  void goal_thatIsNotFinite_isRefusedByItsNumber() {
    assertRefused(
        random(1).putScalar(1, 3, Double.NaN), "target 1 has a representation that is not finite");
    assertRefused(
        random(1).putScalar(0, 3, Double.POSITIVE_INFINITY),
        "target 0 has a representation that is not finite");
  }

  @Test
  void goal_ofAnotherRank_isRefused() {
    assertRefused(
        random(1).reshape(3, 5, 1), "expected representations of shape [N, D], got [3, 5, 1]");
  }

  @Test
  void batch_ofAnotherShape_isRefused() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> loss().evaluate(random(2).reshape(5, 3), new int[] {0, 1}));

    assertEquals("expected representations of shape [2, 5], got [5, 3]", refused.getMessage());
  }

  private static void assertRefused(INDArray goal, String message) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> new RelativeL2(goal));
    assertEquals(message, refused.getMessage());
  }

  private static INDArray random(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(15, -1, 1).toArray()).reshape(3, 5);
  }
}
