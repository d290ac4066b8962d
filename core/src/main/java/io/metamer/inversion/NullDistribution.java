package io.metamer.inversion;

import io.metamer.loss.RelativeL2;
import io.metamer.model.RepresentationModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How far apart a model represents images that have nothing to do with each other: the relative
 * distances {@code ||m(i) - m(j)|| / ||m(j)||} of pairs of different images. An image that is
 * nearer to its target than random pairs are has been found to be more than just any image.
 *
 * <p>It holds all ordered pairs, or {@value #MOST_PAIRS} of them drawn at random, always the same
 * ones, where there are more. An image that recurs counts once.
 *
 * @see "Feather et al. (2023), Model metamers reveal divergent invariances between biological and
 *     artificial neural networks"
 * @since 0.1
 */
public final class NullDistribution {

  /** Most pairs looked at; all those of 100 images. */
  public static final int MOST_PAIRS = 10_000;

  /** Any fixed number: the distribution of the same images is always the same. */
  private static final long SEED = 1;

  /** Pairs compared at a time. */
  private static final int PIECE = 64;

  private final double[] sorted;

  private NullDistribution(double[] sorted) {
    this.sorted = sorted;
  }

  /**
   * Of a model over images.
   *
   * @param model stays the caller's
   * @param images shape {@code [N, C, H, W]}, such as random photographs; at least two that differ
   * @return the distribution
   * @throws IllegalArgumentException if the images are not the model's, all are the same, or one
   *     has a representation that is zero or not finite
   */
  public static NullDistribution of(RepresentationModel model, INDArray images) {
    model.input().check(images, "images");
    return of(images, model.represent(images))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected at least 2 different images, got %d that are the same"
                        .formatted(images.size(0))));
  }

  /**
   * Of distances that are known already.
   *
   * @param distances relative distances of random pairs, at least one, in any order; copied
   * @return the distribution
   * @throws IllegalArgumentException if there are none, or one is below 0 or NaN
   */
  public static NullDistribution of(double[] distances) {
    double[] sorted = distances.clone();
    Arrays.sort(sorted);
    // NaN is sorted last.
    if (sorted.length == 0 || !(sorted[0] >= 0) || Double.isNaN(sorted[sorted.length - 1])) {
      throw new IllegalArgumentException(
          "expected distances of at least 0, got " + Arrays.toString(distances));
    }
    return new NullDistribution(sorted);
  }

  /** Of images whose representations are known; nothing if all images are the same. */
  static Optional<NullDistribution> of(INDArray images, INDArray representations) {
    int[] different = different(images);
    if (different.length < 2) {
      return Optional.empty();
    }
    RelativeL2 distance = new RelativeL2(representations);
    List<int[]> pairs = pairs(different);
    double[] distances = new double[pairs.size()];
    for (int from = 0; from < distances.length; from += PIECE) {
      List<int[]> some = pairs.subList(from, Math.min(distances.length, from + PIECE));
      INDArray first =
          Nd4j.pullRows(representations, 1, some.stream().mapToInt(p -> p[0]).toArray());
      double[] found = distance.distance(first, some.stream().mapToInt(p -> p[1]).toArray());
      System.arraycopy(found, 0, distances, from, found.length);
    }
    return Optional.of(of(distances));
  }

  /**
   * Where a distance lies among those of random pairs.
   *
   * @param distance a relative distance
   * @return the share of pairs with a smaller distance, in percent, from 0 to 100; 0 if no pair is
   *     nearer
   */
  public double percentile(double distance) {
    int from = 0;
    int to = sorted.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (sorted[middle] < distance) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return 100.0 * from / sorted.length;
  }

  /**
   * The distance of the nearest pair.
   *
   * @return at least 0
   */
  public double smallest() {
    return sorted[0];
  }

  /**
   * The distance that half of the pairs are nearer than.
   *
   * @return at least 0; the mean of the middle two of an even number
   */
  public double median() {
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  /**
   * The number of pairs.
   *
   * @return at least 1
   */
  public int size() {
    return sorted.length;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d random pairs, smallest distance %.3g, median %.3g",
        size(),
        smallest(),
        median());
  }

  private static List<int[]> pairs(int[] rows) {
    int n = rows.length;
    List<int[]> pairs = new ArrayList<>();
    if ((long) n * (n - 1) <= MOST_PAIRS) {
      for (int i : rows) {
        for (int j : rows) {
          if (i != j) {
            pairs.add(new int[] {i, j});
          }
        }
      }
      return pairs;
    }
    Random random = new Random(SEED); // whose numbers Java specifies
    while (pairs.size() < MOST_PAIRS) {
      int i = random.nextInt(n);
      int j = (i + 1 + random.nextInt(n - 1)) % n;
      pairs.add(new int[] {rows[i], rows[j]});
    }
    return pairs;
  }

  /** The images without those that are the same as one before. */
  private static int[] different(INDArray images) {
    int n = Math.toIntExact(images.size(0));
    INDArray flat = images.dup('c').reshape('c', n, images.length() / n);
    Map<Integer, List<Integer>> byHash = new HashMap<>();
    return IntStream.range(0, n)
        .filter(
            i -> {
              double[] image = flat.getRow(i).toDoubleVector();
              List<Integer> alike =
                  byHash.computeIfAbsent(Arrays.hashCode(image), hash -> new ArrayList<>());
              boolean isNew =
                  alike.stream()
                      .noneMatch(k -> Arrays.equals(image, flat.getRow(k).toDoubleVector()));
              alike.add(i);
              return isNew;
            })
        .toArray();
  }
}
