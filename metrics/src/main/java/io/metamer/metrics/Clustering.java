package io.metamer.metrics;

import io.metamer.inversion.InversionResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Does each inverted image look more like its own target than like two other targets?
 *
 * <p>The targets are shuffled into disjoint triples. A triple is a grid: its targets are the
 * columns, in an order of their own, and their inverted images the rows; for each row the most
 * similar column is chosen. Chance is 1/3. Of n targets, the n mod 3 left over make a last grid,
 * completed by targets of earlier triples, which are columns there and not rows.
 *
 * <p>Triples may be kept within groups of targets, such as those of one class, which makes the test
 * harder. Targets of a group of less than three make triples with each other.
 *
 * <p>An image that is not matched loses its row in {@link AlignmentReport#matched()}; its target
 * stays a column.
 *
 * <p>The interval, at 95 %, resamples grids (percentile bootstrap, 10,000 resamples, seeded), since
 * the rows of a grid share their columns and so are not independent; it is widened where needed to
 * hold Wilson's (1927) interval of the rows.
 *
 * @apiNote Without the widening, grids that all score alike would give an interval of no width. In
 *     simulation (ClusteringCoverageTest), with rows that depend on each other not at all to
 *     strongly (intraclass correlation 0 to 0.5) and true proportions from 1/3 to 0.95, the
 *     bootstrap alone held the true proportion in as few as 32, 67 and 86 % of experiments with 4,
 *     12 and 33 grids; the widened interval in at least 85, 91 and 93 %. The p-value takes rows as
 *     guessed independently: one who guesses but gives each column to one row gets p below 0.05 in
 *     5 to 8 % of experiments. No code was released for this test with Nanda et al. (2023), and how
 *     they chose triples is not known.
 * @param seed decides triples and the order of columns, and the resamples
 * @param groups the group of each image, in their order; empty for one group of all
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al. (2023), Do Invariances in Deep
 *     Neural Networks Align with Human Perception?</a>
 * @since 0.1
 */
public record Clustering(long seed, List<String> groups) implements AlignmentMetric {

  private static final int COLUMNS = 3;

  public Clustering {
    groups = List.copyOf(groups);
  }

  /**
   * Triples of any targets.
   *
   * @param seed decides triples and the order of columns, and the resamples
   */
  public Clustering(long seed) {
    this(seed, List.of());
  }

  @Override
  public String name() {
    return "clustering";
  }

  /**
   * One trial for each image: its target among three.
   *
   * @return grid by grid
   * @throws IllegalArgumentException if the result has fewer than 3 images
   */
  @Override
  public List<Trial> trials(InversionResult result) {
    return trials(result.size());
  }

  /**
   * The trials of so many images.
   *
   * @param images how many, at least 3, and as many as have a group
   * @return one for each image, grid by grid, as for a result of that size
   * @throws IllegalArgumentException if there are fewer, or another number has groups
   */
  public List<Trial> trials(int images) {
    if (images < COLUMNS) {
      throw new IllegalArgumentException(
          "expected at least %d inverted images to choose among, got %d"
              .formatted(COLUMNS, images));
    }
    if (!groups.isEmpty() && groups.size() != images) {
      throw new IllegalArgumentException(
          "expected a group of each of %d images, got %d".formatted(images, groups.size()));
    }
    SplittableRandom random = new SplittableRandom(seed);
    List<Integer> all = IntStream.range(0, images).boxed().toList();
    List<Trial> trials = new ArrayList<>(images);
    int grids = 0;
    for (List<Integer> group : grouped(all)) {
      List<Integer> order = shuffled(group, random);
      for (int from = 0; from < order.size(); from += COLUMNS) {
        List<Integer> rows = order.subList(from, Math.min(from + COLUMNS, order.size()));
        List<Integer> columns = new ArrayList<>(rows);
        Stream.concat(order.stream(), all.stream())
            .filter(i -> !columns.contains(i))
            .distinct()
            .limit(COLUMNS - rows.size())
            .forEach(columns::add);
        trials.addAll(grid(rows, shuffled(columns, random), grids++));
      }
    }
    return trials;
  }

  /** The images of each group, in the order of its first; those of small groups together, last. */
  private List<List<Integer>> grouped(List<Integer> images) {
    Map<String, List<Integer>> byGroup = new LinkedHashMap<>();
    for (int i : images) {
      byGroup
          .computeIfAbsent(groups.isEmpty() ? "" : groups.get(i), group -> new ArrayList<>())
          .add(i);
    }
    List<List<Integer>> grouped = new ArrayList<>();
    List<Integer> rest = new ArrayList<>();
    for (List<Integer> group : byGroup.values()) {
      if (group.size() < COLUMNS) {
        rest.addAll(group);
      } else {
        grouped.add(group);
      }
    }
    if (!rest.isEmpty()) {
      grouped.add(rest);
    }
    return grouped;
  }

  private List<Trial> grid(List<Integer> rows, List<Integer> columns, int block) {
    List<Stimulus> alternatives = columns.stream().map(Stimulus::target).toList();
    return rows.stream()
        .map(
            row ->
                new Trial(
                    "clustering-%d-%d".formatted(seed, row),
                    Stimulus.iri(row),
                    alternatives,
                    columns.indexOf(row),
                    block))
        .toList();
  }

  @Override
  public Score score(List<Answer> answers) {
    Tally tally = Tally.of(answers);
    Interval wilson = Binomial.wilson(tally.correct(), tally.n(), Interval.DEFAULT_CONFIDENCE);
    Interval resampled =
        BlockBootstrap.interval(
            BlockBootstrap.blocks(answers).values().stream().map(Tally::of).toList(),
            Interval.DEFAULT_CONFIDENCE,
            seed);
    return tally.score(tally.correct(), resampled.holding(wilson));
  }

  /** {@link Collections#shuffle} with a generator whose numbers are specified. */
  private static List<Integer> shuffled(List<Integer> list, SplittableRandom random) {
    List<Integer> shuffled = new ArrayList<>(list);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      Collections.swap(shuffled, i, random.nextInt(i + 1));
    }
    return shuffled;
  }
}
