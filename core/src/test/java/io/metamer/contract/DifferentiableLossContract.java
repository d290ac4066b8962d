package io.metamer.contract;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What holds for every differentiable loss. Implementations of the contract give a loss bound to
 * three examples in double, and a point at which it is smooth.
 */
public interface DifferentiableLossContract {

  /**
   * The loss under test.
   *
   * @return bound to three examples, in double
   */
  DifferentiableLoss loss();

  /**
   * Where it is tested.
   *
   * @return shape {@code [3, ...]}, DOUBLE, not at a kink of the loss
   */
  INDArray point();

  /**
   * The step of the central differences.
   *
   * @return small beside the distance of the point from the next kink
   */
  default double differenceStep() {
    return 1e-5;
  }

  /**
   * How closely the gradient has to agree.
   *
   * @return relative error in norm
   */
  default double gradientTolerance() {
    return 1e-6;
  }

  /**
   * Which elements the gradient is compared at: each so many-th of an example.
   *
   * @return 1 for all; a prime number for losses that take long
   */
  default int differenceStride() {
    return 1;
  }

  @Test
  default void gradient_inDouble_agreesWithCentralDifferences() {
    DifferentiableLoss loss = loss();
    INDArray x = point();
    int[] rows = {0, 1, 2};
    long length = x.length() / 3;
    INDArray gradient = loss.evaluate(x, rows).gradient().dup('c').reshape(3, length);
    // Elements that are left out keep the gradient 0 on both sides.
    INDArray compared = Nd4j.create(DataType.DOUBLE, 3, length);
    INDArray differences = Nd4j.create(DataType.DOUBLE, 3, length);
    double h = differenceStep();
    INDArray flat = x.dup('c');
    for (long j = 0; j < length; j += differenceStride()) {
      // Examples are independent, so one element of each can move at once.
      double[] above = moved(loss, flat, j, h, rows);
      double[] below = moved(loss, flat, j, -h, rows);
      for (int i = 0; i < 3; i++) {
        differences.putScalar(i, j, (above[i] - below[i]) / (2 * h));
        compared.putScalar(i, j, gradient.getDouble(i, j));
      }
    }
    assertCloseInNorm(differences, compared, gradientTolerance());
  }

  @Test
  default void evaluation_ofSomeRows_agreesWithThatOfAll() {
    DifferentiableLoss loss = loss();
    INDArray x = point();
    ValueAndGradient all = loss.evaluate(x, new int[] {0, 1, 2});
    double[] values = all.value().clone();
    INDArray gradient = all.gradient().dup('c');
    for (int[] rows : new int[][] {{2, 0}, {1}, {0, 1, 2}}) {
      INDArray some = Nd4j.pullRows(x.dup('c').reshape(3, x.length() / 3), 1, rows);
      long[] shape = x.shape().clone();
      shape[0] = rows.length;
      ValueAndGradient part = loss.evaluate(some.reshape(shape), rows);
      assertClose(
          Arrays.stream(rows).mapToDouble(r -> values[r]).toArray(), part.value(), 1e-12, 1e-12);
      for (int i = 0; i < rows.length; i++) {
        assertClose(gradient.slice(rows[i]), part.gradient().slice(i), 1e-10, 1e-12);
      }
    }
  }

  @Test
  default void evaluation_leavesItsArgumentUnchanged() {
    INDArray x = point();
    INDArray before = x.dup();
    ValueAndGradient result = loss().evaluate(x, new int[] {0, 1, 2});
    assertEquals(before, x);
    assertArrayEquals(x.shape(), result.gradient().shape());
    assertEquals(x.dataType(), result.gradient().dataType());
  }

  private static double[] moved(
      DifferentiableLoss loss, INDArray flat, long j, double by, int[] rows) {
    INDArray x = flat.dup('c');
    INDArray view = x.reshape(3, x.length() / 3);
    for (int i = 0; i < 3; i++) {
      view.putScalar(i, j, view.getDouble(i, j) + by);
    }
    return loss.evaluate(x, rows).value().clone();
  }
}
