package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * One minus the structural similarity (SSIM) of two images: 0 for the same image, at most 2.
 *
 * <p>As its authors define it: Gaussian windows of 11 x 11 pixels with standard deviation 1.5, K1 =
 * 0.01, K2 = 0.03, values in [0, 1], the mean over all windows that lie within the image; and over
 * the channels, each compared by itself. Symmetric. Images have at least 11 pixels a side.
 *
 * @apiNote The authors first reduce images whose short side is well above 256 pixels; this does
 *     not.
 * @see "Wang, Bovik, Sheikh and Simoncelli (2004), Image quality assessment, section III"
 * @since 0.1
 */
public record StructuralSimilarity() implements PerceptualDistance {

  private static final int WINDOW = 11;
  private static final double SIGMA = 1.5;
  private static final double C1 = 0.01 * 0.01;
  private static final double C2 = 0.03 * 0.03;

  @Override
  public String name() {
    return "SSIM";
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    if (reference.rank() != 4
        || reference.isEmpty()
        || reference.size(2) < WINDOW
        || reference.size(3) < WINDOW) {
      throw new IllegalArgumentException(
          "expected images of shape [N, C, H, W] with at least %d rows and columns, got %s"
              .formatted(WINDOW, Arrays.toString(reference.shape())));
    }
    // In whole numbers the weights of a window are all 0.
    if (reference.dataType() != DataType.FLOAT && reference.dataType() != DataType.DOUBLE) {
      throw new IllegalArgumentException(
          "expected images of type FLOAT or DOUBLE, got " + reference.dataType());
    }
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new Loss(reference.dup('c'));
    }
  }

  /** Moments are those of a window; maps of them are [images * channels * columns, rows]. */
  private static final class Loss implements DifferentiableLoss {

    private final long channels;
    private final long height;
    private final long width;
    private final Windows windows;
    private final INDArray reference; // [N, C * H * W]
    private final INDArray mean; // [N, windows of all channels]
    private final INDArray secondMoment;

    Loss(INDArray images) {
      long n = images.size(0);
      channels = images.size(1);
      height = images.size(2);
      width = images.size(3);
      windows = new Windows(gaussian(width), gaussian(height), images.dataType());
      reference = images.reshape(n, channels * height * width);
      INDArray rows = images.reshape(n * channels * height, width);
      mean = windows.average(rows).reshape(n, -1);
      secondMoment = windows.average(rows.mul(rows)).reshape(n, -1);
    }

    @Override
    public ValueAndGradient evaluate(INDArray images, int[] rows) {
      long[] shape = {rows.length, channels, height, width};
      if (!Arrays.equals(shape, images.shape()) || images.dataType() != reference.dataType()) {
        throw new IllegalArgumentException(
            "expected %s images of shape %s, got %s of shape %s"
                .formatted(
                    reference.dataType(),
                    Arrays.toString(shape),
                    images.dataType(),
                    Arrays.toString(images.shape())));
      }
      INDArray x = images.reshape(rows.length * channels * height, width);
      INDArray y = Nd4j.pullRows(reference, 1, rows).reshape(x.shape());
      INDArray[] moments = thirds(windows.average(Nd4j.concat(0, x, x.mul(x), x.mul(y))));
      INDArray mx = moments[0];
      INDArray my = Nd4j.pullRows(mean, 1, rows).reshape(mx.shape());
      INDArray yy = Nd4j.pullRows(secondMoment, 1, rows).reshape(mx.shape());
      INDArray mxy = mx.mul(my);
      INDArray mxx = mx.mul(mx);
      INDArray myy = my.mul(my);

      // similarity = (2 mx my + C1) (2 cov + C2) / ((mx^2 + my^2 + C1) (var x + var y + C2))
      INDArray luminance = mxy.mul(2).addi(C1);
      INDArray structure = moments[2].sub(mxy).muli(2).addi(C2);
      INDArray brightness = mxx.add(myy).addi(C1);
      INDArray contrast = moments[1].sub(mxx).addi(yy.sub(myy)).addi(C2);
      INDArray denominator = brightness.mul(contrast);
      INDArray similarity = luminance.mul(structure).divi(denominator);
      double[] value =
          similarity.reshape(rows.length, -1).mean(1).castTo(DataType.DOUBLE).toDoubleVector();
      for (int i = 0; i < value.length; i++) {
        value[i] = Math.max(0, 1 - value[i]); // below 0 by rounding only
      }

      INDArray byMean =
          my.mul(structure.sub(luminance))
              .addi(mx.mul(similarity).muli(brightness.sub(contrast)))
              .muli(2)
              .divi(denominator);
      INDArray bySecondMoment = similarity.div(contrast).negi();
      INDArray byProduct = luminance.mul(2).divi(denominator);
      INDArray[] g = thirds(windows.spread(Nd4j.concat(0, byMean, bySecondMoment, byProduct)));
      double weight = -1.0 * rows.length / similarity.length();
      INDArray gradient =
          g[0].add(x.mul(g[1]).muli(2)).addi(y.mul(g[2])).muli(weight).reshape(shape);
      return new ValueAndGradient(value, gradient);
    }
  }

  /** Weighted averages over all windows of images, and the transpose of that map. */
  private static final class Windows {

    private final INDArray across; // [width, windows in a row]
    private final INDArray down; // [height, windows in a column]
    private final INDArray acrossTransposed;
    private final INDArray downTransposed;

    Windows(double[][] across, double[][] down, DataType type) {
      this.across = Nd4j.createFromArray(across).castTo(type);
      this.down = Nd4j.createFromArray(down).castTo(type);
      this.acrossTransposed = this.across.transpose().dup('c');
      this.downTransposed = this.down.transpose().dup('c');
    }

    /** From [planes * height, width] to [planes * windows in a row, windows in a column]. */
    INDArray average(INDArray rows) {
      return columns(rows.mmul(across, 'c'), down.size(0)).mmul(down, 'c');
    }

    /** The other way round. */
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
  }

  private static INDArray[] thirds(INDArray rows) {
    long n = rows.size(0) / 3;
    INDArray[] thirds = new INDArray[3];
    for (int k = 0; k < 3; k++) {
      thirds[k] = rows.get(NDArrayIndex.interval(k * n, (k + 1) * n), NDArrayIndex.all());
    }
    return thirds;
  }

  /** The windows of a line: {@code [size, size - 10]}, each column a window. */
  private static double[][] gaussian(long size) {
    double[] weights = new double[WINDOW];
    double sum = 0;
    for (int k = 0; k < WINDOW; k++) {
      double d = (k - WINDOW / 2) / SIGMA;
      weights[k] = Math.exp(-d * d / 2);
      sum += weights[k];
    }
    int windows = Math.toIntExact(size) - WINDOW + 1;
    double[][] matrix = new double[Math.toIntExact(size)][windows];
    for (int j = 0; j < windows; j++) {
      for (int k = 0; k < WINDOW; k++) {
        matrix[j + k][j] = weights[k] / sum;
      }
    }
    return matrix;
  }
}
