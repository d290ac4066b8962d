package io.metamer.regularizers;

import io.metamer.inversion.Regularizer;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The combinations of the code released with Nanda et al. (2023), for images in [0, 1], by the
 * names that it gives them:
 *
 * <pre>
 * name                    released loss                                            here, beside rep
 * reg_free                rep                                                      nothing
 * freq                    10 rep + 0.0005 TV(2) + 0.0005 Blur + 0.00005 L1(0.5)    {@link #freq}
 * freq_tv                 10 rep + 0.0005 TV(2)                                    {@link #freqTv}
 * freq_blur               10 rep + 0.0005 Blur                                     {@link #freqBlur}
 * freq_lp                 10 rep + 0.00005 L1(0.5)                                 {@link #freqLp}
 * freq_tv_l6              10 rep + 0.0005 TV(2) + 1.0 L6                           {@link #freqTvL6}
 * adv_alex_finetuned      rep - 10 LPIPS(x, target)                                {@link #adversarial}
 * adv_alex_finetuned_seed rep + 10 LPIPS(x, seed)                                  {@link #adversarialToSeed}
 * adv_alex_imagenet       rep - c LPIPS(x, target), c = rep / LPIPS at the start   {@link #adversarialBalanced}
 * adv_alex_imagenet_seed  rep + 10 LPIPS(x, seed)                                  {@link #adversarialToSeed}
 * </pre>
 *
 * <p>Here the relative distance, rep, has weight 1, so the weights of the first six are a tenth of
 * the released ones. Steps of normalised length are the same for both. The adversarial ones take a
 * perceptual distance. The release's "finetuned" is LPIPS with AlexNet and its trained heads;
 * "imagenet" is the same with random heads, by mistake ({@code pretrained=False}), and no distance
 * that ought to be used.
 *
 * @apiNote The released adversarial losses give the network images that are not normalised. Here
 *     they are, as elsewhere.
 * @see "Nanda et al. (2023), Do invariances in deep neural networks align with human perception?;
 *     attack/losses.py and LOSSES_MAPPING in reg_free_loss.py of the released code. TV and L6 are
 *     after Mahendran and Vedaldi (2015); blur and L1 after Olah et al. (2017)"
 * @since 0.1
 */
public final class PublishedRegularizers {

  private static final double TOTAL_VARIATION = 5e-5;
  private static final double BLUR = 5e-5;
  private static final double L1 = 5e-6;
  private static final double L6 = 0.1;
  private static final double ADVERSARIAL = 10;

  private static final Map<String, Regularizer> BY_NAME = byName();
  private static final Map<String, Function<PerceptualDistance, Regularizer>> ADVERSARIAL_BY_NAME =
      adversarialByName();

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
   * Away from the target in perception: adv_alex_finetuned. Released, with LPIPS: {@code rep - 10
   * LPIPS(x, target)}.
   *
   * @param distance how different two images look; LPIPS as published
   * @return {@code 10} times the adversarial regularizer
   */
  public static Regularizer adversarial(PerceptualDistance distance) {
    return new AdversarialRegularizer(distance).times(ADVERSARIAL);
  }

  /**
   * Near the seed in perception: adv_alex_finetuned_seed and adv_alex_imagenet_seed. Released, with
   * LPIPS: {@code rep + 10 LPIPS(x, seed)}.
   *
   * @param distance how different two images look; LPIPS as published
   * @return {@code 10} times the adversarial regularizer anchored at the seed
   */
  public static Regularizer adversarialToSeed(PerceptualDistance distance) {
    return new AdversarialRegularizer(distance, Anchor.SEED).times(ADVERSARIAL);
  }

  /**
   * Away from the target in perception, at first by as much as representations differ:
   * adv_alex_imagenet. Released, with LPIPS: {@code rep - c LPIPS(x, target)}, where c is the mean
   * of rep over that of LPIPS in the first batch.
   *
   * @param distance how different two images look
   * @return the adversarial regularizer, {@link Balanced} for each image by itself
   */
  public static Regularizer adversarialBalanced(PerceptualDistance distance) {
    return new Balanced(new AdversarialRegularizer(distance));
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
   * The names of the combinations that need a perceptual distance.
   *
   * @return the names the released code gives them
   */
  public static Set<String> adversarialNames() {
    return ADVERSARIAL_BY_NAME.keySet();
  }

  /**
   * A combination by the name that the released code gives it.
   *
   * @param name one of {@link #names()}
   * @return the combination
   * @throws IllegalArgumentException if there is none of that name, or it needs a perceptual
   *     distance; the message lists them
   */
  public static Regularizer named(String name) {
    Regularizer regularizer = BY_NAME.get(name);
    if (regularizer == null) {
      throw new IllegalArgumentException(
          ADVERSARIAL_BY_NAME.containsKey(name)
              ? "expected a perceptual distance for " + name
              : "expected a regularizer of %s, got %s".formatted(names(), name));
    }
    return regularizer;
  }

  /**
   * An adversarial combination by the name that the released code gives it.
   *
   * @param name one of {@link #adversarialNames()}
   * @param distance how different two images look, whatever the name says of AlexNet; stays the
   *     caller's
   * @return the combination
   * @throws IllegalArgumentException if there is none of that name; the message lists them
   */
  public static Regularizer named(String name, PerceptualDistance distance) {
    Function<PerceptualDistance, Regularizer> of = ADVERSARIAL_BY_NAME.get(name);
    if (of == null) {
      throw new IllegalArgumentException(
          "expected an adversarial regularizer of %s, got %s".formatted(adversarialNames(), name));
    }
    return of.apply(distance);
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

  private static Map<String, Function<PerceptualDistance, Regularizer>> adversarialByName() {
    Map<String, Function<PerceptualDistance, Regularizer>> byName = new LinkedHashMap<>();
    byName.put("adv_alex_finetuned", PublishedRegularizers::adversarial);
    byName.put("adv_alex_finetuned_seed", PublishedRegularizers::adversarialToSeed);
    byName.put("adv_alex_imagenet", PublishedRegularizers::adversarialBalanced);
    byName.put("adv_alex_imagenet_seed", PublishedRegularizers::adversarialToSeed);
    return Collections.unmodifiableMap(byName);
  }
}
