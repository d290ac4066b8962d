package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.ValueAndGradient;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

final class BatchBalancedTest implements RegularizerLaws {

  private static final double[] MATCH = {0.7, 0, 1.3};

  private static final Regularizer PENALTY =
      new AdversarialRegularizer(new SquaredDistance("squares"));

  @Override
  public Regularizer regularizer() {
    return new BatchBalanced(PENALTY, 2);
  }

  @Override
  public boolean nonNegative() {
    return false;
  }

  @Override
  public InversionProblem problem(DataType type) {
    InversionProblem images = RegularizerLaws.super.problem(type);
    return new InversionProblem(images.input(), images.targets(), images.seeds(), () -> MATCH);
  }

  @Test
  void coefficient_isTheQuotientOfTheMeansOverTheFirstBatch_forAllImages() {
    InversionProblem problem = problem(DataType.DOUBLE);
    double[] atSeeds = PENALTY.bind(problem).evaluate(problem.seeds(), rows()).value();
    double c = (MATCH[0] + MATCH[1]) / Math.abs(atSeeds[0] + atSeeds[1]);
    ValueAndGradient before = PENALTY.bind(problem).evaluate(point(), rows());

    ValueAndGradient at = loss().evaluate(point(), rows());

    for (int i = 0; i < 3; i++) {
      assertClose(c * before.value()[i], at.value()[i], 1e-12, 0);
    }
    assertClose(before.gradient().mul(c), at.gradient(), 1e-12, 1e-12);
  }

  @Test
  void batch_largerThanTheSearch_isTheSearch() {
    InversionProblem problem = problem(DataType.DOUBLE);
    double[] all =
        new BatchBalanced(PENALTY, 32).bind(problem).evaluate(problem.seeds(), rows()).value();
    assertClose(-(0.7 + 1.3), all[0] + all[1] + all[2], 1e-12, 0);
  }

  @Test
  void penalty_thatIsZeroAtTheSeeds_isRefused() {
    Regularizer toSeed =
        new BatchBalanced(
            new AdversarialRegularizer(new SquaredDistance("squares"), Anchor.SEED), 3);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> toSeed.bind(problem(DataType.DOUBLE)));
    assertTrue(e.getMessage().contains("at the first 3 seeds, got 0.0"), e.getMessage());
  }

  @Test
  void match_thatIsNotFinite_isRefused() {
    InversionProblem images = problem(DataType.DOUBLE);
    InversionProblem broken =
        new InversionProblem(
            images.input(),
            images.targets(),
            images.seeds(),
            () -> new double[] {1, Double.NaN, 1});
    assertThrows(IllegalArgumentException.class, () -> regularizer().bind(broken));
  }

  @Test
  void batch_ofNoImages_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new BatchBalanced(PENALTY, 0));
  }

  @Test
  void distances_andName_areThePenaltys() {
    assertEquals("balanced over 2 adversarial(squares)", regularizer().name());
    assertEquals(List.of(new SquaredDistance("squares")), regularizer().distances());
  }
}
