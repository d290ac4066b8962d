package io.metamer.metrics;

import io.metamer.inversion.InversionResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Does each inverted image look more like its own target than like two other targets?
 *
 * <p>The targets are shuffled into disjoint triples. A triple is a grid: its targets are the
 * columns, in an order of their own, and their inverted images the rows; for each row the most
 * similar column is chosen. Chance is 1/3. Of n targets, the n mod 3 left over make a last grid,
 * completed by targets of earlier triples, which are columns there and not rows.
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
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al. (2023), Do Invariances in Deep
 *     Neural Networks Align with Human Perception?</a>
 * @since 0.1
 */
public record Clustering(long seed) implements AlignmentMetric {

  private static final int COLUMNS = 3;

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
   * The trials of any result of so many images.
   *
   * @param images at least 3
   * @return one for each image, grid by grid
   * @throws IllegalArgumentException if there are fewer than 3 images
   */
  public List<Trial> trials(int images) {
    if (images < COLUMNS) {
      throw new IllegalArgumentException(
          "expected at least %d inverted images to choose among, got %d"
              .formatted(COLUMNS, images));
    }
    SplittableRandom random = new SplittableRandom(seed);
    List<Integer> order = shuffled(IntStream.range(0, images).boxed().toList(), random);
    List<Trial> trials = new ArrayList<>(images);
    for (int from = 0; from < images; from += COLUMNS) {
      List<Integer> rows = order.subList(from, Math.min(from + COLUMNS, images));
      List<Integer> columns = new ArrayList<>(rows);
      columns.addAll(order.subList(0, COLUMNS - rows.size()));
      columns = shuffled(columns, random);
      List<Stimulus> alternatives = columns.stream().map(Stimulus::target).toList();
      for (int row : rows) {
        trials.add(
            new Trial(
                "clustering-%d-%d".formatted(seed, row),
                Stimulus.iri(row),
                alternatives,
                columns.indexOf(row),
                from / COLUMNS));
      }
    }
    return trials;
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
