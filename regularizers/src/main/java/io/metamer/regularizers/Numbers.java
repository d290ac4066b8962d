package io.metamer.regularizers;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Numbers of which there is one for each image of a batch. */
final class Numbers {

  private Numbers() {}

  /**
   * The sum of each image: along rows in the images' type, and of the rows in double. ND4J adds
   * floats one after the other, which over 3 x 500 x 500 numbers is 1e-4 off.
   */
  static double[] sums(INDArray images) {
    return images.sum(3).castTo(DataType.DOUBLE).sum(1, 2).toDoubleVector();
  }

  /** Multiplies each image of a batch, in place, by its factor. */
  static INDArray scaled(INDArray images, double[] factors) {
    return images.muli(column(factors, images));
  }

  /** An array of the type of the images, shape {@code [k, 1, 1, 1]}. */
  static INDArray column(double[] factors, INDArray images) {
    return Nd4j.createFromArray(factors).castTo(images.dataType()).reshape(factors.length, 1, 1, 1);
  }

  /** A number as short as it can be written: 2 rather than 2.0. */
  static String brief(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e9
        ? Long.toString((long) number)
        : Double.toString(number);
  }
}
