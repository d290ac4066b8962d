package io.metamer.inversion;

/**
 * How to search: an immutable value, printable and comparable.
 *
 * @param step the rule of a step
 * @param iterations number of steps, at least 0
 * @param regularizer the penalty added to the relative distance
 * @param tolerance the relative distance at which an image counts as matched, above 0
 * @param rawSeed whether the first evaluation takes the seed as it is (the published protocol: raw
 *     N(0, 1)) rather than clipped to the bounds
 * @param stopping when the search for an image ends before all iterations are done
 * @since 0.1
 */
public record InversionOptions(
    StepRule step,
    int iterations,
    Regularizer regularizer,
    double tolerance,
    boolean rawSeed,
    Stopping stopping) {

  /** The relative distance up to which an image counts as matched, unless said otherwise. */
  public static final double DEFAULT_TOLERANCE = 0.1;

  /** Steps of a search, as the code released with Nanda et al. (2023) makes them. */
  public static final int DEFAULT_ITERATIONS = 5_000;

  public InversionOptions {
    if (iterations < 0) {
      throw new IllegalArgumentException("expected at least 0 iterations, got " + iterations);
    }
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("expected a tolerance above 0, got " + tolerance);
    }
  }

  /**
   * The published search: 5,000 normalised steps of size 1, no regularizer, seeds clipped first.
   *
   * @return the defaults
   */
  public static InversionOptions defaults() {
    return new InversionOptions(
        StepRule.normalized(1),
        DEFAULT_ITERATIONS,
        Regularizer.none(),
        DEFAULT_TOLERANCE,
        false,
        Stopping.never());
  }

  /**
   * Copies with another step rule.
   *
   * @param step the rule
   * @return the copy
   */
  public InversionOptions withStep(StepRule step) {
    return new InversionOptions(step, iterations, regularizer, tolerance, rawSeed, stopping);
  }

  /**
   * Copies with another number of steps.
   *
   * @param iterations at least 0
   * @return the copy
   * @throws IllegalArgumentException if below 0
   */
  public InversionOptions withIterations(int iterations) {
    return new InversionOptions(step, iterations, regularizer, tolerance, rawSeed, stopping);
  }

  /**
   * Copies with another penalty.
   *
   * @param regularizer the penalty, weighted against the relative distance
   * @return the copy
   */
  public InversionOptions withRegularizer(Regularizer regularizer) {
    return new InversionOptions(step, iterations, regularizer, tolerance, rawSeed, stopping);
  }

  /**
   * Copies with another tolerance.
   *
   * @param tolerance the relative distance up to which an image counts as matched, above 0
   * @return the copy
   * @throws IllegalArgumentException if not above 0
   */
  public InversionOptions withTolerance(double tolerance) {
    return new InversionOptions(step, iterations, regularizer, tolerance, rawSeed, stopping);
  }

  /**
   * Copies with another treatment of seeds.
   *
   * @param rawSeed whether the first evaluation takes the seed unclipped
   * @return the copy
   */
  public InversionOptions withRawSeed(boolean rawSeed) {
    return new InversionOptions(step, iterations, regularizer, tolerance, rawSeed, stopping);
  }

  /**
   * Copies with another early end.
   *
   * @param stopping when the search for an image ends before all iterations are done
   * @return the copy
   */
  public InversionOptions withStopping(Stopping stopping) {
    return new InversionOptions(step, iterations, regularizer, tolerance, rawSeed, stopping);
  }
}
