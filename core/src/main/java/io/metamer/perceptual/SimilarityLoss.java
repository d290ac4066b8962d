package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One minus the similarity of images and references: of each channel a function of its mean
 * similarities at several scales, the last of which alone counts luminance; averaged over the
 * channels.
 */
final class SimilarityLoss implements DifferentiableLoss {

  /** Makes one number of a plane's means at all scales. */
  interface Pooling {

    /** Fills in the derivative with respect to each of the means. */
    double of(double[] means, double[] slopes);
  }

  /** A scale: how it comes from the one before, and the references there. */
  private record Scale(Optional<Windows> reduction, LocalSimilarity similarity) {

    INDArray reduce(INDArray planes) {
      return reduction.map(r -> r.average(planes)).orElse(planes);
    }

    INDArray enlarge(INDArray gradient) {
      return reduction.map(r -> r.spread(gradient)).orElse(gradient);
    }
  }

  private final DataType type;
  private final int channels;
  private final long height;
  private final long width;
  private final Scale[] scales;
  private final Pooling pooling;

  private SimilarityLoss(INDArray images, int[] factors, Pooling pooling) {
    type = images.dataType();
    channels = Math.toIntExact(images.size(1));
    height = images.size(2);
    width = images.size(3);
    this.pooling = pooling;
    scales = new Scale[factors.length];
    long n = images.size(0);
    INDArray planes = images.reshape(n * channels * height, width);
    long rows = height;
    for (int k = 0; k < scales.length; k++) {
      boolean last = k == scales.length - 1;
      Optional<Windows> reduction = Optional.empty();
      if (factors[k] > 1) {
        long columns = planes.size(1);
        reduction = Optional.of(Windows.downsampling(rows, columns, factors[k], type));
        planes = reduction.get().average(planes);
        rows = Windows.downsampled(columns, factors[k]); // a reduction transposes the planes
      }
      scales[k] = new Scale(reduction, new LocalSimilarity(planes, n, rows, last));
    }
  }

  /**
   * Binds references, of the shape that the distance takes.
   *
   * @param factors how much planes are reduced before each scale, 1 for not at all
   */
  static SimilarityLoss of(INDArray references, int[] factors, Pooling pooling) {
    // In whole numbers the weights of a window are all 0.
    if (references.dataType() != DataType.FLOAT && references.dataType() != DataType.DOUBLE) {
      throw new IllegalArgumentException(
          "expected images of type FLOAT or DOUBLE, got " + references.dataType());
    }
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new SimilarityLoss(references.dup('c'), factors, pooling);
    }
  }

  @Override
  public ValueAndGradient evaluate(INDArray images, int[] rows) {
    long[] shape = {rows.length, channels, height, width};
    if (!Arrays.equals(shape, images.shape()) || images.dataType() != type) {
      throw new IllegalArgumentException(
          "expected %s images of shape %s, got %s of shape %s"
              .formatted(
                  type,
                  Arrays.toString(shape),
                  images.dataType(),
                  Arrays.toString(images.shape())));
    }
    LocalSimilarity.Comparison[] found = new LocalSimilarity.Comparison[scales.length];
    INDArray planes = images.reshape(shape[0] * shape[1] * height, width);
    for (int k = 0; k < scales.length; k++) {
      planes = scales[k].reduce(planes);
      found[k] = scales[k].similarity.compare(planes, rows, channels);
    }
    double[] value = new double[rows.length];
    double[][] weights = new double[scales.length][rows.length * channels];
    double[] slopes = new double[scales.length];
    for (int i = 0; i < rows.length; i++) {
      double similarity = 0;
      for (int plane = i * channels; plane < (i + 1) * channels; plane++) {
        int at = plane;
        double[] means = Arrays.stream(found).mapToDouble(f -> f.means()[at]).toArray();
        similarity += pooling.of(means, slopes) / channels;
        for (int k = 0; k < scales.length; k++) {
          weights[k][plane] = -slopes[k] / channels;
        }
      }
      value[i] = Math.max(0, 1 - similarity); // below 0 by rounding only
    }
    int last = scales.length - 1;
    INDArray gradient = scales[last].enlarge(found[last].gradient().of(weights[last]));
    for (int k = last - 1; k >= 0; k--) {
      gradient = scales[k].enlarge(gradient.addi(found[k].gradient().of(weights[k])));
    }
    return new ValueAndGradient(value, gradient.reshape(shape));
  }
}
