package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.image.Parameterization;
import io.metamer.image.Seeds;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Keep;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.Schedule.Round;
import io.metamer.inversion.StepRule;
import io.metamer.loss.Matching;
import io.metamer.model.LayerSelection;
import io.metamer.model.Network;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.regularizers.LpPower;
import io.metamer.regularizers.TotalVariation;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The searches of the literature: where they start, how they go, and which layer they were made
 * for.
 *
 * <p>Their numbers are for images in [0, 1] (or say otherwise), and are converted to the bounds of
 * other images. Each is compared step by step with an implementation of its own in PyTorch, written
 * from the published code.
 *
 * @since 0.1
 */
public enum Preset {

  /**
   * As published by Nanda et al. (2023), without the faults of the released code: 5,000 normalised
   * steps of length 1 from one image of noise for all, the best iterate kept. Their regularizers
   * are {@link io.metamer.regularizers.PublishedRegularizers}; without one, it is {@code reg_free}.
   *
   * <p>Steps and iterations: reg_free_loss.py, {@code --step_size 1}, {@code --iters 5000}; the
   * step {@code g / (||g|| + 1e-10)}: attack_steps.py, {@code UnconstrainedStep}; the best iterate:
   * {@code use_best=True}; batch of 32: {@code --batch_size}; noise: {@code initialize_seed},
   * super-noise, which the first evaluation sees unclipped.
   */
  NANDA_2023(
      "nanda2023",
      "5,000 normalised steps from shared noise, the best iterate kept",
      "Nanda et al. (2023), Do invariances in deep neural networks align with human perception?,"
          + " arXiv 2111.14726; nvedant07/Human-NN-Alignment") {
    @Override
    public InversionOptions options(ImageSpec input) {
      return InversionOptions.defaults()
          .withStep(StepRule.normalized(range(input)))
          .withIterations(5_000)
          .withKeep(Keep.BEST)
          .withRawSeed(true)
          .withBatch(32);
    }

    @Override
    public INDArray seeds(ImageSpec input, int first, int n, long seed) {
      return Seeds.shared(input, n, seed);
    }

    @Override
    public LayerSelection layers() {
      return PENULTIMATE.withFakeRelu();
    }
  },

  /**
   * {@link #NANDA_2023} with those faults of the released code that change a search: where the
   * regularizer has a perceptual distance, the network sees iterates that are neither clamped nor
   * normalised, while the goals come from normalised targets (losses.py, {@code
   * LpNormLossSingleModelPerceptual.__call__}, which never calls {@code _transform_input}); and
   * Fourier coefficients are clipped to [0, 1] as if they were pixels (attack_steps.py, {@code
   * UnconstrainedStep.project}).
   *
   * <p>A search among Fourier coefficients starts from those of an image here. The release draws
   * them, some of which no image shows; clipped one by one, they lead elsewhere.
   *
   * <p>Its other faults lie outside: seeds that no number reproduces, targets that are augmented
   * training images, perceptual distances with random heads, a coefficient of theirs that depends
   * on the batches before, and ties that count as aligned.
   */
  NANDA_2023_RELEASED(
      "nanda2023Released",
      "nanda2023 with the faults of the released code",
      "nvedant07/Human-NN-Alignment, commit f231f8e; nvedant07/deep-learning-base") {
    @Override
    public InversionOptions options(ImageSpec input) {
      return NANDA_2023.options(input);
    }

    @Override
    public INDArray seeds(ImageSpec input, int first, int n, long seed) {
      return NANDA_2023.seeds(input, first, n, seed);
    }

    @Override
    public LayerSelection layers() {
      return NANDA_2023.layers();
    }

    @Override
    public RepresentationModel model(
        Network network,
        LayerSelection layers,
        ImageSpec images,
        Preprocessing preprocessing,
        Regularizer regularizer) {
      RepresentationModel targets = network.at(layers, images, preprocessing);
      return regularizer.distances().isEmpty()
          ? targets
          : new UnnormalizedIterates(
              targets,
              network.at(layers, UnnormalizedIterates.unbounded(images), Preprocessing.none()));
    }

    @Override
    public Parameterization fourier() {
      return new Parameterization.Fourier(1, true);
    }
  },

