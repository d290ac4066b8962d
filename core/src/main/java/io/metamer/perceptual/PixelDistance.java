package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The root mean square difference of pixels, in [0, 1]. At the image itself, where it has a kink,
 * the gradient is 0. People see otherwise: a shift by one pixel is large to it.
 *
 * @since 0.1
 */
public record PixelDistance() implements PerceptualDistance {

  @Override
  public String name() {
    return "pixels";
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    if (reference.rank() != 4 || reference.isEmpty()) {
      throw new IllegalArgumentException(
          "expected images of shape [N, C, H, W], got " + Arrays.toString(reference.shape()));
    }
    long n = reference.size(0);
    long pixels = reference.length() / n;
    INDArray references =
        Nd4j.createUninitializedDetached(reference.dataType(), 'c', n, pixels)
            .assign(reference.dup('c').reshape('c', n, pixels));
    double root = Math.sqrt((double) pixels);
    long[] shape = reference.shape().clone();
    return (x, rows) -> {
      shape[0] = rows.length;
      if (!Arrays.equals(x.shape(), shape)) {
        throw new IllegalArgumentException(
            "expected images of shape %s, got %s"
                .formatted(Arrays.toString(shape), Arrays.toString(x.shape())));
      }
      INDArray difference =
          x.dup('c')
              .reshape('c', rows.length, pixels)
              .subi(Nd4j.pullRows(references, 1, rows).castTo(x.dataType()));
      double[] value = difference.norm2(1).castTo(DataType.DOUBLE).toDoubleVector();
      double[] scale = new double[rows.length];
      for (int k = 0; k < scale.length; k++) {
        scale[k] = value[k] == 0 ? 0 : 1 / (value[k] * root);
        value[k] /= root;
      }
      INDArray scales =
          Nd4j.createFromArray(scale).castTo(x.dataType()).reshape('c', rows.length, 1);
      return new ValueAndGradient(
          value, difference.muliColumnVector(scales).reshape('c', x.shape()));
    };
  }
}
