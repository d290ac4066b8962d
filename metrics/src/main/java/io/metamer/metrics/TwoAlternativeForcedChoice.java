package io.metamer.metrics;

import io.metamer.inversion.InversionResult;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * Does each inverted image look more like its target than like the seed that it was made from?
 *
 * <p>One trial an image; chance is 1/2. The seed shown is the one that the search for this image
 * started from, clipped as all images are. The target comes first in every second trial, or in half
 * of them at random, so that always choosing the first alternative scores no better than chance.
 * Intervals are Wilson's (1927) at 95 %.
 *
 * @apiNote A tie counts as not aligned. The code released with Nanda et al. (2023) compares with
 *     {@code <=}, so that a tie counts as aligned; {@link #released()} does the same.
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al. (2023), Do Invariances in Deep
 *     Neural Networks Align with Human Perception?</a>
 * @since 0.1
 */
public final class TwoAlternativeForcedChoice implements AlignmentMetric {

  private final boolean tieCounts;
  private final OptionalLong order;

  /** Creates the metric; a tie counts as not aligned. */
  public TwoAlternativeForcedChoice() {
    this(false, OptionalLong.empty());
  }

  private TwoAlternativeForcedChoice(boolean tieCounts, OptionalLong order) {
    this.tieCounts = tieCounts;
    this.order = order;
  }

  /**
   * The trials that have their target first drawn at random: half of them, or one more. A person
   * who sees trials in order could learn that places alternate.
   *
   * @param seed which half
   * @return the metric with other trials, of other names for each seed
   */
  public static TwoAlternativeForcedChoice inRandomOrder(long seed) {
    return new TwoAlternativeForcedChoice(false, OptionalLong.of(seed));
  }

  /**
   * The rule of the code released with Nanda et al. (2023), {@code d(x', target) <= d(x', seed)}: a
   * tie counts as aligned.
   *
   * @return named "2AFC as released"
   */
  public static TwoAlternativeForcedChoice released() {
    return new TwoAlternativeForcedChoice(true, OptionalLong.empty());
  }

  @Override
  public String name() {
    return tieCounts ? "2AFC as released" : "2AFC";
  }

  /**
   * One trial for each image: its target against its seed.
   *
   * @throws IllegalArgumentException if the result has no images
   */
  @Override
  public List<Trial> trials(InversionResult result) {
    return trials(result.size());
  }

  /**
   * The trials of so many images.
   *
   * @param images how many, at least one
   * @return one for each image, as for a result of that size
   * @throws IllegalArgumentException if there are none
   */
  public List<Trial> trials(int images) {
    if (images < 1) {
      throw new IllegalArgumentException("expected at least one inverted image, got none");
    }
    List<Integer> places = IntStream.range(0, images).map(i -> i % 2).boxed().toList();
    if (order.isEmpty()) {
      return IntStream.range(0, images)
          .mapToObj(i -> trial("2afc-" + i, i, places.get(i)))
          .toList();
    }
    long seed = order.getAsLong();
    List<Integer> drawn = new Shuffle(seed).of(places);
    return IntStream.range(0, images)
        .mapToObj(i -> trial("2afc-%d-%d".formatted(seed, i), i, drawn.get(i)))
        .toList();
  }

  private static Trial trial(String id, int i, int correct) {
    List<Stimulus> alternatives =
        correct == 0
            ? List.of(Stimulus.target(i), Stimulus.seed(i))
            : List.of(Stimulus.seed(i), Stimulus.target(i));
    return new Trial(id, Stimulus.iri(i), alternatives, correct, i);
  }

  @Override
  public boolean aligned(Answer answer) {
    return answer.correct() || (tieCounts && answer.tie());
  }

  @Override
  public Score score(List<Answer> answers) {
    Tally tally = Tally.of(answers);
    int correct = (int) answers.stream().filter(this::aligned).count();
    return tally.score(correct, Binomial.wilson(correct, tally.n(), Interval.DEFAULT_CONFIDENCE));
  }
}
