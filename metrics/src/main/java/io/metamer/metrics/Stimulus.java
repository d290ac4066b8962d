package io.metamer.metrics;

/**
 * Names one image of an inversion's result, so that a trial can be written down without its pixels.
 *
 * @param kind which of the result's batches the image is in
 * @param index its row there, at least 0
 * @since 0.1
 */
public record Stimulus(Kind kind, int index) {

  /** Which batch of a result an image is in. */
  public enum Kind {
    /** An image whose representation was to be matched. */
    TARGET,
    /** Where a search started. */
    SEED,
    /** An identically represented input: what a search found. */
    IRI
  }

  public Stimulus {
    if (index < 0) {
      throw new IllegalArgumentException("expected an index of at least 0, got " + index);
    }
  }

  /**
   * An image whose representation was to be matched.
   *
   * @param index its row
   * @return the target of that row
   */
  public static Stimulus target(int index) {
    return new Stimulus(Kind.TARGET, index);
  }

  /**
   * Where the search for a target started.
   *
   * @param index its row
   * @return the seed of that row
   */
  public static Stimulus seed(int index) {
    return new Stimulus(Kind.SEED, index);
  }

  /**
   * What was found for a target.
   *
   * @param index its row
   * @return the inverted image of that row
   */
  public static Stimulus iri(int index) {
    return new Stimulus(Kind.IRI, index);
  }
}
