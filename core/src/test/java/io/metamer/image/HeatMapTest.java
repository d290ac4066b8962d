package io.metamer.image;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class HeatMapTest {

  @Test
  void heatMap_isDimmedGrayWhereNothingIs_andWhiteWhereMostIs() {
    INDArray image = Nd4j.createFromArray(1f, 0.5f, 0, 1f, 0.5f, 0, 1f, 0.5f, 0).reshape(3, 1, 3);
    INDArray map = Nd4j.createFromArray(0.0, 0.0, 4.0).reshape(1, 3);

    INDArray picture = HeatMap.over(image, map, 2);

    assertArrayEquals(new long[] {3, 1, 3}, picture.shape());
    for (int c = 0; c < 3; c++) {
      assertClose(0.6, picture.getDouble(c, 0, 0), 0, 1e-6);
      assertClose(0.3, picture.getDouble(c, 0, 1), 0, 1e-6);
      assertClose(1, picture.getDouble(c, 0, 2), 0, 1e-6);
    }
  }

  @Test
  void heatMap_ofAGrayImage_goesFromRedToYellow() {
    INDArray image = Nd4j.zeros(1, 1, 2);
    INDArray picture =
        HeatMap.over(image, Nd4j.createFromArray(1 / 3.0, 2 / 3.0).reshape(1, 1, 2), 1);

    double dimmed = 1 / 3.0 + 2 / 3.0 * 0.4;
    assertClose(dimmed, picture.getDouble(0, 0, 0), 0, 1e-6);
    assertClose(0, picture.getDouble(1, 0, 0), 0, 1e-6);
    assertClose(2 / 3.0 + 1 / 3.0 * 0.4, picture.getDouble(1, 0, 1), 0, 1e-6);
    assertClose(0, picture.getDouble(2, 0, 1), 0, 1e-6);
  }

  @Test
  void heatMap_thatDoesNotFit_isRefused() {
    INDArray image = Nd4j.zeros(3, 4, 5);
    assertThrows(IllegalArgumentException.class, () -> HeatMap.over(image, Nd4j.zeros(5, 4), 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> HeatMap.over(Nd4j.zeros(2, 4, 5), Nd4j.zeros(4, 5), 1));
    for (double largest : new double[] {0, -1, Double.NaN}) {
      assertThrows(
          IllegalArgumentException.class, () -> HeatMap.over(image, Nd4j.zeros(4, 5), largest));
    }
  }
}
