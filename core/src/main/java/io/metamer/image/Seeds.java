package io.metamer.image;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The images that searches start from.
 *
 * <p>All arrays have shape {@code [n, C, H, W]} and type FLOAT, and are the caller's. Noise is
 * drawn on the scale of [0, 1] and then mapped to the bounds of the images; it is not clipped
 * unless said. Image i depends on the seed and on i only, not on n, and its bits are the same on
 * every machine.
 *
 * @since 0.1
 */
public final class Seeds {

  private Seeds() {}

  /**
   * One image of Gaussian noise for all: every pixel from N(0, 1), so that about half of them lie
   * below the bounds.
   *
   * @param spec what the images look like
   * @param n number of images, at least 1
   * @param seed which noise
   * @return n times the same image, unclipped
   * @throws IllegalArgumentException if n is below 1
   * @see "Nanda et al. (2023): 'super-noise' in the released code, which draws it unseeded"
   */
  public static INDArray shared(ImageSpec spec, int n, long seed) {
    return images(spec, n, i -> new Noise(seed, 0)::normal);
  }

  /**
   * Faint noise around black, one image for all: every pixel 0.01 times N(0, 1).
   *
   * @param spec what the images look like
   * @param n number of images, at least 1
   * @param seed which noise
   * @return n times the same image, unclipped
   * @throws IllegalArgumentException if n is below 1
   * @see "Nanda et al. (2023): 'light-noise' in the released code"
   */
  public static INDArray lightNoise(ImageSpec spec, int n, long seed) {
    return images(
        spec,
        n,
        i -> {
          Noise noise = new Noise(seed, 0);
          return () -> 0.01 * noise.normal();
        });
  }

  /**
   * Gaussian noise, another image for each: every pixel from N(0, 1). The first is that of {@link
   * #shared}.
   *
   * @param spec what the images look like
   * @param n number of images, at least 1
   * @param seed which noise
   * @return unclipped
   * @throws IllegalArgumentException if n is below 1
   */
  public static INDArray perImage(ImageSpec spec, int n, long seed) {
    return perImage(spec, 0, n, seed);
  }

  /**
   * Images in the middle of those of {@link #perImage(ImageSpec, int, long)}.
   *
   * @param spec what the images look like
   * @param first the index of the first, at least 0
   * @param n number of images, at least 1
   * @param seed which noise
   * @return unclipped
   * @throws IllegalArgumentException if n is below 1 or the first below 0
   */
  public static INDArray perImage(ImageSpec spec, int first, int n, long seed) {
    requireIndex(first);
    return images(spec, n, i -> new Noise(seed, first + i)::normal);
  }

  /**
   * Noise around mid-gray, another image for each: every pixel N(0, 1) / 20 + 0.5, clipped.
   *
   * @param spec what the images look like
   * @param n number of images, at least 1
   * @param seed which noise
   * @return in the bounds
   * @throws IllegalArgumentException if n is below 1
   * @see "Engstrom et al. (2019), Adversarial robustness as a prior for learned representations"
   */
  public static INDArray grayNoise(ImageSpec spec, int n, long seed) {
    return grayNoise(spec, 0, n, seed);
  }

  /**
   * Images in the middle of those of {@link #grayNoise(ImageSpec, int, long)}.
   *
   * @param spec what the images look like
   * @param first the index of the first, at least 0
   * @param n number of images, at least 1
   * @param seed which noise
   * @return in the bounds
   * @throws IllegalArgumentException if n is below 1 or the first below 0
   */
  public static INDArray grayNoise(ImageSpec spec, int first, int n, long seed) {
    requireIndex(first);
    return images(
        spec,
        n,
        i -> {
          Noise noise = new Noise(seed, first + i);
          return () -> Math.max(0, Math.min(1, noise.normal() / 20 + 0.5));
        });
  }

