package io.metamer.studies;

import io.metamer.inversion.InversionListener;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How soon each image of a search came near its target: evaluations of value and gradient, those of
 * line searches included, and seconds.
 *
 * <p>Told of one search, it keeps one distance and one time for each evaluation of each image. The
 * form within the bounds of a seed beyond them, which a search evaluates unasked, is not counted.
 *
 * @since 0.1
 */
public final class Convergence implements InversionListener {

  /** The lowest distance so far, by image and evaluation. */
  private final double[][] lowest;

  /** Seconds spent on it so far: of those of a batch, each of its images has an equal share. */
  private final double[][] seconds;

  private final int[] evaluations;
  private long last = System.nanoTime();

  /**
   * Of a search that begins now.
   *
   * @param images how many it is for
   */
  public Convergence(int images) {
    lowest = new double[images][16];
    seconds = new double[images][16];
    evaluations = new int[images];
  }

  @Override
  public void evaluated(Iteration iteration) {
    long now = System.nanoTime();
    double share = (now - last) * 1e-9 / iteration.rows().length;
    last = now;
    for (int k = 0; k < iteration.rows().length; k++) {
      add(iteration.rows()[k], iteration.distance()[k], share);
    }
  }

  private void add(int image, double distance, double share) {
    int n = evaluations[image]++;
    if (n == lowest[image].length) {
      lowest[image] = Arrays.copyOf(lowest[image], 2 * n);
      seconds[image] = Arrays.copyOf(seconds[image], 2 * n);
    }
    double before = n == 0 ? Double.POSITIVE_INFINITY : lowest[image][n - 1];
    // A distance that is not a number is not near.
    lowest[image][n] = distance < before ? distance : before;
    seconds[image][n] = (n == 0 ? 0 : seconds[image][n - 1]) + share;
  }

  /**
   * How near an image came.
   *
   * @param image which one
   * @return its lowest relative distance; infinity if it had none
   */
  public double lowest(int image) {
    int n = evaluations[image];
    return n == 0 ? Double.POSITIVE_INFINITY : lowest[image][n - 1];
  }

  /**
   * How often an image was evaluated.
   *
   * @param image which one
   * @return evaluations until its search ended
   */
  public int evaluations(int image) {
    return evaluations[image];
  }

  /**
   * After how many evaluations an image was first within a distance.
   *
   * @param image which one
   * @param distance relative distance
   * @return the number, at least 1; none if it never was
   */
  public OptionalInt evaluationsTo(int image, double distance) {
    for (int n = 0; n < evaluations[image]; n++) {
      if (lowest[image][n] <= distance) {
        return OptionalInt.of(n + 1);
      }
    }
    return OptionalInt.empty();
  }

  /**
   * After how many seconds of work on it an image was first within a distance.
   *
   * @param image which one
   * @param distance relative distance
   * @return seconds; none if it never was
   */
  public OptionalDouble secondsTo(int image, double distance) {
    OptionalInt n = evaluationsTo(image, distance);
    return n.isPresent()
        ? OptionalDouble.of(seconds[image][n.getAsInt() - 1])
        : OptionalDouble.empty();
  }
}
