package io.metamer.metrics;

import io.metamer.inversion.InversionResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Does each inverted image look more like its own target than like two other targets?
 *
 * <p>The targets are shuffled into disjoint triples. A triple is a grid: its targets are the
 * columns, in an order of their own, and their inverted images the rows; for each row the most
 * similar column is chosen. Chance is 1/3. Of n targets, the n mod 3 left over make a last grid,
 * completed by targets of earlier triples, which are columns there and not rows. A whole grid has
 * the right column in each place once, so that always choosing one place scores 1/3.
 *
 * <p>Triples are of any targets, or each of one group, such as a class: telling a dog from two
 * other dogs is harder than from a car and a plane. Targets of groups of fewer than three make
 * triples with each other, completed by others where they are fewer than three in all.
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
 * @param groups the group of each image, for triples within groups; empty for triples of any
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
    return groups.isEmpty() ? "clustering" : "clustering within groups";
  }

  /**
   * One trial for each image: its target among three.
   *
   * @return grid by grid
   * @throws IllegalArgumentException if the result has fewer than 3 images, or another number than
   *     there are groups given
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
    String design = groups.isEmpty() ? "clustering" : "clustering-groups";
    Shuffle shuffle = new Shuffle(seed);
    List<Trial> trials = new ArrayList<>(images);
    int block = 0;
    for (List<Integer> members : members(images)) {
      List<Integer> order = shuffle.of(members);
      for (int from = 0; from < order.size(); from += COLUMNS) {
        List<Integer> rows = order.subList(from, Math.min(from + COLUMNS, order.size()));
        List<Integer> columns =
            shuffle.of(
                Stream.of(rows.stream(), order.stream(), IntStream.range(0, images).boxed())
                    .flatMap(Function.identity())
                    .distinct()
                    .limit(COLUMNS)
                    .toList());
        List<Stimulus> alternatives = columns.stream().map(Stimulus::target).toList();
        for (int row : rows) {
          trials.add(
              new Trial(
                  "%s-%d-%d".formatted(design, seed, row),
                  Stimulus.iri(row),
                  alternatives,
                  columns.indexOf(row),
                  block));
        }
        block++;
      }
    }
    return trials;
  }

  /** The images of each group, and last those of all groups that are too small for a triple. */
  private List<List<Integer>> members(int images) {
    if (images < COLUMNS) {
      throw new IllegalArgumentException(
          "expected at least %d inverted images to choose among, got %d"
              .formatted(COLUMNS, images));
    }
    List<List<Integer>> members = new ArrayList<>();
    List<Integer> rest = new ArrayList<>();
    for (List<Integer> group : Groups.of(groups, images, 1)) {
      if (group.size() < COLUMNS) {
        rest.addAll(group);
      } else {
        members.add(group);
      }
    }
    if (!rest.isEmpty()) {
      members.add(rest);
    }
    return members;
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
}