  /**
   * Noise in the frequencies of {@link Parameterization#fourier()}, one image for all: every
   * coefficient from N(0, 1), which makes coloured clouds.
   *
   * @param spec what the images look like
   * @param n number of images, at least 1
   * @param seed which noise
   * @return n times the same image, in the bounds; the backend's matrix products may round its last
   *     bits otherwise on another machine
   * @throws IllegalArgumentException if n is below 1
   * @see "Nanda et al. (2023): 'super-noise' in the released code, with --fft"
   */
  public static INDArray fourier(ImageSpec spec, int n, long seed) {
    requireImages(n);
    Noise noise = new Noise(seed, 0);
    double[] z = new double[spec.channels() * spec.height() * 2 * (spec.width() / 2 + 1)];
    Arrays.setAll(z, j -> noise.normal());
    INDArray image =
        Parameterization.fourier()
            .bind(spec, DataType.DOUBLE)
            .images(Nd4j.createFromArray(z).reshape('c', 1, spec.channels(), spec.height(), -1))
            .castTo(DataType.FLOAT);
    return fromImages(spec, image, new int[n]);
  }

  /**
   * Images moved at random in a cube: every value by a number from the uniform distribution on
   * [-radius, radius], then clipped.
   *
   * @param spec what the images look like
   * @param images the middles, shape {@code [k, C, H, W]}; not changed
   * @param rows the numbers of the images, k of them: what image i is moved by depends on the seed
   *     and on {@code rows[i]} only
   * @param radius the largest change of a value, in the unit of the pixels; finite, at least 0
   * @param seed which noise
   * @return of the images' type, in the bounds
   * @throws IllegalArgumentException if the images are not of this kind, or the numbers or the
   *     radius are others
   */
  public static INDArray inCube(
      ImageSpec spec, INDArray images, int[] rows, double radius, long seed) {
    return moved(
        spec,
        images,
        rows,
        radius,
        (noise, by) -> {
          for (int j = 0; j < by.length; j++) {
            by[j] = radius * (2 * noise.uniform() - 1);
          }
        },
        seed);
  }

  /**
   * Images moved at random in a Euclidean ball: by a vector from the uniform distribution on it,
   * then clipped.
   *
   * @param spec what the images look like
   * @param images the middles, shape {@code [k, C, H, W]}; not changed
   * @param rows the numbers of the images, k of them: what image i is moved by depends on the seed
   *     and on {@code rows[i]} only
   * @param radius the largest Euclidean distance from a middle, in the unit of the pixels; finite,
   *     at least 0
   * @param seed which noise
   * @return of the images' type, in the bounds
   * @throws IllegalArgumentException if the images are not of this kind, or the numbers or the
   *     radius are others
   */
  public static INDArray inBall(
      ImageSpec spec, INDArray images, int[] rows, double radius, long seed) {
    return moved(
        spec,
        images,
        rows,
        radius,
        (noise, by) -> {
          // A direction, and a length whose power of the dimension is uniform.
          double length = radius * StrictMath.pow(noise.uniform(), 1.0 / by.length);
          double square = 0;
          for (int j = 0; j < by.length; j++) {
            by[j] = noise.normal();
            square += by[j] * by[j];
          }
          double scale = length / Math.sqrt(square);
          for (int j = 0; j < by.length; j++) {
            by[j] *= scale;
          }
        },
        seed);
  }

