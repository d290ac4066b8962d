package io.metamer.loss;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.DifferentiableLossContract;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class ClassificationLossTest {

  private static final int[] FIRST = {0};

  /** Labels that are the largest, the second and the smallest logit. */
  private interface Loss extends DifferentiableLossContract {

    ClassificationLoss kind();

    @Override
    default DifferentiableLoss loss() {
      return kind().to(new int[] {2, 0, 1});
    }

    @Override
    default INDArray point() {
      return Nd4j.createFromArray(
          new double[][] {{1, -2, 3, 0.5}, {1, -2, 3, 0.5}, {0.3, -1.7, 0.1, 2.2}});
    }
  }

  @Nested
  final class CrossEntropyTest implements Loss {
    @Override
    public ClassificationLoss kind() {
      return ClassificationLoss.CROSS_ENTROPY;
    }
  }

  @Nested
  final class MarginTest implements Loss {
    @Override
    public ClassificationLoss kind() {
      return ClassificationLoss.MARGIN;
    }
  }

  @Nested
  final class DifferenceOfLogitsRatioTest implements Loss {
    @Override
    public ClassificationLoss kind() {
      return ClassificationLoss.DIFFERENCE_OF_LOGITS_RATIO;
    }
  }

  @Test
  void values_areThoseOfTheFormulas() {
    double[] z = {1, 2, 4};
    double all = Math.exp(1) + Math.exp(2) + Math.exp(4);
    assertEquals(Math.log(all) - 2, value(ClassificationLoss.CROSS_ENTROPY, 1, z), 1e-14);
    assertEquals(2, value(ClassificationLoss.MARGIN, 1, z));
    assertEquals(-2, value(ClassificationLoss.MARGIN, 2, z));
    assertEquals(2.0 / 3, value(ClassificationLoss.DIFFERENCE_OF_LOGITS_RATIO, 1, z), 1e-11);
    assertEquals(-2.0 / 3, value(ClassificationLoss.DIFFERENCE_OF_LOGITS_RATIO, 2, z), 1e-11);
  }

  /** 1 - p would be 0 here in double, and the logarithm of p as well. */
  @Test
  void crossEntropy_ofASureClassifier_isAccurate() {
    INDArray z = Nd4j.createFromArray(new double[][] {{50, 0}});
    ValueAndGradient at = ClassificationLoss.CROSS_ENTROPY.to(FIRST).evaluate(z, FIRST);
    assertClose(Math.exp(-50), at.value()[0], 1e-12, 0);
    assertClose(Math.exp(-50), at.gradient().getDouble(0, 1), 1e-12, 0);
    assertClose(-Math.exp(-50), at.gradient().getDouble(0, 0), 1e-12, 0);
  }

  @Test
  void crossEntropy_ofAVeryWrongClassifier_isFinite() {
    INDArray z = Nd4j.createFromArray(new double[][] {{-1000, 1000}});
    ValueAndGradient at = ClassificationLoss.CROSS_ENTROPY.to(FIRST).evaluate(z, FIRST);
    assertEquals(2000, at.value()[0]);
    assertEquals(-1, at.gradient().getDouble(0, 0));
  }

  @ParameterizedTest
  @EnumSource
  void ofFloats_isThatOfDoubles(ClassificationLoss loss) {
    Random random = new Random(3);
    float[][] z = new float[3][5];
    for (float[] row : z) {
      for (int j = 0; j < row.length; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    INDArray inFloat = Nd4j.createFromArray(z);
    int[] rows = {0, 1, 2};
    DifferentiableLoss bound = loss.to(new int[] {4, 0, 2});
    ValueAndGradient single = bound.evaluate(inFloat, rows);
    assertEquals(DataType.FLOAT, single.gradient().dataType());
    ValueAndGradient exact = bound.evaluate(inFloat.castTo(DataType.DOUBLE), rows);
    assertClose(exact.value(), single.value(), 1e-14, 0);
    assertClose(exact.gradient(), single.gradient(), 1e-6, 1e-7);
  }

  @ParameterizedTest
  @EnumSource
  void ofNaN_isNaN(ClassificationLoss loss) {
    double value = value(loss, 1, Double.NaN, Double.NaN, Double.NaN);
    assertTrue(Double.isNaN(value), "got " + value);
  }

  @Test
  void badInput_isRefusedWithWhatWasExpected() {
    assertEquals(
        "expected labels of at least 0, image 1 has -1",
        assertThrows(
                IllegalArgumentException.class,
                () -> ClassificationLoss.MARGIN.to(new int[] {0, -1}))
            .getMessage());
    assertEquals(
        "expected logits of shape [1, 4 or more classes], got [1, 3]",
        assertThrows(
                IllegalArgumentException.class, () -> value(ClassificationLoss.MARGIN, 3, 1, 2, 3))
            .getMessage());
    assertEquals(
        "expected logits of shape [1, 3 or more classes], got [1, 2]",
        assertThrows(
                IllegalArgumentException.class,
                () -> value(ClassificationLoss.DIFFERENCE_OF_LOGITS_RATIO, 0, 1, 2))
            .getMessage());
  }

  private static double value(ClassificationLoss loss, int label, double... z) {
    return loss.to(new int[] {label})
        .evaluate(Nd4j.createFromArray(new double[][] {z}), FIRST)
        .value()[0];
  }
}
