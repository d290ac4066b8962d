package io.metamer.perceptual;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Means of planes. */
final class Averages {

  private Averages() {}

  /**
   * The mean of each plane: along its rows in the planes' type, and of the rows in double. ND4J
   * adds floats one after the other, which over a plane of 500 x 500 pixels is 2e-4 off.
   *
   * @param planes {@code [n, rows, columns]}
   * @return n means
   */
  static double[] of(INDArray planes) {
    return planes.mean(2).castTo(DataType.DOUBLE).mean(1).toDoubleVector();
  }
}
