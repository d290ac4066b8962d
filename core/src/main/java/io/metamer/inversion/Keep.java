package io.metamer.inversion;

/**
 * Which iterate of an image is its result.
 *
 * @since 0.1
 */
public enum Keep {
  /** The one of the lowest loss, the seed included, as published. */
  BEST,
  /** The last one whose loss was finite. */
  LAST
}
