package io.metamer.studies;

import io.metamer.image.Transformations;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Regularizer;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.regularizers.AdversarialRegularizer;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import io.metamer.regularizers.Balanced;
import io.metamer.regularizers.BatchBalanced;
import io.metamer.regularizers.Blur;
import io.metamer.regularizers.L1;
import io.metamer.regularizers.LpNorm;
import io.metamer.regularizers.PublishedRegularizers;
import io.metamer.regularizers.TotalVariation;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A regularizer of a study: a penalty, and what else is done so that images come out natural.
 *
 * @param name the published combination's, or a short name, which is a folder's too
 * @param published a penalty by the name that the released code of Nanda et al. (2023) gives it, or
 *     {@value #PRESET} for that of the study's preset; none beside terms
 * @param distance what a published adversarial penalty rests on; none beside others
 * @param terms a penalty as a sum; empty for a published one, or none
 * @param strength what the penalty as a whole is multiplied by, above 0: penalties that differ in
 *     it alone are a sweep
 * @param transformations random changes of what the network is shown
 * @param fourier whether Fourier coefficients are searched for in place of pixels
 * @since 0.1
 */
public record Penalty(
    String name,
    Optional<String> published,
    Optional<DistanceRecipe> distance,
    List<Term> terms,
    double strength,
    Transformations transformations,
    boolean fourier) {

  /** The penalty that the preset of the study was published with. */
  public static final String PRESET = "preset";

  /** A term of a sum. */
  public sealed interface Term {

    /**
     * How much it weighs.
     *
     * @return against the matching term, which has 1; finite
     */
    double weight();

    /**
     * A term that looks at images only.
     *
     * @param of a {@link TotalVariation}, {@link LpNorm}, {@link Blur} or {@link L1}: what a
     *     description can name
     * @param weight against the matching term, which has 1; finite
     * @return the term
     * @throws IllegalArgumentException if it is another regularizer, or the weight is not finite
     */
    static Term of(Regularizer of, double weight) {
      return new OfImages(of, weight);
    }
  }

  /**
   * A term that looks at images only.
   *
   * @param of a {@link TotalVariation}, {@link LpNorm}, {@link Blur} or {@link L1}
   * @param weight against the matching term, which has 1; finite
   * @since 0.1
   */
  public record OfImages(Regularizer of, double weight) implements Term {

    public OfImages {
      if (!(of instanceof TotalVariation
          || of instanceof LpNorm
          || of instanceof Blur
          || of instanceof L1)) {
        throw new IllegalArgumentException(
            "term: expected total variation, a p-norm, blur or L1, got " + of.name());
      }
      requireFinite(weight);
    }
  }

  /**
   * A term that works against perception: an {@link AdversarialRegularizer}.
   *
   * @param distance how different two images look
   * @param anchor away from the target, or near the seed
   * @param coefficient what the weight is multiplied by
   * @param weight against the matching term, which has 1; finite
   * @since 0.1
   */
  public record Adversarial(
      DistanceRecipe distance, Anchor anchor, Coefficient coefficient, double weight)
      implements Term {

    public Adversarial {
      requireFinite(weight);
      if (anchor == Anchor.SEED && coefficient != Coefficient.FIXED) {
        throw new IllegalArgumentException(
            "coefficient: expected fixed beside the anchor seed, where the distance is 0 at first");
      }
    }
  }

  /** What the weight of an adversarial term is multiplied by. */
  public enum Coefficient {
    /** Nothing. */
    FIXED,
    /** What makes it as large as the matching term at each image's seed: {@link Balanced}. */
    IMAGE,
    /** The same over the seeds of the first batch, as released: {@link BatchBalanced}. */
    BATCH
  }

  private static void requireFinite(double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("weight: expected a finite weight, got " + weight);
    }
  }

  public Penalty {
    terms = List.copyOf(terms);
    Names.require("name", name);
    if (published.isPresent()) {
      boolean adversarial = PublishedRegularizers.adversarialNames().contains(published.get());
      if (!adversarial && !names().contains(published.get())) {
        throw new IllegalArgumentException(
            "expected a regularizer of %s, or one with terms of its own, got \"%s\""
                .formatted(names(), published.get()));
      }
      if (adversarial != distance.isPresent()) {
        throw new IllegalArgumentException(
            adversarial
                ? "distance: expected one beside the published %s, which rests on it"
                    .formatted(published.get())
                : "distance: expected none beside the published " + published.get());
      }
      if (!terms.isEmpty()) {
        throw new IllegalArgumentException(
            "expected either a published regularizer or terms, got %s and %d terms"
                .formatted(published.get(), terms.size()));
      }
    } else if (distance.isPresent()) {
      throw new IllegalArgumentException(
          "distance: expected beside a published regularizer of %s only; a term has its own"
              .formatted(PublishedRegularizers.adversarialNames()));
    }
    if (!(strength > 0 && strength < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "strength: expected a finite number above 0, got " + strength);
    }
    boolean more = !transformations.steps().isEmpty() || fourier;
    if (names().contains(name) && (more || strength != 1 || !published.equals(Optional.of(name)))) {
      throw new IllegalArgumentException(
          "name: expected one that is no published regularizer's, got \"%s\"".formatted(name));
    }
    if (published.isEmpty() && terms.isEmpty() && !more) {
      throw new IllegalArgumentException(
          "expected terms, a published regularizer, transformations or Fourier coefficients,"
              + " got \"%s\" without any".formatted(name));
    }
  }

  /** The names of penalties. */
  private static List<String> names() {
    List<String> names = new ArrayList<>(PublishedRegularizers.names());
    names.add(PRESET);
    return names;
  }

  /**
   * A published combination.
   *
   * @param name one of {@link PublishedRegularizers#names()}, or {@value #PRESET}
   * @return the penalty
   * @throws IllegalArgumentException if there is none of that name; the message lists them
   */
  public static Penalty published(String name) {
    return new Penalty(
        name, Optional.of(name), Optional.empty(), List.of(), 1, Transformations.none(), false);
  }

  /**
   * A published adversarial combination.
   *
   * @param name one of {@link PublishedRegularizers#adversarialNames()}
   * @param distance what it rests on
   * @return the penalty
   * @throws IllegalArgumentException if there is none of that name
   */
  public static Penalty published(String name, DistanceRecipe distance) {
    return new Penalty(
        name,
        Optional.of(name),
        Optional.of(distance),
        List.of(),
        1,
        Transformations.none(),
        false);
  }

  /**
   * A sum.
   *
   * @param name a short name, no published combination's
   * @param terms at least one
   * @return the penalty
   * @throws IllegalArgumentException if there are no terms, or the name is taken or no folder's
   */
  public static Penalty of(String name, Term... terms) {
    return new Penalty(
        name, Optional.empty(), Optional.empty(), List.of(terms), 1, Transformations.none(), false);
  }

  /**
   * Copies with random changes of what the network is shown.
   *
   * @param name another name, no published combination's
   * @param transformations the changes
   * @return the copy
   * @throws IllegalArgumentException if the name is taken or no folder's
   */
  public Penalty with(String name, Transformations transformations) {
    return new Penalty(name, published, distance, terms, strength, transformations, fourier);
  }

  /**
   * Copies with a search for Fourier coefficients.
   *
   * @param name another name, no published combination's
   * @return the copy
   * @throws IllegalArgumentException if the name is taken or no folder's
   */
  public Penalty inFourierCoefficients(String name) {
    return new Penalty(name, published, distance, terms, strength, transformations, true);
  }

  /**
   * Copies with another strength.
   *
   * @param strength what the penalty as a whole is multiplied by, above 0
   * @return the copy, named {@code NAME xSTRENGTH}; this one for a strength of 1
   * @throws IllegalArgumentException if the strength is not finite and above 0
   */
  public Penalty atStrength(double strength) {
    if (strength == 1) {
      return this;
    }
    String shown =
        strength > 0 && strength < Double.POSITIVE_INFINITY
            ? BigDecimal.valueOf(strength).stripTrailingZeros().toPlainString()
            : Double.toString(strength);
    return new Penalty(
        "%s x%s".formatted(name, shown),
        published,
        distance,
        terms,
        strength,
        transformations,
        fourier);
  }

  /** What is the same for the penalties of a sweep. */
  Object sweep() {
    return List.of(published, distance, terms, transformations, fourier);
  }

  /** The distances it rests on. */
  List<DistanceRecipe> distances() {
    return Stream.concat(
            distance.stream(),
            terms.stream()
                .flatMap(t -> t instanceof Adversarial term ? Stream.of(term.distance) : null))
        .toList();
  }

  /** The options of a preset with all this; the distances are asked for by recipe. */
  InversionOptions in(
      Preset preset,
      InversionOptions options,
      Function<DistanceRecipe, PerceptualDistance> distances) {
    InversionOptions with = options.withTransformations(transformations);
    with = fourier ? with.withParameterization(preset.fourier()) : with;
    Regularizer regularizer =
        published.equals(Optional.of(PRESET))
            ? with.regularizer()
            : regularizer(distances, options.batch());
    return with.withRegularizer(strength == 1 ? regularizer : regularizer.times(strength));
  }

  private Regularizer regularizer(
      Function<DistanceRecipe, PerceptualDistance> distances, int batch) {
    if (published.isPresent()) {
      return distance
          .map(d -> PublishedRegularizers.named(published.get(), distances.apply(d)))
          .orElseGet(() -> PublishedRegularizers.named(published.get()));
    }
    Regularizer sum = Regularizer.none();
    for (Term term : terms) {
      Regularizer of =
          term instanceof Adversarial adversarial
              ? regularizer(adversarial, distances, batch)
              : ((OfImages) term).of;
      sum = sum.plus(of.times(term.weight()));
    }
    return sum;
  }

  private static Regularizer regularizer(
      Adversarial term, Function<DistanceRecipe, PerceptualDistance> distances, int batch) {
    Regularizer plain = new AdversarialRegularizer(distances.apply(term.distance), term.anchor);
    return switch (term.coefficient) {
      case FIXED -> plain;
      case IMAGE -> new Balanced(plain);
      case BATCH -> new BatchBalanced(plain, batch);
    };
  }
}
