package io.metamer.inversion;

import io.metamer.inversion.Certificate.Agreement;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What an image's certificate has to say for it to count as an identically represented input:
 * {@code Criterion.within(0.1).inPercentile(0).sameClass().asPng()}.
 *
 * @param largestDistance the largest relative distance, at least 0; may be infinite
 * @param largestPercentile the highest percentile among random pairs, if that is asked for
 * @param keepsClass whether a classifier has to take the image for what it takes the target for
 * @param survivesPng whether all that has to hold after quantization to 8 bits too
 * @since 0.1
 */
public record Criterion(
    double largestDistance,
    OptionalDouble largestPercentile,
    boolean keepsClass,
    boolean survivesPng) {

  public Criterion {
    if (!(largestDistance >= 0)) {
      throw new IllegalArgumentException(
          "expected a distance of at least 0, got " + largestDistance);
    }
    if (largestPercentile.isPresent()
        && !(largestPercentile.getAsDouble() >= 0 && largestPercentile.getAsDouble() <= 100)) {
      throw new IllegalArgumentException(
          "expected a percentile from 0 to 100, got " + largestPercentile.getAsDouble());
    }
  }

  /**
   * At a small relative distance.
   *
   * @param distance the largest, at least 0
   * @return the criterion
   * @throws IllegalArgumentException if the distance is below 0 or NaN
   */
  public static Criterion within(double distance) {
    return new Criterion(distance, OptionalDouble.empty(), false, false);
  }

  /**
   * The check of Feather et al. (2023): as near to its target as the nearest of random pairs, or
   * nearer, and of the same class.
   *
   * @return of any distance, percentile 0, same class
   * @apiNote They compare Spearman's and Pearson's correlation and the signal-to-noise ratio with a
   *     null distribution of a million pairs each. The ratio falls as the relative distance grows,
   *     so that comparing distances is comparing it; the correlations are in the certificate.
   */
  public static Criterion feather2023() {
    return within(Double.POSITIVE_INFINITY).inPercentile(0).sameClass();
  }

  /**
   * And near among random pairs.
   *
   * @param percentile the highest percentile, from 0 to 100; 0 is as near as the nearest pair, or
   *     nearer
   * @return the stricter criterion
   * @throws IllegalArgumentException if the percentile is out of range
   */
  public Criterion inPercentile(double percentile) {
    return new Criterion(largestDistance, OptionalDouble.of(percentile), keepsClass, survivesPng);
  }

  /**
   * And of the target's class.
   *
   * @return the stricter criterion
   */
  public Criterion sameClass() {
    return new Criterion(largestDistance, largestPercentile, true, survivesPng);
  }

  /**
   * All this after quantization to 8 bits, too.
   *
   * @return the stricter criterion
   */
  public Criterion asPng() {
    return new Criterion(largestDistance, largestPercentile, keepsClass, true);
  }

  /**
   * Whether an image meets the criterion.
   *
   * @param certificate the image's
   * @return whether it counts
   * @throws IllegalStateException if the certificate lacks what is asked for; the message says how
   *     to get it
   */
  public boolean holds(Certificate certificate) {
    return holds(certificate.asFound()) && (!survivesPng || holds(certificate.asPng()));
  }

  private boolean holds(Agreement agreement) {
    // All are looked at, so that what is lacking is said of every image.
    boolean near = agreement.distance() <= largestDistance;
    if (largestPercentile.isPresent()) {
      double percentile =
          agreement
              .percentile()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "there is no null distribution: search for at least 2 different targets,"
                              + " or give one to Inverter.withNull"));
      near &= percentile <= largestPercentile.getAsDouble();
    }
    if (keepsClass) {
      near &=
          agreement
              .classes()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "there are no classes: give a classifier to Inverter.withClassifier"))
              .same();
    }
    return near;
  }

  @Override
  public String toString() {
    List<String> terms = new ArrayList<>();
    if (Double.isFinite(largestDistance)) {
      terms.add("distance <= " + largestDistance);
    }
    largestPercentile.ifPresent(p -> terms.add("percentile <= " + p));
    if (keepsClass) {
      terms.add("same class");
    }
    String text = terms.isEmpty() ? "any distance" : String.join(", ", terms);
    return survivesPng ? text + ", also as PNG" : text;
  }
}
