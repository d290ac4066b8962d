package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where the searches of a study start: each target from each of the seeds.
 *
 * @param kind which noise; where it is not given, the preset's, or that of {@link Seeds#fourier}
 *     where coefficients are searched for
 * @param values the seeds, at least one, none twice
 * @since 0.1
 */
public record Start(Optional<Kind> kind, List<Long> values) {

  /** The kinds of noise; each is drawn as {@link Seeds} says. */
  public enum Kind {
    /** {@link Seeds#shared}. */
    SHARED,
    /** {@link Seeds#lightNoise}. */
    LIGHT_NOISE,
    /** {@link Seeds#perImage}. */
    PER_IMAGE,
    /** {@link Seeds#grayNoise}. */
    GRAY_NOISE,
    /** {@link Seeds#fourier}. */
    FOURIER;

    /** As descriptions write it: {@code gray-noise}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public Start {
    values = List.copyOf(values);
    if (values.isEmpty()) {
      throw new IllegalArgumentException("values: expected at least one seed, got none");
    }
    if (new HashSet<>(values).size() < values.size()) {
      throw new IllegalArgumentException("values: expected each seed once, got " + values);
    }
  }

  /**
   * Noise as a preset has it.
   *
   * @param values the seeds, at least one, none twice
   * @return the start
   * @throws IllegalArgumentException if there are none, or one is there twice
   */
  public static Start of(long... values) {
    return new Start(Optional.empty(), Arrays.stream(values).boxed().toList());
  }

  /**
   * Noise of a kind.
   *
   * @param kind which noise
   * @param values the seeds, at least one, none twice
   * @return the start
   * @throws IllegalArgumentException if there are none, or one is there twice
   */
  public static Start of(Kind kind, long... values) {
    return new Start(Optional.of(kind), Arrays.stream(values).boxed().toList());
  }

  /**
   * Seeds of images in the middle of a study.
   *
   * @param fourier whether Fourier coefficients are searched for
   * @param first the first of them
   * @param n how many
   * @param seed which noise
   */
  INDArray seeds(Preset preset, boolean fourier, ImageSpec spec, int first, int n, long seed) {
    if (kind.isEmpty()) {
      return fourier ? Seeds.fourier(spec, n, seed) : preset.seeds(spec, first, n, seed);
    }
    return switch (kind.get()) {
      case SHARED -> Seeds.shared(spec, n, seed);
      case LIGHT_NOISE -> Seeds.lightNoise(spec, n, seed);
      case PER_IMAGE -> Seeds.perImage(spec, first, n, seed);
      case GRAY_NOISE -> Seeds.grayNoise(spec, first, n, seed);
      case FOURIER -> Seeds.fourier(spec, n, seed);
    };
  }
}
