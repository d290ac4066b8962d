package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.DifferentiableLossContract;
import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What holds for every regularizer, beside the contract of its loss. */
interface RegularizerLaws extends DifferentiableLossContract {

  Regularizer regularizer();

  default int[] rows() {
    return new int[] {0, 1, 2};
  }

  default ImageSpec spec() {
    return new ImageSpec(2, 4, 5, 0, 1);
  }

  /** Whether it is a penalty and never a reward. */
  default boolean nonNegative() {
    return true;
  }

  /** Another problem than the point, in the bounds. */
  default InversionProblem problem(DataType type) {
    return new InversionProblem(
        spec(), random(spec(), 11).castTo(type), random(spec(), 12).castTo(type));
  }

  @Override
  default DifferentiableLoss loss() {
    return regularizer().bind(problem(DataType.DOUBLE));
  }

  @Override
  default INDArray point() {
    return random(spec(), 13);
  }

  @Test
  default void evaluation_atBlackWhiteAndConstantImages_isFinite_andNoRewardIfSaid() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      DifferentiableLoss loss = regularizer().bind(problem(type));
      for (double value : new double[] {spec().low(), spec().high(), 0, 0.5}) {
        INDArray x = Nd4j.valueArrayOf(spec().shape(3), value, type);
        assertSound(loss.evaluate(x, rows()));
      }
      assertSound(loss.evaluate(problem(type).targets(), rows()));
      assertSound(loss.evaluate(problem(type).seeds(), rows()));
      assertSound(loss.evaluate(point().castTo(type), rows()));
    }
  }

  @Test
  default void evaluation_inFloat_agreesWithDouble() {
    ValueAndGradient expected = loss().evaluate(point(), rows());
    ValueAndGradient actual =
        regularizer()
            .bind(problem(DataType.FLOAT))
            .evaluate(point().castTo(DataType.FLOAT), rows());

    assertEquals(DataType.FLOAT, actual.gradient().dataType());
    assertClose(expected.value(), actual.value(), 1e-4, 1e-6);
    assertClose(expected.gradient(), actual.gradient().castTo(DataType.DOUBLE), 1e-4, 1e-5);
  }

  @Test
  default void evaluation_ofAnImageThatIsNotFinite_leavesTheOthersAlone() {
    INDArray x = point();
    double[] before = loss().evaluate(x, rows()).value();
    INDArray gradient = loss().evaluate(x, rows()).gradient().dup('c');
    x.putScalar(new int[] {1, 0, 1, 1}, Double.NaN);

    ValueAndGradient at = loss().evaluate(x, rows());

    assertTrue(Double.isNaN(at.value()[1]));
    assertClose(before[0], at.value()[0], 1e-12, 1e-12);
    assertClose(before[2], at.value()[2], 1e-12, 1e-12);
    assertClose(gradient.slice(0), at.gradient().slice(0), 1e-12, 1e-12);
    assertClose(gradient.slice(2), at.gradient().slice(2), 1e-12, 1e-12);
  }

  @Test
  default void evaluation_ofAView_agreesWithThatOfACopy() {
    INDArray x = point();

    ValueAndGradient copy = loss().evaluate(x, rows());
    ValueAndGradient view = loss().evaluate(x.dup('f'), rows());

    assertClose(copy.value(), view.value(), 1e-12, 1e-12);
    assertClose(copy.gradient(), view.gradient(), 1e-12, 1e-12);
  }

  @Test
  default void name_isThere() {
    assertFalse(regularizer().name().isBlank());
  }

  private void assertSound(ValueAndGradient at) {
    assertTrue(
        Arrays.stream(at.value()).allMatch(v -> Double.isFinite(v) && !(nonNegative() && v < 0)),
        () -> Arrays.toString(at.value()));
    assertTrue(
        Double.isFinite(at.gradient().castTo(DataType.DOUBLE).sumNumber().doubleValue()),
        () -> at.gradient().toString());
  }

  static INDArray random(ImageSpec spec, long seed) {
    long[] shape = spec.shape(3);
    double[] values =
        new Random(seed)
            .doubles(Arrays.stream(shape).reduce(1, Math::multiplyExact), spec.low(), spec.high())
            .toArray();
    return Nd4j.createFromArray(values).reshape(shape);
  }

  static INDArray image(ImageSpec spec, double... pixels) {
    return Nd4j.createFromArray(pixels).reshape(spec.shape(1));
  }

  static InversionProblem problem(ImageSpec spec) {
    INDArray zeros = Nd4j.zeros(DataType.DOUBLE, spec.shape(1));
    return new InversionProblem(spec, zeros, zeros);
  }
}