  /**
   * The same value at every pixel.
   *
   * @param spec what the images look like
   * @param n number of images, at least 1
   * @param value finite, on the scale of the images' bounds
   * @return unclipped
   * @throws IllegalArgumentException if n is below 1 or the value is not finite
   */
  public static INDArray constant(ImageSpec spec, int n, double value) {
    requireImages(n);
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("expected a finite value, got " + value);
    }
    return Nd4j.valueArrayOf(spec.shape(n), value, DataType.FLOAT);
  }

  /**
   * Other images, in another order.
   *
   * @param spec what the images look like
   * @param images shape {@code [N, C, H, W]}; not changed
   * @param order seed i is image {@code order[i]}; any length above 0, images may recur
   * @return as many as the order has entries, unclipped
   * @throws IllegalArgumentException if the images are not of this kind, or the order is empty or
   *     names an image that is not there
   */
  public static INDArray fromImages(ImageSpec spec, INDArray images, int[] order) {
    spec.check(images, "images");
    requireImages(order.length);
    INDArray seeds = Nd4j.createUninitialized(DataType.FLOAT, spec.shape(order.length));
    INDArray whole = images.dup('c'); // a slice of a view may be empty
    for (int i = 0; i < order.length; i++) {
      if (order[i] < 0 || order[i] >= images.size(0)) {
        throw new IllegalArgumentException(
            "expected an order of the images 0 to %d, got %d"
                .formatted(images.size(0) - 1, order[i]));
      }
      seeds.slice(i).assign(whole.slice(order[i]));
    }
    return seeds;
  }

  /**
   * A random order in which nothing keeps its place, so that targets serve as seeds and none is its
   * own: one cycle through all (Sattolo, 1986). Unlike the seeds themselves, it depends on n.
   *
   * @param n length, at least 2
   * @param seed which order
   * @return each of 0 to n - 1 once, none at its own index
   * @throws IllegalArgumentException if n is below 2
   */
  public static int[] derangement(int n, long seed) {
    if (n < 2) {
      throw new IllegalArgumentException(
          "expected at least 2 images, so that none is its own seed, got " + n);
    }
    Noise noise = new Noise(seed, 0);
    int[] order = new int[n];
    for (int i = 1; i < n; i++) {
      int j = (int) (i * noise.uniform());
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /**
   * Seeds for several searches for the same targets, the r-th from noise {@code seed + r}: {@code
   * Seeds.restarts(3, 42, s -> Seeds.perImage(spec, n, s))}.
   *
   * @param restarts how many, at least 1
   * @param seed the noise of the first
   * @param seeds those of one search
   * @return one array for each search
   * @throws IllegalArgumentException if there are to be none
   */
  public static List<INDArray> restarts(int restarts, long seed, LongFunction<INDArray> seeds) {
    if (restarts < 1) {
      throw new IllegalArgumentException("expected at least one search, got " + restarts);
    }
    return IntStream.range(0, restarts).mapToObj(r -> seeds.apply(seed + r)).toList();
  }

  /** Draws what an image is moved by. */
  private interface Move {
    void draw(Noise noise, double[] by);
  }

  private static INDArray moved(
      ImageSpec spec, INDArray images, int[] rows, double radius, Move move, long seed) {
    spec.check(images, "images");
    if (rows.length != images.size(0)) {
      throw new IllegalArgumentException(
          "expected a number of each of %d images, got %d".formatted(images.size(0), rows.length));
    }
    if (!(radius >= 0 && radius < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("expected a finite radius of at least 0, got " + radius);
    }
    double[][] by = new double[rows.length][spec.channels() * spec.height() * spec.width()];
    for (int i = 0; i < rows.length; i++) {
      requireIndex(rows[i]);
      move.draw(new Noise(seed, rows[i]), by[i]);
    }
    INDArray moves = Nd4j.createFromArray(by).castTo(images.dataType());
    return spec.clip(images.add(moves.reshape('c', images.shape())));
  }

  private interface PixelsOfImage {
    DoubleSupplier at(int i);
  }

  private static INDArray images(ImageSpec spec, int n, PixelsOfImage source) {
    requireImages(n);
    INDArray images = Nd4j.createUninitialized(DataType.FLOAT, spec.shape(n));
    float[] image = new float[spec.channels() * spec.height() * spec.width()];
    for (int i = 0; i < n; i++) {
      DoubleSupplier pixels = source.at(i);
      for (int j = 0; j < image.length; j++) {
        image[j] = (float) (spec.low() + (spec.high() - spec.low()) * pixels.getAsDouble());
      }
      images.slice(i).assign(Nd4j.createFromArray(image).reshape(spec.shape(1)).slice(0));
    }
    return images;
  }

  private static void requireIndex(int first) {
    if (first < 0) {
      throw new IllegalArgumentException("expected an index of at least 0, got " + first);
    }
  }

  private static void requireImages(int n) {
    if (n < 1) {
      throw new IllegalArgumentException("expected at least one image, got " + n);
    }
  }
}
