package io.metamer.inversion;

/**
 * Why the search for one image ended.
 *
 * @since 0.1
 */
public enum StopReason {
  /** All iterations were done. */
  ITERATIONS,
  /** The best image came within the distance asked for: {@link Stopping#distance}. */
  REACHED,
  /** The loss had not fallen for as long as was put up with: {@link Stopping#patience}. */
  PLATEAU,
  /** No step that the rule tried lowered the loss: {@link StepRule.Lbfgs}. */
  STALLED,
  /** A value or gradient was not finite; the image keeps its best finite iterate. */
  DIVERGED,
  /** The thread was interrupted. */
  INTERRUPTED
}
