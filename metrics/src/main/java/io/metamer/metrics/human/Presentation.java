package io.metamer.metrics.human;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * How a study is put before people.
 *
 * @param practice screens of each task to practise on, with feedback; at least 0
 * @param checkEvery screens for each attention check, at least 1; a task has at least one check, in
 *     an unforeseeable place
 * @param seconds that one choice takes, for the time that people are told; above 0
 * @param pixelated whether small images are enlarged in squares, the same on every screen; else as
 *     the browser smooths them
 * @param postTo where answers are sent to, besides being kept for download: a URL that takes a POST
 *     of JSON, http or https
 * @param returnTo where people are sent afterwards, such as Prolific's completion page
 * @param seed decides file names, practice, checks and forms; it stays in the key. The names tell
 *     nothing as long as nobody can guess it
 * @since 0.1
 */
public record Presentation(
    int practice,
    int checkEvery,
    double seconds,
    boolean pixelated,
    Optional<URI> postTo,
    Optional<URI> returnTo,
    long seed) {

  /** Screens of each task to practise on, unless said otherwise. */
  public static final int DEFAULT_PRACTICE = 2;

  /** Screens for each attention check, unless said otherwise. */
  public static final int DEFAULT_CHECK_EVERY = 10;

  /**
   * Seconds that one choice takes, unless said otherwise: about the median, 4.8, of the first 18
   * choices in the similarity judgements of THINGS-data, each of one among three images. A pilot
   * gives a better number.
   *
   * @see <a href="https://doi.org/10.7554/eLife.82580">Hebart et al. (2023), THINGS-data, a
   *     multimodal collection of large-scale datasets for investigating object representations in
   *     human brain and behavior</a>
   */
  public static final double DEFAULT_SECONDS = 5;

  public Presentation {
    if (practice < 0) {
      throw new IllegalArgumentException(
          "expected at least 0 screens to practise on, got " + practice);
    }
    if (checkEvery < 1) {
      throw new IllegalArgumentException(
          "expected an attention check for at least 1 screen, got " + checkEvery);
    }
    if (!(seconds > 0 && seconds < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("expected seconds above 0, got " + seconds);
    }
    postTo.ifPresent(uri -> requireWeb("to post to", uri));
    returnTo.ifPresent(uri -> requireWeb("to return to", uri));
  }

  /**
   * Two screens of practice, a check for every ten screens, nothing posted, images smoothed.
   *
   * @return the presentation with seed 0, which can be guessed: see {@link #withSeed}
   */
  public static Presentation defaults() {
    return new Presentation(
        DEFAULT_PRACTICE,
        DEFAULT_CHECK_EVERY,
        DEFAULT_SECONDS,
        false,
        Optional.empty(),
        Optional.empty(),
        0);
  }

  /**
   * Copies with another seed.
   *
   * <p>Whoever knows the seed can compute from the names of files what is right. For a study with
   * people it should be drawn, such as by {@link java.security.SecureRandom}; the key holds it.
   *
   * @param seed decides file names, practice, checks and forms
   * @return the copy
   */
  public Presentation withSeed(long seed) {
    return new Presentation(practice, checkEvery, seconds, pixelated, postTo, returnTo, seed);
  }

  /**
   * Copies with other screens besides those that count.
   *
   * @param practice screens of each task to practise on, at least 0
   * @param checkEvery screens for each attention check, at least 1
   * @return the copy
   * @throws IllegalArgumentException if one is too small
   */
  public Presentation withScreens(int practice, int checkEvery) {
    return new Presentation(practice, checkEvery, seconds, pixelated, postTo, returnTo, seed);
  }

  /**
   * Copies with another time for a choice.
   *
   * @param seconds above 0
   * @return the copy
   * @throws IllegalArgumentException if not above 0
   */
  public Presentation withSeconds(double seconds) {
    return new Presentation(practice, checkEvery, seconds, pixelated, postTo, returnTo, seed);
  }

  /**
   * Copies with images enlarged in squares, or smoothed.
   *
   * @param pixelated whether in squares
   * @return the copy
   */
  public Presentation withPixelated(boolean pixelated) {
    return new Presentation(practice, checkEvery, seconds, pixelated, postTo, returnTo, seed);
  }

  /**
   * Copies with a place that answers are sent to.
   *
   * @param postTo takes a POST of JSON, http or https
   * @return the copy
   * @throws IllegalArgumentException if it is another kind of URI
   */
  public Presentation withPostTo(URI postTo) {
    return new Presentation(
        practice, checkEvery, seconds, pixelated, Optional.of(postTo), returnTo, seed);
  }

  /**
   * Copies with a place that people are sent to afterwards.
   *
   * @param returnTo http or https
   * @return the copy
   * @throws IllegalArgumentException if it is another kind of URI
   */
  public Presentation withReturnTo(URI returnTo) {
    return new Presentation(
        practice, checkEvery, seconds, pixelated, postTo, Optional.of(returnTo), seed);
  }

  private static void requireWeb(String what, URI uri) {
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "expected an http or https URL %s, got %s".formatted(what, uri));
    }
  }
}