  /**
   * Mahendran and Vedaldi (2015) as they inverted the deep layers of a network (conv5 to fc8): the
   * squared relative distance, total variation of each pixel and the sixth power of the 6-norm; 400
   * steps of the heavy ball.
   *
   * <p>Their images are of 0 to 255 less the networks' mean image, X. They minimise {@code ||m(X) -
   * m||^2 / ||m||^2 + (lambdaTV / 2 TV(X) + lambdaL2 / 2 sum X^6) / sigma^2} with learning rates of
   * {@code sigma^2} times 0.004, 0.0004 and 0.00004, from noise of norm sigma. All numbers but
   * sigma and the mean are those of experiments/experiment_cnn.m (opts3) and core/invert_nn.m of
   * deep-goggle. Sigma, the average norm of natural images of 227 by 227 pixels, is in a binary
   * file there; 27,098 is what others quote of it. For images of other sizes it grows with the root
   * of their number of pixels; the mean image is its mean colour.
   *
   * @apiNote Images are clipped to their bounds after every step. The published code lets them grow
   *     beyond, and stretches what comes out for show. For layers before conv5 it has smaller
   *     weights of TV, 1 and 10 instead of 100.
   */
  MAHENDRAN_VEDALDI_2015(
      "mahendranVedaldi2015",
      "400 steps of the heavy ball, with total variation and the sixth power of the 6-norm",
      "Mahendran and Vedaldi (2015), Understanding deep image representations by inverting them,"
          + " arXiv 1412.0035; aravindhm/deep-goggle") {

    private static final double LAMBDA_TV = 1e2;
    private static final double LAMBDA_L2 = 8e-10;
    private static final double BETA = 6;
    private static final double TV_BETA = 2;

    @Override
    public InversionOptions options(ImageSpec input) {
      double scale = 255 / range(input);
      double sigma = Goggle.sigma(input) / scale; // as all below, in the images' own units
      double tv = LAMBDA_TV / 2 * Math.pow(scale, TV_BETA - 2) / (sigma * sigma);
      double power = LAMBDA_L2 / 2 * Math.pow(scale, BETA - 2) / (sigma * sigma);
      return InversionOptions.defaults()
          .withMatching(Matching.SQUARED_RELATIVE_L2)
          .withRegularizer(
              TotalVariation.perPixel(TV_BETA)
                  .times(tv)
                  .plus(new LpPower(BETA, Goggle.mean(input)).times(power)))
          .withStep(
              new StepRule.Momentum(
                  0.004 * sigma * sigma,
                  0.9,
                  Schedule.rounds(new Round(100, 1), new Round(200, 0.1), new Round(100, 0.01))))
          .withIterations(400)
          .withKeep(Keep.LAST)
          .withRawSeed(true);
    }

    @Override
    public INDArray seeds(ImageSpec input, int first, int n, long seed) {
      return Goggle.seeds(input, first, n, seed);
    }

    @Override
    public LayerSelection layers() {
      return PENULTIMATE;
    }
  },

  /**
   * Engstrom et al. (2019): 10,000 normalised steps of length 1 from noise around gray, the last
   * iterate kept.
   *
   * <p>All of it: robust_representations, image_inversion.ipynb; its ball of radius 1,000 around
   * the seed is larger than the box of pixels, and left out. The same authors' example for CIFAR-10
   * (robustness, input_space_manipulation) keeps the best iterate.
   */
  ENGSTROM_2019(
      "engstrom2019",
      "10,000 normalised steps from noise around gray, the last iterate kept",
      "Engstrom et al. (2019), Adversarial robustness as a prior for learned representations,"
          + " arXiv 1906.00945; MadryLab/robust_representations") {
    @Override
    public InversionOptions options(ImageSpec input) {
      return InversionOptions.defaults()
          .withStep(StepRule.normalized(range(input)))
          .withIterations(10_000)
          .withKeep(Keep.LAST);
    }

    @Override
    public INDArray seeds(ImageSpec input, int first, int n, long seed) {
      return Seeds.grayNoise(input, first, n, seed);
    }

    @Override
    public LayerSelection layers() {
      return PENULTIMATE.withFakeRelu();
    }
  },

