package io.metamer.inversion;

/**
 * How the size of a step changes over a search: a factor of its first size.
 *
 * @since 0.1
 */
public enum Schedule {
  /** Always the same, as published. */
  CONSTANT,
  /** From 1 to 0 along half a cosine. */
  COSINE;

  /**
   * The factor at a step.
   *
   * @param iteration 0 for the first step
   * @param iterations number of steps in all
   * @return in [0, 1]
   */
  public double at(int iteration, int iterations) {
    return switch (this) {
      case CONSTANT -> 1;
      case COSINE -> (1 + Math.cos(Math.PI * iteration / iterations)) / 2;
    };
  }
}
