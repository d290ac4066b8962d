package io.metamer.model;

import io.metamer.image.ImageSpec;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a network wants done to images: {@code (scale * clamp(x) - mean) / std}, with one mean and
 * deviation a channel or one for all, and the channels in the network's order.
 *
 * <p>The clamp is to the bounds of the images. Its derivative is 1 inside and on the bounds and 0
 * outside: with 0 on the bounds, a pixel that a search has clipped to black or white could never
 * move again.
 *
 * @param mean what is subtracted; one number, or one a channel in the network's order, as the
 *     networks' authors list them (of BGR: blue, green, red)
 * @param std what is divided by, not 0; as many numbers as {@code mean}
 * @param scale what pixels are multiplied by first, not 0: 255 for a network that wants 0..255 of
 *     images in [0, 1]
 * @param order in which order the network takes the channels of the images
 * @since 0.1
 */
public record Preprocessing(List<Double> mean, List<Double> std, double scale, Order order) {

  /** In which order a network takes the channels of images. */
  public enum Order {
    /** As the images have them: red, green, blue, or gray. */
    RGB,
    /** Blue, green, red; for images of three channels. */
    BGR
  }

  private static final Map<String, Preprocessing> PRESETS = new LinkedHashMap<>();

  static {
    PRESETS.put("none", none());
    PRESETS.put("imagenet", imagenet());
    PRESETS.put("cifar10", cifar10());
    PRESETS.put("cifar100", cifar100());
    PRESETS.put("stl10", stl10());
    PRESETS.put("mnist", mnist());
    PRESETS.put("fashion-mnist", fashionMnist());
    PRESETS.put("tensorflow", tensorflow());
    PRESETS.put("inception", tensorflow());
    PRESETS.put("caffe", caffe());
    PRESETS.put("raw255", raw255());
    PRESETS.put("clip", clip());
  }

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
    if (!(Math.abs(scale) > 0) || Double.isInfinite(scale)) {
      throw new IllegalArgumentException("expected a finite scale other than 0, got " + scale);
    }
  }

  /**
   * With scale 1, and the channels in the images' order.
   *
   * @param mean what is subtracted; one number, or one a channel
   * @param std what is divided by, not 0; as many numbers as {@code mean}
   */
  public Preprocessing(List<Double> mean, List<Double> std) {
    this(mean, std, 1, Order.RGB);
  }

  /**
   * The same for all channels.
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
   * A preset by its name, as command lines take it.
   *
   * @param name one of {@link #presets}, in any case
   * @return the preset
   * @throws IllegalArgumentException if there is none of that name; the message lists the names
   */
  public static Preprocessing named(String name) {
    Preprocessing preset = PRESETS.get(name.toLowerCase(Locale.ROOT));
    if (preset == null) {
      throw new IllegalArgumentException(
          "expected a preprocessing among %s, got \"%s\""
              .formatted(String.join(", ", PRESETS.keySet()), name));
    }
    return preset;
  }

  /**
   * The presets by name.
   *
   * @return not to be changed
   */
  public static Map<String, Preprocessing> presets() {
    return Collections.unmodifiableMap(PRESETS);
  }

  /**
   * Nothing but the clamp: for networks that take pixels as they are, or normalise them inside.
   *
   * @return mean 0, deviation 1
   */
  public static Preprocessing none() {
    return of(0, 1);
  }

  /**
   * Mean and deviation of ImageNet's training images, as torchvision writes them.
   *
   * @return mean .485 .456 .406, deviation .229 .224 .225
   * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's models</a>
   */
  public static Preprocessing imagenet() {
    return new Preprocessing(List.of(.485, .456, .406), List.of(.229, .224, .225));
  }

  /**
   * Mean and deviation of CIFAR-10's training images, as the field writes them; the deviations are
   * the mean of the images' own.
   *
   * @return mean .4914 .4822 .4465, deviation .2023 .1994 .2010
   * @see <a href="https://github.com/kuangliu/pytorch-cifar">kuangliu/pytorch-cifar, main.py</a>
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
   * Mean and deviation of STL-10's training images, as the field writes them.
   *
   * @return mean .4467 .4398 .4066, deviation .2603 .2566 .2713
   */
  public static Preprocessing stl10() {
    return new Preprocessing(List.of(.4467, .4398, .4066), List.of(.2603, .2566, .2713));
  }

  /**
   * Mean and deviation of MNIST's training images.
   *
   * @return mean .1307, deviation .3081
   * @see <a href="https://github.com/pytorch/examples/blob/main/mnist/main.py">PyTorch's
   *     example</a>
   */
  public static Preprocessing mnist() {
    return of(.1307, .3081);
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
   * Pixels from -1 to 1, as TensorFlow's Inception and MobileNet networks take them (mode {@code
   * tf} of Keras' {@code preprocess_input}; {@code IMAGENET_INCEPTION_MEAN} of timm).
   *
   * @return mean .5, deviation .5, which is {@code 2 x - 1}
   * @see <a href="https://github.com/keras-team/keras/blob/master/keras/src/applications/">Keras,
   *     imagenet_utils.py</a>
   */
  public static Preprocessing tensorflow() {
    return of(.5, .5);
  }

  /**
   * Pixels from 0 to 255, blue first, less ImageNet's mean: what networks trained with Caffe take,
   * and Keras' VGG and ResNet with them (mode {@code caffe} of its {@code preprocess_input}).
   *
   * @return scale 255, mean 103.939 116.779 123.68, deviation 1, BGR
   * @see <a href="https://www.robots.ox.ac.uk/~vgg/research/very_deep/">Simonyan and Zisserman's
   *     networks</a>
   */
  public static Preprocessing caffe() {
    return new Preprocessing(
        List.of(103.939, 116.779, 123.68), List.of(1.0, 1.0, 1.0), 255, Order.BGR);
  }

  /**
   * Pixels from 0 to 255, of images in [0, 1].
   *
   * @return scale 255, mean 0, deviation 1
   */
  public static Preprocessing raw255() {
    return new Preprocessing(List.of(0.0), List.of(1.0), 255, Order.RGB);
  }

  /**
   * What OpenAI's CLIP networks take.
   *
   * @return mean .48145466 .4578275 .40821073, deviation .26862954 .26130258 .27577711
   * @see <a href="https://github.com/openai/CLIP/blob/main/clip/clip.py">openai/CLIP, clip.py</a>
   */
  public static Preprocessing clip() {
    return new Preprocessing(
        List.of(.48145466, .4578275, .40821073), List.of(.26862954, .26130258, .27577711));
  }

  /**
   * The same but for the scale.
   *
   * @param scale what pixels are multiplied by first, not 0
   * @return a copy
   */
  public Preprocessing withScale(double scale) {
    return new Preprocessing(mean, std, scale, order);
  }

  /**
   * The same but for the order of the channels; mean and deviation stay as they are listed.
   *
   * @param order the network's
   * @return a copy
   */
  public Preprocessing withOrder(Order order) {
    return new Preprocessing(mean, std, scale, order);
  }

  /** Whether it does more than to clamp. */
  boolean changesPixels() {
    return scale != 1
        || order != Order.RGB
        || mean.stream().anyMatch(m -> m != 0)
        || std.stream().anyMatch(s -> s != 1);
  }

  /** As a formula of pixels x: {@code (x - 0.1307) / 0.3081}, or none. */
  @Override
  public String toString() {
    String formula = scale == 1 ? "x" : number(scale) + " x";
    boolean centred = mean.stream().anyMatch(m -> m != 0);
    if (centred) {
      formula += " - " + text(mean);
    }
    if (std.stream().anyMatch(s -> s != 1)) {
      formula = (centred ? "(" + formula + ")" : formula) + " / " + text(std);
    }
    if (order == Order.BGR) {
      formula += " in BGR";
    }
    return changesPixels() ? formula : "none";
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
    if (order == Order.BGR && images.channels() != 3) {
      throw new IllegalArgumentException(
          "expected images of 3 channels for a network that takes them in BGR, got %d"
              .formatted(images.channels()));
    }
  }

  /** One factor for each of the images' channels: {@code scale / std}. */
  double[] factors(int channels) {
    double[] factors = new double[channels];
    for (int c = 0; c < channels; c++) {
      factors[c] = scale / std.get(listed(c));
    }
    return factors;
  }

  /** One summand for each of the images' channels: {@code -mean / std}. */
  double[] summands(int channels) {
    double[] summands = new double[channels];
    for (int c = 0; c < channels; c++) {
      summands[c] = -mean.get(listed(c)) * (1 / std.get(listed(c)));
    }
    return summands;
  }

  /** Where mean and deviation of one of the images' channels are listed. */
  private int listed(int channel) {
    if (mean.size() == 1) {
      return 0;
    }
    return order == Order.BGR ? mean.size() - 1 - channel : channel;
  }

  private static String text(List<Double> numbers) {
    return numbers.stream().distinct().count() == 1
        ? number(numbers.get(0))
        : numbers.stream().map(Preprocessing::number).collect(Collectors.joining(", ", "[", "]"));
  }

  private static String number(double n) {
    String text = Double.toString(n);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