  /**
   * Feather et al. (2023): 24,000 normalised steps of length 1, halved after each 3,000, from noise
   * around gray, the last iterate kept.
   *
   * <p>All of it: model_metamers_pytorch, make_metamers_imagenet_16_category_val_400_only_save_
   * metamer_layers.py, options -I 3000, -N 8, -Z 1, -E 1/20. Its balls of radius 100,000 are larger
   * than the box of pixels, and left out. It seeds its noise with 0 for each image anew, so all
   * images start from the same. They invert many layers, of which this one is the last but one.
   */
  FEATHER_2023(
      "feather2023",
      "24,000 normalised steps, halved 7 times, from shared noise around gray, the last kept",
      "Feather et al. (2023), Model metamers reveal divergent invariances between biological and"
          + " artificial neural networks; jenellefeather/model_metamers_pytorch") {
    @Override
    public InversionOptions options(ImageSpec input) {
      return InversionOptions.defaults()
          .withStep(StepRule.normalized(range(input)).withSchedule(Schedule.halving(8)))
          .withIterations(8 * 3_000)
          .withKeep(Keep.LAST);
    }

    @Override
    public INDArray seeds(ImageSpec input, int first, int n, long seed) {
      return Seeds.fromImages(input, Seeds.grayNoise(input, 1, seed), new int[n]);
    }

    @Override
    public LayerSelection layers() {
      return PENULTIMATE.withFakeRelu();
    }
  },

  /**
   * Ours: from where {@link #NANDA_2023} starts to nearer than it ends, in a tenth of its
   * evaluations. 500 steps of Adam of size 0.2, which falls to 0 along half a cosine: the published
   * steps of constant length circle around what these settle into.
   *
   * <p>Size and number were chosen on 50 images of CIFAR-10 and four networks (docs/presets.md,
   * with the command that measures them).
   */
  FAST(
      "fast",
      "500 steps of Adam from shared noise, falling to 0, the best iterate kept",
      "Metamer, docs/presets.md; Kingma and Ba (2015), Adam") {
    @Override
    public InversionOptions options(ImageSpec input) {
      return NANDA_2023
          .options(input)
          .withStep(StepRule.adam(0.2 * range(input)).withSchedule(Schedule.COSINE))
          .withIterations(500);
    }

    @Override
    public INDArray seeds(ImageSpec input, int first, int n, long seed) {
      return NANDA_2023.seeds(input, first, n, seed);
    }

    @Override
    public LayerSelection layers() {
      return NANDA_2023.layers();
    }
  };

  private static final LayerSelection PENULTIMATE = LayerSelection.of("penultimate");

  private final String text;
  private final String description;
  private final String source;

  Preset(String text, String description, String source) {
    this.text = text;
    this.description = description;
    this.source = source;
  }

