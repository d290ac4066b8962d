package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.regularizers.RegularizerLaws.image;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.ValueAndGradient;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class L1Test implements RegularizerLaws {

  @Override
  public Regularizer regularizer() {
    return new L1(0.5);
  }

  @Test
  void value_isTheSumOfDistances_andTiesDoNotPull() {
    ImageSpec spec = new ImageSpec(1, 1, 3, 0, 1);

    ValueAndGradient at =
        new L1(0.5)
            .bind(RegularizerLaws.problem(spec))
            .evaluate(image(spec, 0.25, 0.5, 1), new int[1]);

    assertClose(new double[] {0.75}, at.value(), 1e-12, 0);
    assertClose(image(spec, -1, 0, 1), at.gradient(), 0, 0);
  }

  @Test
  void value_ofALargeImageInFloat_losesNothingInTheSum() {
    ImageSpec spec = new ImageSpec(3, 300, 300, 0, 1);
    INDArray gray = Nd4j.valueArrayOf(spec.shape(1), 0.831, DataType.FLOAT);

    double value =
        new L1(0.5).bind(RegularizerLaws.problem(spec)).evaluate(gray, new int[1]).value()[0];

    assertClose(0.331 * 270_000, value, 1e-5, 0);
  }

  @Test
  void center_thatIsNotFinite_isRefused() {
    assertEquals(
        "expected a finite center, got NaN",
        assertThrows(IllegalArgumentException.class, () -> new L1(Double.NaN)).getMessage());
  }

  @Test
  void name_carriesTheCenter() {
    assertEquals("L1(0.5)", new L1(0.5).name());
  }
}
