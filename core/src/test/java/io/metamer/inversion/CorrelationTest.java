package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class CorrelationTest {

  private static final double[] A = {0.5, 2, 2, -1, 3, 0, 7.25, 2};
  private static final double[] B = {1, 4, 3.5, 3.5, -2, 0, 9, 1};

  /** SciPy 1.10.1: {@code scipy.stats.pearsonr(a, b)[0]}. */
  @Test
  void pearson_agreesWithSciPy() {
    assertClose(0.5813908056826045, Correlation.pearson(A, B), 1e-12, 0);
  }

  /** SciPy 1.10.1: {@code scipy.stats.spearmanr(a, b)[0]}. */
  @Test
  void spearman_withTies_agreesWithSciPy() {
    assertClose(0.22223915924615767, Correlation.spearman(A, B), 1e-12, 0);
  }

  @Test
  void spearman_ofAMonotoneMap_isOne() {
    double[] cubes = new double[A.length];
    Arrays.setAll(cubes, i -> A[i] * A[i] * A[i]);
    assertClose(1, Correlation.spearman(A, cubes), 1e-12, 0);
  }

  @Test
  void spearman_takesBothZeroesForOne() {
    assertEquals(
        Correlation.spearman(new double[] {0, 0, 1}, new double[] {1, 2, 3}),
        Correlation.spearman(new double[] {0.0, -0.0, 1}, new double[] {1, 2, 3}));
  }

  @Test
  void correlation_withAConstant_isZero() {
    double[] constant = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    assertEquals(0, Correlation.pearson(A, constant));
    assertEquals(0, Correlation.spearman(constant, A));
    assertEquals(0, Correlation.pearson(new double[] {3}, new double[] {3}));
  }

  @Test
  void pearson_ofTheSmallestNumbers_isNotNaN() {
    double[] tiny = {1e-200, 2e-200};
    assertEquals(0, Correlation.pearson(tiny, tiny));
  }
}
