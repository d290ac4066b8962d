package io.metamer.perceptual;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * How alike the planes of images and of references are at one scale, in Gaussian windows: the mean
 * over all windows within a plane of contrast and structure, {@code (2 cov + C2) / (var x + var y +
 * C2)}, with or without luminance, {@code (2 mx my + C1) / (mx^2 + my^2 + C1)}, as a factor.
 *
 * @see "Wang, Bovik, Sheikh and Simoncelli (2004), section III"
 */
final class LocalSimilarity {

  /** Pixels a side of a window. */
  static final int WINDOW = 11;

  private static final double SIGMA = 1.5;
  private static final double C1 = 0.01 * 0.01;
  private static final double C2 = 0.03 * 0.03;

  /** What squares are taken around: variances stay the same, and lose less to rounding. */
  private static final double MIDDLE = 0.5;

  private final boolean luminance;
  private final Windows windows;
  private final INDArray reference; // [N, pixels of all channels]
  private final INDArray mean; // [N, windows of all channels], less MIDDLE
  private final INDArray variance;

  /** Planes of n references, {@code [n * channels * height, width]}; kept. */
  LocalSimilarity(INDArray planes, long n, long height, boolean luminance) {
    this.luminance = luminance;
    windows = Windows.gaussian(height, planes.size(1), WINDOW, SIGMA, planes.dataType());
    reference = planes.reshape(n, -1);
    INDArray z = planes.sub(MIDDLE);
    mean = windows.average(z).reshape(n, -1);
    variance = windows.average(z.mul(z)).reshape(n, -1).subi(mean.mul(mean));
  }

  /** Compares planes of images, stacked like those of the references, with those of some rows. */
  Comparison compare(INDArray x, int[] rows, int channels) {
    INDArray z = x.sub(MIDDLE);
    INDArray d = x.sub(Nd4j.pullRows(reference, 1, rows).reshape(x.shape()));
    INDArray[] moments = thirds(windows.average(Nd4j.concat(0, d, d.mul(d), z.mul(z))));
    INDArray md = moments[0];
    INDArray my = Nd4j.pullRows(mean, 1, rows).reshape(md.shape());
    INDArray mx = my.add(md);
    INDArray variances =
        moments[2].sub(mx.mul(mx)).addi(Nd4j.pullRows(variance, 1, rows).reshape(md.shape()));
    variances.addi(C2);

    // 2 cov = var x + var y - var d, and likewise of products and squares of means: of images that
    // are nearly alike the differences lose nothing to rounding, and of equal ones they are 0.
    INDArray unlike = moments[1].sub(md.mul(md)).divi(variances);
    INDArray similarity = unlike.rsub(1);
    INDArray byMean = md.sub(mx.mul(unlike)).muli(2).divi(variances);
    INDArray bySquaredDifference = variances.rdiv(-1);
    INDArray bySquare = unlike.div(variances);
    if (luminance) {
      INDArray lx = mx.add(MIDDLE);
      INDArray ly = my.add(MIDDLE);
      INDArray brightness = lx.mul(lx).addi(ly.muli(ly)).addi(C1);
      INDArray darker = md.mul(md).divi(brightness);
      INDArray factor = darker.rsub(1);
      INDArray slope = lx.muli(darker).subi(md).muli(2).divi(brightness);
      byMean.muli(factor).addi(slope.muli(similarity));
      bySquaredDifference.muli(factor);
      bySquare.muli(factor);
      similarity.muli(factor);
    }
    long planes = (long) rows.length * channels;
    double[] means = Averages.of(similarity.reshape(planes, -1, similarity.size(1)));
    double perWindow = (double) planes / similarity.length();
    return new Comparison(
        means,
        weights -> {
          double[] scaled = Arrays.stream(weights).map(w -> w * perWindow).toArray();
          INDArray column = Nd4j.createFromArray(scaled).castTo(x.dataType());
          INDArray[] slopes = {byMean, bySquaredDifference, bySquare};
          for (INDArray slope : slopes) {
            slope.reshape(planes, -1).muliColumnVector(column.reshape(planes, 1));
          }
          INDArray[] g = thirds(windows.spread(Nd4j.concat(0, slopes)));
          return g[0].add(d.muli(g[1]).addi(z.muli(g[2])).muli(2));
        });
  }

  /**
   * What was found.
   *
   * @param means one number a plane, image by image
   * @param gradient to be asked for once
   */
  record Comparison(double[] means, PullBack gradient) {}

  /** Takes weights of the planes' means to the gradient of their weighted sum. */
  interface PullBack {

    /** Of the shape of the planes. */
    INDArray of(double[] weights);
  }

  private static INDArray[] thirds(INDArray rows) {
    long n = rows.size(0) / 3;
    INDArray[] thirds = new INDArray[3];
    for (int k = 0; k < 3; k++) {
      thirds[k] = rows.get(NDArrayIndex.interval(k * n, (k + 1) * n), NDArrayIndex.all());
    }
    return thirds;
  }
}
