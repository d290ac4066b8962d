package io.metamer.studies;

import io.metamer.image.Transformations;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Regularizer;
import io.metamer.regularizers.Blur;
import io.metamer.regularizers.L1;
import io.metamer.regularizers.LpNorm;
import io.metamer.regularizers.PublishedRegularizers;
import io.metamer.regularizers.TotalVariation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A regularizer of a study: a penalty, and what else is done so that images come out natural.
 *
 * @param name the published combination's, or a short name, which is a folder's too
 * @param published a penalty by the name that the released code of Nanda et al. (2023) gives it, or
 *     {@value #PRESET} for that of the study's preset; none beside terms
 * @param terms a penalty as a sum; empty for a published one, or none
 * @param transformations random changes of what the network is shown
 * @param fourier whether Fourier coefficients are searched for in place of pixels
 * @since 0.1
 */
public record Penalty(
    String name,
    Optional<String> published,
    List<Term> terms,
    Transformations transformations,
    boolean fourier) {

  /** The penalty that the preset of the study was published with. */
  public static final String PRESET = "preset";

  /**
   * A term of a sum.
   *
   * @param of a {@link TotalVariation}, {@link LpNorm}, {@link Blur} or {@link L1}: what a
   *     description can name
   * @param weight against the matching term, which has 1; finite
   */
  public record Term(Regularizer of, double weight) {

    public Term {
      if (!(of instanceof TotalVariation
          || of instanceof LpNorm
          || of instanceof Blur
          || of instanceof L1)) {
        throw new IllegalArgumentException(
            "term: expected total variation, a p-norm, blur or L1, got " + of.name());
      }
      if (!Double.isFinite(weight)) {
        throw new IllegalArgumentException("weight: expected a finite weight, got " + weight);
      }
    }
  }

  public Penalty {
    terms = List.copyOf(terms);
    Names.require("name", name);
    if (published.isPresent()) {
      if (!names().contains(published.get())) {
        throw new IllegalArgumentException(
            "expected a regularizer of %s, or one with terms of its own, got \"%s\""
                .formatted(names(), published.get()));
      }
      if (!terms.isEmpty()) {
        throw new IllegalArgumentException(
            "expected either a published regularizer or terms, got %s and %d terms"
                .formatted(published.get(), terms.size()));
      }
    }
    boolean more = !transformations.steps().isEmpty() || fourier;
    if (names().contains(name) && (more || !published.equals(Optional.of(name)))) {
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
    return new Penalty(name, Optional.of(name), List.of(), Transformations.none(), false);
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
    return new Penalty(name, Optional.empty(), List.of(terms), Transformations.none(), false);
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
    return new Penalty(name, published, terms, transformations, fourier);
  }

  /**
   * Copies with a search for Fourier coefficients.
   *
   * @param name another name, no published combination's
   * @return the copy
   * @throws IllegalArgumentException if the name is taken or no folder's
   */
  public Penalty inFourierCoefficients(String name) {
    return new Penalty(name, published, terms, transformations, true);
  }

  /** The options of a preset with all this. */
  InversionOptions in(Preset preset, InversionOptions options) {
    InversionOptions with = options.withTransformations(transformations);
    with = fourier ? with.withParameterization(preset.fourier()) : with;
    return published.equals(Optional.of(PRESET)) ? with : with.withRegularizer(regularizer());
  }

  private Regularizer regularizer() {
    return published
        .map(PublishedRegularizers::named)
        .orElseGet(
            () ->
                terms.stream()
                    .map(term -> term.of.times(term.weight))
                    .reduce(Regularizer.none(), Regularizer::plus));
  }
}
