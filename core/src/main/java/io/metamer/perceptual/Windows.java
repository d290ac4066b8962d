package io.metamer.perceptual;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Weighted averages over windows of the planes of images, one along rows and one along columns, and
 * the transpose of that map.
 *
 * <p>Planes are stacked, {@code [planes * height, width]}. What comes out is transposed, {@code
 * [planes * windows in a row, windows in a column]}: nothing here minds, and it spares a copy.
 */
final class Windows {

  private final INDArray across; // [width, windows in a row]
  private final INDArray down; // [height, windows in a column]
  private final INDArray acrossTransposed;
  private final INDArray downTransposed;

  private Windows(double[][] across, double[][] down, DataType type) {
    this.across = Nd4j.createFromArray(across).castTo(type);
    this.down = Nd4j.createFromArray(down).castTo(type);
    acrossTransposed = this.across.transpose().dup('c');
    downTransposed = this.down.transpose().dup('c');
  }

  /** Gaussian windows of so many pixels a side that lie within the planes. */
  static Windows gaussian(long height, long width, int size, double sigma, DataType type) {
    double[] weights = new double[size];
    double sum = 0;
    for (int k = 0; k < size; k++) {
      double d = (k - size / 2) / sigma;
      weights[k] = Math.exp(-d * d / 2);
      sum += weights[k];
    }
    for (int k = 0; k < size; k++) {
      weights[k] /= sum;
    }
    return new Windows(within(width, weights), within(height, weights), type);
  }

  /**
   * The mean over factor x factor pixels at every factor-th pixel, from the first. Beyond the
   * border pixels are mirrored, the last one repeated: MATLAB's imfilter with {@code 'symmetric',
   * 'same'}, then {@code (1:f:end, 1:f:end)}.
   */
  static Windows downsampling(long height, long width, int factor, DataType type) {
    return new Windows(sampled(width, factor), sampled(height, factor), type);
  }

  /** How many pixels are left of a line. */
  static long downsampled(long size, int factor) {
    return (size + factor - 1) / factor;
  }

  /** From planes to their windows, transposed. */
  INDArray average(INDArray rows) {
    return columns(rows.mmul(across, 'c'), down.size(0)).mmul(down, 'c');
  }

  /** The transpose of {@link #average}. */
  INDArray spread(INDArray maps) {
    return columns(maps.mmul(downTransposed, 'c'), across.size(1)).mmul(acrossTransposed, 'c');
  }

  /** Transposes each plane of {@code height} rows. */
  private static INDArray columns(INDArray rows, long height) {
    long planes = rows.size(0) / height;
    long width = rows.size(1);
    return rows.reshape(planes, height, width)
        .permute(0, 2, 1)
        .dup('c')
        .reshape(planes * width, height);
  }

  /** The windows of a line: {@code [size, windows]}, each column a window. */
  private static double[][] within(long size, double[] weights) {
    int windows = Math.toIntExact(size) - weights.length + 1;
    double[][] matrix = new double[Math.toIntExact(size)][windows];
    for (int j = 0; j < windows; j++) {
      for (int k = 0; k < weights.length; k++) {
        matrix[j + k][j] = weights[k];
      }
    }
    return matrix;
  }

  private static double[][] sampled(long size, int factor) {
    int length = Math.toIntExact(size);
    double[][] matrix = new double[length][Math.toIntExact(downsampled(size, factor))];
    for (int j = 0; j < matrix[0].length; j++) {
      for (int k = 0; k < factor; k++) {
        int at = j * factor - (factor - 1) / 2 + k;
        int mirrored = at < 0 ? -1 - at : at < length ? at : 2 * length - 1 - at;
        matrix[mirrored][j] += 1.0 / factor;
      }
    }
    return matrix;
  }
}
