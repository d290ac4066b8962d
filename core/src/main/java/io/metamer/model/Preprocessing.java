package io.metamer.model;

import io.metamer.image.ImageSpec;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * What a network wants done to images: {@code (clamp(x) - mean) / std}, with one mean and deviation
 * a channel or one for all.
 *
 * <p>The clamp is to the bounds of the images. Its derivative is 1 inside and on the bounds and 0
 * outside: with 0 on the bounds, a pixel that a search has clipped to black or white could never
 * move again.
 *
 * @param mean what is subtracted; one number, or one a channel
 * @param std what is divided by, not 0; as many numbers as {@code mean}
 * @since 0.1
 */
public record Preprocessing(List<Double> mean, List<Double> std) {

  public Preprocessing {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.isEmpty() || mean.size() != std.size()) {
      throw new IllegalArgumentException(
          "expected as many deviations as means and at least one, got %d means and %d deviations"
              .formatted(mean.size(), std.size()));
    }
    for (double m : mean) {
      if (!Double.isFinite(m)) {
        throw new IllegalArgumentException("expected finite means, got " + mean);
      }
    }
    for (double s : std) {
      if (!(Math.abs(s) > 0) || Double.isInfinite(s)) {
        throw new IllegalArgumentException("expected finite deviations other than 0, got " + std);
      }
    }
  }

  /**
   * Nothing but the clamp: for networks that take pixels as they are.
   *
   * @return mean 0, deviation 1
   */
  public static Preprocessing none() {
    return of(0, 1);
  }

  /**
   * The same for all channels. A network that wants 0..255 of images in [0, 1] has mean 0 and
   * deviation 1/255.
   *
   * @param mean what is subtracted
   * @param std what is divided by, not 0
   * @return for images of any number of channels
   */
  public static Preprocessing of(double mean, double std) {
    return new Preprocessing(List.of(mean), List.of(std));
  }

  /**
   * One mean and deviation a channel.
   *
   * @param mean one number a channel
   * @param std one number a channel, none 0
   * @return for images of as many channels
   */
  public static Preprocessing of(double[] mean, double[] std) {
    return new Preprocessing(
        Arrays.stream(mean).boxed().toList(), Arrays.stream(std).boxed().toList());
  }

  /**
   * Mean and deviation of CIFAR-10's training images, as the field writes them; the deviations are
   * the mean of the images' own.
   *
   * @return mean .4914 .4822 .4465, deviation .2023 .1994 .2010
   */
  public static Preprocessing cifar10() {
    return new Preprocessing(List.of(.4914, .4822, .4465), List.of(.2023, .1994, .2010));
  }

  /**
   * Mean and deviation of CIFAR-100's training images, as the field writes them.
   *
   * @return mean .5071 .4867 .4408, deviation .2675 .2565 .2761
   */
  public static Preprocessing cifar100() {
    return new Preprocessing(List.of(.5071, .4867, .4408), List.of(.2675, .2565, .2761));
  }

  /**
   * Mean and deviation of ImageNet's training images, as torchvision writes them.
   *
   * @return mean .485 .456 .406, deviation .229 .224 .225
   */
  public static Preprocessing imagenet() {
    return new Preprocessing(List.of(.485, .456, .406), List.of(.229, .224, .225));
  }

  /**
   * Mean and deviation of STL-10's training images, as the field writes them.
   *
   * @return mean .4467 .4398 .4066, deviation .2603 .2566 .2713
   */
  public static Preprocessing stl10() {
    return new Preprocessing(List.of(.4467, .4398, .4066), List.of(.2603, .2566, .2713));
  }

  /**
   * Mean and deviation of Fashion-MNIST's training images.
   *
   * @return mean .2860, deviation .3530
   */
  public static Preprocessing fashionMnist() {
    return of(.2860, .3530);
  }

  /**
   * Checks that there is one mean for all channels, or one for each of the images' channels.
   *
   * @throws IllegalArgumentException if not
   */
  void check(ImageSpec images) {
    if (mean.size() != 1 && mean.size() != images.channels()) {
      throw new IllegalArgumentException(
          "expected a preprocessing of one mean for all channels or one for each of %d, got %d"
              .formatted(images.channels(), mean.size()));
    }
  }

  /** One factor a channel: {@code 1 / std}. */
  double[] scale(int channels) {
    return each(std, channels).stream().mapToDouble(s -> 1 / s).toArray();
  }

  /** One summand a channel: {@code -mean / std}. */
  double[] shift(int channels) {
    double[] scale = scale(channels);
    List<Double> each = each(mean, channels);
    double[] shift = new double[channels];
    for (int c = 0; c < channels; c++) {
      shift[c] = -each.get(c) * scale[c];
    }
    return shift;
  }

  private static List<Double> each(List<Double> numbers, int channels) {
    return numbers.size() == 1 ? Collections.nCopies(channels, numbers.get(0)) : numbers;
  }
}