  /**
   * A preset by its name.
   *
   * @param name one of {@link #names}
   * @return the preset
   * @throws IllegalArgumentException if there is none of that name; the message lists them
   */
  public static Preset named(String name) {
    return Stream.of(values())
        .filter(preset -> preset.text.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected a preset among %s, got \"%s\""
                        .formatted(String.join(", ", names()), name)));
  }

  /**
   * The names of all presets.
   *
   * @return as descriptions of studies write them
   */
  public static List<String> names() {
    return Arrays.stream(values()).map(Preset::toString).toList();
  }

  /**
   * What it does, in a line.
   *
   * @return without a full stop
   */
  public String description() {
    return description;
  }

  /**
   * Where it was published, and the code that its numbers are from.
   *
   * @return a citation
   */
  public String source() {
    return source;
  }

  /**
   * How to search.
   *
   * @param input what the images look like
   * @return the published numbers, converted to the bounds of the images
   */
  public abstract InversionOptions options(ImageSpec input);

  /**
   * Where to start.
   *
   * @param input what the images look like
   * @param n number of images, at least 1
   * @param seed which noise
   * @return shape {@code [n, C, H, W]}, FLOAT; may lie outside the bounds; the caller's
   * @throws IllegalArgumentException if n is below 1
   */
  public INDArray seeds(ImageSpec input, int n, long seed) {
    return seeds(input, 0, n, seed);
  }

  /**
   * Where to start with images in the middle of others.
   *
   * @param input what the images look like
   * @param first the index of the first, at least 0
   * @param n number of images, at least 1
   * @param seed which noise
   * @return those that {@link #seeds(ImageSpec, int, long)} gives of more images, from the first
   * @throws IllegalArgumentException if n is below 1 or the first below 0
   */
  public abstract INDArray seeds(ImageSpec input, int first, int n, long seed);

  /**
   * The layers it was made for.
   *
   * @return penultimate, with the fake ReLU where it was published with one
   */
  public abstract LayerSelection layers();

  /**
   * The model to search through: the network at the layers, but for faults of the preset.
   *
   * @param network the network
   * @param layers which layers, say {@link #layers}
   * @param images what the images look like
   * @param preprocessing what is to be done to them before the network
   * @param regularizer the penalty that is searched with
   * @return the caller's, to be closed
   * @throws IllegalArgumentException as for {@link Network#at(LayerSelection, ImageSpec,
   *     Preprocessing)}
   */
  public RepresentationModel model(
      Network network,
      LayerSelection layers,
      ImageSpec images,
      Preprocessing preprocessing,
      Regularizer regularizer) {
    return network.at(layers, images, preprocessing);
  }

  /**
   * The Fourier coefficients that are searched for in place of pixels, where a study asks for them.
   *
   * @return as published, but for faults of the preset
   */
  public Parameterization fourier() {
    return Parameterization.fourier();
  }

  /** The name, as descriptions of studies write it. */
  @Override
  public String toString() {
    return text;
  }

  private static double range(ImageSpec input) {
    return input.high() - input.low();
  }

  /** What Mahendran and Vedaldi know of natural images, on their scale of 0 to 255. */
  private static final class Goggle {

    /**
     * The average norm of images without their mean, of 227 by 227 pixels in three channels:
     * experiments/x0_sigma.mat.
     */
    private static final double SIGMA = 2.7098e4;

    private static final double SIGMA_PIXELS = 3.0 * 227 * 227;

    /** Red, green and blue of Caffe's mean image of ILSVRC 2012, averaged over its pixels. */
    private static final double[] MEAN = {122.6789, 116.6688, 104.0070};

    private Goggle() {}

    static double sigma(ImageSpec input) {
      double pixels = (double) input.channels() * input.height() * input.width();
      return SIGMA * Math.sqrt(pixels / SIGMA_PIXELS);
    }

    /** On the scale of the images: one number a channel, or one for all if they are not colours. */
    static List<Double> mean(ImageSpec input) {
      double[] mean =
          input.channels() == MEAN.length
              ? MEAN
              : new double[] {Arrays.stream(MEAN).average().orElseThrow()};
      return Arrays.stream(mean).mapToObj(m -> input.low() + range(input) * m / 255).toList();
    }

    /** Noise of norm sigma around the mean, another image for each. */
    static INDArray seeds(ImageSpec input, int first, int n, long seed) {
      List<Double> mean = mean(input);
      ImageSpec unit = new ImageSpec(input.channels(), input.height(), input.width(), 0, 1);
      INDArray seeds = Seeds.perImage(unit, first, n, seed);
      double[] norm = seeds.castTo(DataType.DOUBLE).norm2(1, 2, 3).toDoubleVector();
      for (int i = 0; i < n; i++) {
        for (int c = 0; c < input.channels(); c++) {
          seeds
              .slice(i)
              .slice(c)
              .muli(sigma(input) * range(input) / 255 / norm[i])
              .addi(mean.get(Math.min(c, mean.size() - 1)));
        }
      }
      return seeds;
    }
  }
}
