package io.metamer.image;

import io.metamer.image.Transformation.Jitter;
import io.metamer.image.Transformation.Pad;
import io.metamer.image.Transformation.Rotate;
import io.metamer.image.Transformation.Scale;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Random changes of images, one after the other: what a search shows the network instead of the
 * image itself, another one in each iteration, so that it finds images whose representation
 * survives them.
 *
 * <p>What is drawn depends on the seed and the iteration only, and its bits are the same on every
 * machine.
 *
 * @param steps the changes in their order; none leave images as they are
 * @param seed which random changes
 * @see "Olah, Mordvintsev and Schubert (2017), Feature Visualization: transformation robustness"
 * @since 0.1
 */
public record Transformations(List<Transformation> steps, long seed) {

  public Transformations {
    steps = List.copyOf(steps);
  }

  /**
   * No change.
   *
   * @return no steps
   */
  public static Transformations none() {
    return new Transformations(List.of(), 0);
  }

  /**
   * Those for large images: a gray frame of 12 pixels, jitter 8, {@link #cifar10 the others} after
   * it.
   *
   * @param seed which random changes
   * @return five steps
   * @see "Nanda et al. (2023): --trans_robust in the released code, for ImageNet; the standard
   *     transforms of Lucent"
   */
  public static Transformations imageNet(long seed) {
    return new Transformations(
        Stream.concat(Stream.of(new Pad(12, 0.5)), cifar10(seed).steps.stream()).toList(), seed);
  }

  /**
   * Those for small images: jitter 8, a factor of 0.90, 0.92, ... 1.10, a turn by -10, -9, ... 10
   * degrees or, as often as six of them, by none, jitter 4.
   *
   * @param seed which random changes
   * @return four steps
   * @see "Nanda et al. (2023): --trans_robust in the released code, for CIFAR-10"
   */
  public static Transformations cifar10(long seed) {
    // As the released code computes the factors: ceil(factor * size) may turn on their last bit.
    List<Double> factors = IntStream.range(0, 11).mapToObj(i -> 1 + (i - 5) / 50.0).toList();
    List<Double> degrees =
        DoubleStream.concat(
                IntStream.rangeClosed(-10, 10).asDoubleStream(), DoubleStream.of(new double[5]))
            .boxed()
            .toList();
    return new Transformations(
        List.of(new Jitter(8), new Scale(factors), new Rotate(degrees), new Jitter(4)), seed);
  }

  /**
   * The same steps with other draws.
   *
   * @param seed which random changes
   * @return a copy
   */
  public Transformations withSeed(long seed) {
    return new Transformations(steps, seed);
  }

  /**
   * These changes for images of one kind.
   *
   * @param spec what the images look like
   * @return the changes, ready to be applied
   * @throws IllegalArgumentException if a step may make images of more than 2^22 pixels
   */
  public BoundTransformations bind(ImageSpec spec) {
    return new BoundTransformations(this, spec);
  }
}
