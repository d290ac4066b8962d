package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.AttackResult;
import io.metamer.inversion.PgdAttack;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.ModelId;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class AccuracyTest {

  private static final ImageSpec SPEC = ImageSpec.gray(1);

  @Test
  void accuracy_countsImagesWhoseClassHasTheLargestLogit() {
    // Of one pixel: class 1 above a half, class 0 below, a tie at it.
    INDArray images = images(0.1, 0.4, 0.5, 0.6, 0.9);
    Accuracy accuracy = Accuracy.of(new Threshold(), images, new int[] {0, 0, 0, 0, 1});
    assertEquals(new Accuracy(3, 5, Binomial.wilson(3, 5, 0.95)), accuracy);
    assertEquals(0.6, accuracy.value());
  }

  @Test
  void accuracy_ofAnAttack_isCleanAndWhatStandsWithinTheRadius() {
    INDArray images = images(0.1, 0.35, 0.45, 0.6, 0.9, 0.9);
    int[] labels = {0, 0, 0, 1, 1, 0};
    AttackResult result = PgdAttack.linf(0.2, 5).perturb(new Threshold(), images, labels);
    assertEquals(Accuracy.of(new Threshold(), images, labels), Accuracy.clean(result));
    assertEquals(5, Accuracy.clean(result).correct());
    // 0.35, 0.45 and 0.6 are within 0.2 of the threshold.
    assertEquals(2, Accuracy.robust(result).correct());
    assertEquals(6, Accuracy.robust(result).n());
    assertTrue(Accuracy.robust(result).correct() <= Accuracy.clean(result).correct());
  }

  @Test
  void text_hasIntervalAndCount() {
    // By SciPy 1.10.1: binomtest(9173, 10000).proportion_ci(method='wilson').
    assertEquals(
        "0.9173 [0.9117, 0.9225], n = 10000",
        new Accuracy(9173, 10_000, Binomial.wilson(9173, 10_000, 0.95)).toString());
  }

  @Test
  void badInput_isRefused() {
    INDArray images = images(0.1, 0.9);
    for (int[] labels : new int[][] {{0}, {0, 2}, {0, -1}, {0, 1, 1}}) {
      assertThrows(
          IllegalArgumentException.class, () -> Accuracy.of(new Threshold(), images, labels));
    }
    assertThrows(
        IllegalArgumentException.class, () -> new Accuracy(3, 2, Binomial.wilson(1, 2, 0.95)));
    AttackResult nothing;
    Thread.currentThread().interrupt();
    try {
      nothing = PgdAttack.linf(0.2, 5).perturb(new Threshold(), images, new int[] {0, 1});
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertEquals(
        "expected at least one image, got none",
        assertThrows(IllegalArgumentException.class, () -> Accuracy.robust(nothing)).getMessage());
  }

  private static INDArray images(double... pixels) {
    return Nd4j.createFromArray(pixels).reshape(pixels.length, 1, 1, 1);
  }

  /** Logits (0, x - 1/2) of an image of one pixel x. */
  private record Threshold() implements RepresentationModel {

    @Override
    public ModelId id() {
      return new ModelId("threshold", "0".repeat(64), "logits", Preprocessing.none());
    }

    @Override
    public ImageSpec input() {
      return SPEC;
    }

    @Override
    public int size() {
      return 2;
    }

    @Override
    public INDArray represent(INDArray images) {
      INDArray x = images.dup('c').reshape('c', images.size(0), 1).subi(0.5);
      return Nd4j.concat(1, x.mul(0), x);
    }

    @Override
    public DifferentiableLoss pullBack(DifferentiableLoss onRepresentations) {
      return (x, rows) -> {
        ValueAndGradient at = onRepresentations.evaluate(represent(x), rows);
        double[] slope = at.gradient().getColumn(1).castTo(DataType.DOUBLE).toDoubleVector();
        return new ValueAndGradient(at.value(), Nd4j.createFromArray(slope).reshape(x.shape()));
      };
    }

    @Override
    public void close() {}
  }
}
