package io.metamer.inversion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Keeps some images as they were on their way: at the seed, and then at iterations that lie ever
 * further apart, since most changes early. Told of several searches for the same targets, it keeps
 * the last.
 *
 * <p>Owns its arrays until closed.
 *
 * @since 0.1
 */
public final class Trajectory implements InversionListener, AutoCloseable {

  private final int most;
  private final Map<Integer, List<Frame>> frames = new TreeMap<>();
  private Set<Integer> iterations = Set.of();

  /**
   * Begins with no frames.
   *
   * @param rows which images
   * @param most how many frames of an image are kept at most, at least 2
   * @throws IllegalArgumentException if there are no rows, or fewer than 2 frames
   */
  public Trajectory(int[] rows, int most) {
    if (rows.length == 0) {
      throw new IllegalArgumentException("expected at least 1 image, got none");
    }
    if (most < 2) {
      throw new IllegalArgumentException("expected at least 2 frames, got " + most);
    }
    this.most = most;
    for (int row : rows) {
      frames.put(row, new ArrayList<>());
    }
  }

  /**
   * An image on its way.
   *
   * @param iteration the iteration, 0 for the seed
   * @param image shape {@code [C, H, W]}, as it was evaluated: a seed may lie outside the bounds
   */
  public record Frame(int iteration, INDArray image) {}

  @Override
  public void evaluated(Iteration iteration) {
    if (iterations.isEmpty()) {
      iterations = spread(iteration.last(), most);
    }
    for (int k = 0; k < iteration.rows().length; k++) {
      List<Frame> ofRow = frames.get(iteration.rows()[k]);
      int t = iteration.index()[k];
      if (ofRow != null && t == 0) {
        ofRow.forEach(frame -> frame.image().close());
        ofRow.clear();
      }
      if (ofRow != null && iterations.contains(t)) {
        ofRow.add(new Frame(t, iteration.image().apply(k)));
      }
    }
  }

  /**
   * At most so many of the iterations from 0 to the last, each about as many times the one before.
   */
  private static Set<Integer> spread(int last, int most) {
    return IntStream.range(0, most)
        .mapToObj(j -> (int) Math.round(Math.pow(last + 1.0, j / (most - 1.0))) - 1)
        .collect(Collectors.toSet());
  }

  /**
   * The frames of an image, as far as its search has come.
   *
   * @param row which image
   * @return in the order of the iterations; valid until this is closed
   * @throws IllegalArgumentException if it is none of those that are kept
   */
  public List<Frame> of(int row) {
    List<Frame> ofRow = frames.get(row);
    if (ofRow == null) {
      throw new IllegalArgumentException(
          "expected one of the rows %s, got %d".formatted(Arrays.toString(rows()), row));
    }
    return List.copyOf(ofRow);
  }

  /**
   * The images that are kept.
   *
   * @return their rows, ascending
   */
  public int[] rows() {
    return frames.keySet().stream().mapToInt(Integer::intValue).toArray();
  }

  /** Gives the memory of the frames back. */
  @Override
  public void close() {
    frames.values().forEach(ofRow -> ofRow.forEach(frame -> frame.image().close()));
    frames.values().forEach(List::clear);
  }
}
