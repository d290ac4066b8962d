package io.metamer.regularizers;

import io.metamer.inversion.Regularizer;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The combinations of the code released with Nanda et al. (2023), for images in [0, 1].
 *
 * <p>The released losses are {@code 10 * distance + R}; here the relative distance has weight 1, so
 * the weights of R are a tenth of the released ones. Steps of normalised length are the same for
 * both. Only {@link #adversarial} has weight 1 on the distance there too.
 *
 * @see "Nanda et al. (2023), Do invariances in deep neural networks align with human perception?"
 * @since 0.1
 */
public final class PublishedRegularizers {

  private static final double TOTAL_VARIATION = 5e-5;
  private static final double BLUR = 5e-5;
  private static final double L1 = 5e-6;
  private static final double L6 = 0.1;
  private static final double ADVERSARIAL = 10;

  private static final Map<String, Regularizer> BY_NAME = byName();

  private PublishedRegularizers() {}

  /**
   * All penalties on high frequencies: TV, blur and L1. Released: {@code 10 rep + 0.0005 TV(2) +
   * 0.0005 Blur + 0.00005 L1(0.5)}.
   *
   * @return {@code 5e-5 TV(2) + 5e-5 Blur + 5e-6 L1(0.5)}
   */
  public static Regularizer freq() {
    return freqTv().plus(freqBlur()).plus(freqLp());
  }

  /**
   * Total variation only. Released: {@code 10 rep + 0.0005 TV(2)}.
   *
   * @return {@code 5e-5 TV(2)}
   */
  public static Regularizer freqTv() {
    return new TotalVariation(2).times(TOTAL_VARIATION);
  }

  /**
   * Blur only. Released: {@code 10 rep + 0.0005 Blur}.
   *
   * @return {@code 5e-5 Blur}
   */
  public static Regularizer freqBlur() {
    return new Blur(true).times(BLUR);
  }

  /**
   * L1 to mid-gray only. Released: {@code 10 rep + 0.00005 L1(0.5)}.
   *
   * @return {@code 5e-6 L1(0.5)}
   */
  public static Regularizer freqLp() {
    return new L1(0.5).times(L1);
  }

  /**
   * The human-aligned one: total variation and the 6-norm, after Mahendran and Vedaldi (2015).
   * Released: {@code 10 rep + 0.0005 TV(2) + 1.0 L6}.
   *
   * @return {@code 5e-5 TV(2) + 0.1 L6}
   */
  public static Regularizer freqTvL6() {
    return freqTv().plus(new LpNorm(6).times(L6));
  }

  /**
   * Away from the target in perception. Released, with LPIPS: {@code rep - 10 LPIPS(x, target)}.
   *
   * @param distance how different two images look; LPIPS as published
   * @return {@code 10} times the adversarial regularizer
   */
  public static Regularizer adversarial(PerceptualDistance distance) {
    return new AdversarialRegularizer(distance).times(ADVERSARIAL);
  }

  /**
   * Near the seed in perception. Released, with LPIPS: {@code rep + 10 LPIPS(x, seed)}.
   *
   * @param distance how different two images look; LPIPS as published
   * @return {@code 10} times the adversarial regularizer anchored at the seed
   */
  public static Regularizer adversarialToSeed(PerceptualDistance distance) {
    return new AdversarialRegularizer(distance, Anchor.SEED).times(ADVERSARIAL);
  }

  /**
   * The names of the combinations that need nothing else.
   *
   * @return the names the released code gives them, reg_free (no penalty) first
   */
  public static Set<String> names() {
    return BY_NAME.keySet();
  }

  /**
   * A combination by the name that the released code gives it.
   *
   * @param name one of {@link #names()}
   * @return the combination
   * @throws IllegalArgumentException if there is none of that name; the message lists them
   */
  public static Regularizer named(String name) {
    Regularizer regularizer = BY_NAME.get(name);
    if (regularizer == null) {
      throw new IllegalArgumentException(
          "expected a regularizer of %s, got %s".formatted(names(), name));
    }
    return regularizer;
  }

  private static Map<String, Regularizer> byName() {
    Map<String, Regularizer> byName = new LinkedHashMap<>();
    byName.put("reg_free", Regularizer.none());
    byName.put("freq", freq());
    byName.put("freq_tv", freqTv());
    byName.put("freq_blur", freqBlur());
    byName.put("freq_lp", freqLp());
    byName.put("freq_tv_l6", freqTvL6());
    return Collections.unmodifiableMap(byName);
  }
}
