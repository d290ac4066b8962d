package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The Euclidean distance of images over that of black and white, which is the root mean square
 * difference of their pixels, in [0, 1]. At the image itself, where it has a kink, the gradient is
 * 0. People see otherwise: a shift by one pixel is large to it. Symmetric.
 *
 * @see "Wang and Bovik (2009), Mean squared error: love it or leave it?"
 * @since 0.1
 */
public record PixelDistance() implements PerceptualDistance {

  @Override
  public String name() {
    return "pixels";
  }

  @Override
  public Card card() {
    return new Card(
        "l2 / sqrt(number of pixels and channels)",
        1,
        1,
        true,
        "Wang and Bovik (2009), Mean squared error: love it or leave it?");
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    card().check(reference);
    long n = reference.size(0);
    long pixels = reference.length() / n;
    INDArray references =
        Nd4j.createUninitializedDetached(reference.dataType(), 'c', n, pixels)
            .assign(reference.dup('c').reshape('c', n, pixels));
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
      double[] value =
          Averages.of(difference.mul(difference).reshape('c', rows.length, -1, shape[3]));
      double[] scale = new double[rows.length];
      for (int k = 0; k < scale.length; k++) {
        value[k] = Math.sqrt(value[k]);
        scale[k] = value[k] == 0 ? 0 : 1 / (value[k] * pixels);
      }
      INDArray scales =
          Nd4j.createFromArray(scale).castTo(x.dataType()).reshape('c', rows.length, 1);
      return new ValueAndGradient(
          value, difference.muliColumnVector(scales).reshape('c', x.shape()));
    };
  }
}
