package io.metamer.inversion;

/**
 * When the search for an image ends before all iterations are done. An image that is done leaves
 * the batch, and the model runs on the rest.
 *
 * @param distance the relative distance at which the best image found is near enough, at least 0; 0
 *     for never
 * @param patience evaluations in a row without progress after which the search is given up, at
 *     least 0; 0 for never
 * @param share what is progress: the share of the lowest loss by which the next has to be lower, in
 *     [0, 1)
 * @since 0.1
 */
public record Stopping(double distance, int patience, double share) {

  public Stopping {
    if (!(distance >= 0)) {
      throw new IllegalArgumentException("expected a distance of at least 0, got " + distance);
    }
    if (patience < 0) {
      throw new IllegalArgumentException("expected a patience of at least 0, got " + patience);
    }
    if (!(share >= 0 && share < 1)) {
      throw new IllegalArgumentException("expected a share in [0, 1), got " + share);
    }
  }

  /**
   * Not before all iterations are done, as published.
   *
   * @return the criterion
   */
  public static Stopping never() {
    return new Stopping(0, 0, 0);
  }

  /**
   * As soon as the best image found is near enough.
   *
   * @param distance the relative distance, above 0
   * @return the criterion
   * @throws IllegalArgumentException if the distance is not above 0
   */
  public static Stopping at(double distance) {
    if (!(distance > 0)) {
      throw new IllegalArgumentException("expected a distance above 0, got " + distance);
    }
    return new Stopping(distance, 0, 0);
  }

  /**
   * Copies with an end to patience.
   *
   * @param patience evaluations in a row without progress, at least 1
   * @param share what is progress: the share of the lowest loss by which the next has to be lower
   * @return the copy
   * @throws IllegalArgumentException if the patience is below 1 or the share outside [0, 1)
   */
  public Stopping orAfter(int patience, double share) {
    if (patience < 1) {
      throw new IllegalArgumentException("expected a patience of at least 1, got " + patience);
    }
    return new Stopping(distance, patience, share);
  }
}
