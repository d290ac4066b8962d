package io.metamer.studies;

import io.metamer.inversion.Regularizer;
import io.metamer.regularizers.Blur;
import io.metamer.regularizers.L1;
import io.metamer.regularizers.LpNorm;
import io.metamer.regularizers.PublishedRegularizers;
import io.metamer.regularizers.TotalVariation;
import java.util.List;

/**
 * A regularizer of a study: a published combination, or a sum of weighted terms.
 *
 * @param name the published combination's, or a short name, which is a folder's too
 * @param terms the sum; empty for a published combination
 * @since 0.1
 */
public record Penalty(String name, List<Term> terms) {

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
    boolean published = PublishedRegularizers.names().contains(name);
    if (terms.isEmpty() && !published) {
      throw new IllegalArgumentException(
          "expected a regularizer of %s, or one with terms of its own, got \"%s\""
              .formatted(PublishedRegularizers.names(), name));
    }
    if (!terms.isEmpty() && published) {
      throw new IllegalArgumentException(
          "name: expected one that is no published regularizer's beside terms, got \"%s\""
              .formatted(name));
    }
  }

  /**
   * A published combination.
   *
   * @param name one of {@link PublishedRegularizers#names()}
   * @return the penalty
   * @throws IllegalArgumentException if there is none of that name; the message lists them
   */
  public static Penalty published(String name) {
    return new Penalty(name, List.of());
  }

  /** What is added to the matching term. */
  Regularizer regularizer() {
    return terms.isEmpty()
        ? PublishedRegularizers.named(name)
        : terms.stream()
            .map(term -> term.of.times(term.weight))
            .reduce(Regularizer.none(), Regularizer::plus);
  }
}
