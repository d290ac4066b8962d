package io.metamer.inversion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * Keeps how distance, loss, penalty and gradient of each image went: at evenly spaced iterations,
 * and at the last one. However long a search is, what is kept of an image stays below a number of
 * points: when there are too many, every other one is dropped. Told of several searches for the
 * same targets, it keeps the last.
 *
 * @since 0.1
 */
public final class Curves implements InversionListener {

  private final int most;
  private final Map<Integer, Points> images = new TreeMap<>();

  /**
   * Begins with no image.
   *
   * @param most how many points of an image are kept at most, at least 2
   * @throws IllegalArgumentException if below 2
   */
  public Curves(int most) {
    if (most < 2) {
      throw new IllegalArgumentException("expected at least 2 points, got " + most);
    }
    this.most = most;
  }

  /**
   * How the search for one image went; the arrays follow the order of the iterations.
   *
   * @param iteration which ones, ascending from 0, the last one included
   * @param distance the relative distance
   * @param loss what is minimised
   * @param penalty the weighted penalty in it
   * @param gradientNorm the Euclidean norm of the gradient of the loss
   */
  public record Curve(
      int[] iteration, double[] distance, double[] loss, double[] penalty, double[] gradientNorm) {

    /**
     * The point that stands for an iteration: the last one up to it.
     *
     * @param t the iteration, at least 0
     * @return its place in the arrays
     */
    public int at(int t) {
      int place = Arrays.binarySearch(iteration, t);
      return place >= 0 ? place : -place - 2;
    }
  }

  @Override
  public void evaluated(Iteration iteration) {
    for (int k = 0; k < iteration.rows().length; k++) {
      if (iteration.index()[k] == 0) {
        images.remove(iteration.rows()[k]);
      }
      images
          .computeIfAbsent(iteration.rows()[k], row -> new Points(most))
          .add(
              new Point(
                  iteration.index()[k],
                  iteration.distance()[k],
                  iteration.loss()[k],
                  iteration.penalty()[k],
                  iteration.gradientNorm()[k]));
    }
  }

  /**
   * The images that were searched for.
   *
   * @return their rows, ascending
   */
  public int[] rows() {
    return images.keySet().stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * The curve of an image, as far as its search has come.
   *
   * @param row which image
   * @return a copy
   * @throws IllegalArgumentException if nothing was heard of it
   */
  public Curve of(int row) {
    Points points = images.get(row);
    if (points == null) {
      throw new IllegalArgumentException(
          "expected one of the rows %s, got %d".formatted(Arrays.toString(rows()), row));
    }
    return points.curve();
  }

  private record Point(
      int iteration, double distance, double loss, double penalty, double gradientNorm) {}

  /** The points of one image. */
  private static final class Points {

    private final int most;
    private final List<Point> kept = new ArrayList<>();
    private int every = 1;
    private Point last = new Point(-1, 0, 0, 0, 0);

    Points(int most) {
      this.most = most;
    }

    void add(Point point) {
      last = point;
      if (point.iteration % every != 0) {
        return;
      }
      if (kept.size() == most - 1) {
        every *= 2;
        kept.removeIf(p -> p.iteration % every != 0);
      }
      if (point.iteration % every == 0) {
        kept.add(point);
      }
    }

    Curve curve() {
      List<Point> all = new ArrayList<>(kept);
      if (kept.isEmpty() || kept.get(kept.size() - 1).iteration != last.iteration) {
        all.add(last);
      }
      all.sort(Comparator.comparingInt(Point::iteration));
      return new Curve(
          all.stream().mapToInt(Point::iteration).toArray(),
          numbers(all, Point::distance),
          numbers(all, Point::loss),
          numbers(all, Point::penalty),
          numbers(all, Point::gradientNorm));
    }

    private static double[] numbers(List<Point> points, ToDoubleFunction<Point> number) {
      return points.stream().mapToDouble(number).toArray();
    }
  }
}
