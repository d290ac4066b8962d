package io.metamer.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Comparisons that fail on NaN. */
public final class Close {

  private Close() {}

  /**
   * Asserts that two numbers agree.
   *
   * @param expected the reference
   * @param actual the number under test
   * @param rtol tolerance relative to the reference
   * @param atol tolerance added to it
   */
  public static void assertClose(double expected, double actual, double rtol, double atol) {
    if (!(Math.abs(expected - actual) <= atol + rtol * Math.abs(expected))) {
      assertEquals(expected, actual, "rtol %s, atol %s".formatted(rtol, atol));
    }
  }

  /**
   * Asserts that two arrays agree element by element.
   *
   * @param expected the reference
   * @param actual the array under test
   * @param rtol tolerance relative to each element
   * @param atol tolerance added to it
   */
  public static void assertClose(double[] expected, double[] actual, double rtol, double atol) {
    assertEquals(expected.length, actual.length, "length");
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(expected[i] - actual[i]) <= atol + rtol * Math.abs(expected[i]))) {
        fail(
            "element %d: expected %s, got %s (rtol %s, atol %s)"
                .formatted(i, expected[i], actual[i], rtol, atol));
      }
    }
  }

  /**
   * Asserts that two arrays have the same shape and agree element by element.
   *
   * @param expected the reference
   * @param actual the array under test
   * @param rtol tolerance relative to each element
   * @param atol tolerance added to it
   */
  public static void assertClose(INDArray expected, INDArray actual, double rtol, double atol) {
    assertArrayEquals(expected.shape(), actual.shape(), "shape");
    assertClose(elements(expected), elements(actual), rtol, atol);
  }

  /**
   * Asserts that the difference of two arrays is small in norm.
   *
   * @param expected the reference
   * @param actual the array under test, of the same shape
   * @param rtol bound of {@code ||actual - expected|| / ||expected||}
   */
  public static void assertCloseInNorm(INDArray expected, INDArray actual, double rtol) {
    assertArrayEquals(expected.shape(), actual.shape(), "shape");
    double error = relativeError(expected, actual);
    if (!(error <= rtol)) {
      fail("relative error in norm %s, allowed %s".formatted(error, rtol));
    }
  }

  /**
   * The relative error in norm, in double.
   *
   * @param expected the reference
   * @param actual the array under test, of the same shape
   * @return {@code ||actual - expected|| / ||expected||}; 0 if both are zero
   */
  public static double relativeError(INDArray expected, INDArray actual) {
    double[] e = elements(expected);
    double[] a = elements(actual);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < e.length; i++) {
      difference += (a[i] - e[i]) * (a[i] - e[i]);
      norm += e[i] * e[i];
    }
    return difference == 0 ? 0 : Math.sqrt(difference / norm);
  }

  private static double[] elements(INDArray array) {
    return array.dup('c').reshape(array.length()).toDoubleVector();
  }
}
