package io.metamer.inversion;

/**
 * Why the search for one image ended.
 *
 * @since 0.1
 */
public enum StopReason {
  /** All iterations were done. */
  ITERATIONS,
  /** A value or gradient was not finite; the image keeps its best finite iterate. */
  DIVERGED,
  /** The thread was interrupted. */
  INTERRUPTED
}
