package io.metamer.image;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Random changes of images of one kind, and the gradient through them.
 *
 * <p>Image k of a batch undergoes what is drawn for its iteration, whatever its neighbours undergo;
 * images of the same iteration undergo the same. All channels of an image do, too. What comes out
 * has the size of what goes in: the middle of what the last step gave, which is never smaller.
 *
 * @apiNote The released code of Nanda et al. (2023), like Lucent's, leaves the size that the last
 *     step gave (for 224 pixels 248 to 273) to networks that take any size; ours are compiled for
 *     one. It draws unseeded. The frame around scaled images that are not square has its two widths
 *     swapped there.
 * @implNote All steps together are one affine map of a plane, {@code y = A x + b}, computed in
 *     double and rounded once to the type of the images. Those of the standard sets have some nine
 *     weights a pixel. Maps of the last call are kept, up to 60 MB of them, so that the gradient
 *     need not build them again. Threads may share an instance.
 * @see Transformations#bind
 * @since 0.1
 */
public final class BoundTransformations {

  /** The largest image that a step may make: 2048 by 2048 pixels. */
  private static final int MOST_PIXELS = 1 << 22;

  /** Maps of how many pixels are kept, at some 110 bytes each: ten of images of 224 pixels. */
  private static final int KEPT_PIXELS = 1 << 19;

  private final Transformations transformations;
  private final ImageSpec spec;
  private volatile Map<Integer, Resampling> kept = Map.of();

  BoundTransformations(Transformations transformations, ImageSpec spec) {
    this.transformations = transformations;
    this.spec = spec;
    requireSizes();
  }

  /**
   * Changed images.
   *
   * @param images shape {@code [N, C, H, W]}, FLOAT or DOUBLE, any values; not changed
   * @param iterations the iteration of each image, N of them
   * @return a batch of the same shape and type; the caller's
   * @throws IllegalArgumentException if the images are not of this kind, or there are not as many
   *     iterations
   */
  public INDArray apply(INDArray images, int[] iterations) {
    return mapped(images, "images", iterations, Resampling::apply);
  }

  /**
   * The gradient with respect to images of a loss of the changed images: the transposed of {@link
   * #apply}'s linear part, exactly.
   *
   * @param gradient with respect to what {@link #apply} returned, shape {@code [N, C, H, W]}, FLOAT
   *     or DOUBLE; not changed
   * @param iterations the iteration of each image, N of them
   * @return a batch of the same shape and type; the caller's
   * @throws IllegalArgumentException if the gradient is not of this shape, or there are not as many
   *     iterations
   */
  public INDArray pullBack(INDArray gradient, int[] iterations) {
    return mapped(gradient, "gradients", iterations, Resampling::pullBack);
  }

  private interface PlaneMap {
    void map(Resampling resampling, double[] from, int start, double[] to, int toStart);
  }

  private INDArray mapped(INDArray batch, String role, int[] iterations, PlaneMap map) {
    check(batch, role, iterations);
    double[] from = batch.dup('c').data().asDouble();
    double[] to = new double[from.length];
    int plane = spec.height() * spec.width();
    Map<Integer, Resampling> recent = new HashMap<>();
    for (int n = 0; n < iterations.length; n++) {
      Resampling resampling = drawn(iterations[n], recent);
      for (int c = 0; c < spec.channels(); c++) {
        int start = (n * spec.channels() + c) * plane;
        map.map(resampling, from, start, to, start);
      }
    }
    kept = Map.copyOf(recent);
    return Nd4j.createFromArray(to).castTo(batch.dataType()).reshape(batch.shape());
  }

  private Resampling drawn(int iteration, Map<Integer, Resampling> recent) {
    Resampling resampling = recent.getOrDefault(iteration, kept.get(iteration));
    if (resampling == null) {
      resampling = draw(iteration);
    }
    if ((recent.size() + 1) * spec.height() * spec.width() <= KEPT_PIXELS) {
      recent.put(iteration, resampling);
    }
    return resampling;
  }

  private Resampling draw(int iteration) {
    // Streams below 0: those from 0 on make seeds, and users like to give both the same number.
    Noise noise = new Noise(transformations.seed(), ~(long) iteration);
    Resampling drawn = Resampling.identity(spec.height(), spec.width(), spec.low());
    for (Transformation step : transformations.steps()) {
      if (step instanceof Transformation.Pad pad) {
        drawn = drawn.pad(pad.pixels(), spec.low() + (spec.high() - spec.low()) * pad.fill());
      } else if (step instanceof Transformation.Jitter jitter) {
        int right = noise.below(jitter.pixels());
        drawn = drawn.shift(right, noise.below(jitter.pixels()));
      } else if (step instanceof Transformation.Scale scale) {
        drawn = drawn.scale(oneOf(scale.factors(), noise));
      } else if (step instanceof Transformation.Rotate rotate) {
        drawn = drawn.rotate(oneOf(rotate.degrees(), noise));
      }
    }
    return drawn.crop(spec.height(), spec.width());
  }

  private static double oneOf(List<Double> numbers, Noise noise) {
    return numbers.get(noise.below(numbers.size()));
  }

  private void check(INDArray batch, String role, int[] iterations) {
    if (!Arrays.equals(batch.shape(), spec.shape(iterations.length))) {
      throw new IllegalArgumentException(
          "expected %s of shape %s, one for each iteration, got %s"
              .formatted(
                  role,
                  Arrays.toString(spec.shape(iterations.length)),
                  Arrays.toString(batch.shape())));
    }
    if (batch.dataType() != DataType.FLOAT && batch.dataType() != DataType.DOUBLE) {
      throw new IllegalArgumentException(
          "expected %s of type FLOAT or DOUBLE, got %s".formatted(role, batch.dataType()));
    }
  }

  private void requireSizes() {
    double height = spec.height();
    double width = spec.width();
    for (Transformation step : transformations.steps()) {
      if (step instanceof Transformation.Pad pad) {
        height += 2.0 * pad.pixels();
        width += 2.0 * pad.pixels();
      } else if (step instanceof Transformation.Scale scale) {
        double factor = scale.factors().stream().mapToDouble(f -> f).max().orElseThrow();
        height = Math.max(height + 1, Math.ceil(factor * height));
        width = Math.max(width + 1, Math.ceil(factor * width));
      }
      if (!(height * width <= MOST_PIXELS)) {
        throw new IllegalArgumentException(
            "expected steps that make images of at most %d pixels, got %s, which makes %.0f x %.0f"
                .formatted(MOST_PIXELS, step, height, width));
      }
    }
  }
}
