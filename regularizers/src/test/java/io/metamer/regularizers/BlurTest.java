package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.regularizers.RegularizerLaws.image;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.ValueAndGradient;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class BlurTest implements RegularizerLaws {

  private static final int[] FIRST = {0};

  /** The contract holds for the exact gradient; the published one is checked against loops. */
  @Override
  public Regularizer regularizer() {
    return new Blur(false);
  }

  @Test
  void value_agreesWithPlainLoops_andThePublishedGradientHoldsTheBlur() {
    INDArray x = point();
    ValueAndGradient at = new Blur(true).bind(problem(DataType.DOUBLE)).evaluate(x, rows());
    INDArray difference = x.dup('c');
    double[] value = new double[3];
    for (int n = 0; n < 3; n++) {
      for (int c = 0; c < 2; c++) {
        for (int i = 0; i < 4; i++) {
          for (int j = 0; j < 5; j++) {
            double d = x.getDouble(n, c, i, j) - blurred(x, n, c, i, j);
            difference.putScalar(new int[] {n, c, i, j}, d);
            value[n] += d * d / 2;
          }
        }
      }
    }

    assertClose(value, at.value(), 1e-12, 0);
    assertClose(difference, at.gradient(), 1e-12, 1e-12);
    assertClose(value, loss().evaluate(x, rows()).value(), 1e-12, 0);
  }

  @Test
  void constantImage_isItsOwnBlur_toTheBorder() {
    INDArray x = Nd4j.valueArrayOf(spec().shape(3), 0.7, DataType.DOUBLE);

    ValueAndGradient at = new Blur(true).bind(problem(DataType.DOUBLE)).evaluate(x, rows());

    assertClose(new double[3], at.value(), 0, 1e-24);
    assertClose(x.mul(0), at.gradient(), 0, 1e-12);
  }

  @Test
  void imageOfOnePixel_isItsOwnBlur() {
    ImageSpec spec = new ImageSpec(1, 1, 1, 0, 1);

    ValueAndGradient at =
        new Blur(false).bind(RegularizerLaws.problem(spec)).evaluate(image(spec, 0.3), FIRST);

    assertClose(new double[1], at.value(), 0, 1e-30);
  }

  @Test
  void name_tellsTheExactOneApart() {
    assertEquals("Blur", new Blur(true).name());
    assertEquals("Blur(exact)", new Blur(false).name());
  }

  private static double blurred(INDArray x, int n, int c, int i, int j) {
    double sum = 0;
    double mass = 0;
    for (int a = Math.max(0, i - 1); a <= Math.min(3, i + 1); a++) {
      for (int b = Math.max(0, j - 1); b <= Math.min(4, j + 1); b++) {
        double weight = a == i && b == j ? 1 : 0.5;
        sum += weight * x.getDouble(n, c, a, b);
        mass += weight;
      }
    }
    return sum / mass;
  }
}
