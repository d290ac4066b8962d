package io.metamer.metrics;

import io.metamer.inversion.InversionResult;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Does each inverted image look more like its target than like the seed that it was made from?
 *
 * <p>One trial an image; chance is 1/2. The target comes first in every second trial, so that
 * always choosing the first alternative scores no better than chance. Intervals are Wilson's (1927)
 * at 95 %.
 *
 * @apiNote A tie counts as not aligned. The code released with Nanda et al. (2023) compares with
 *     {@code <=}, so that a tie counts as aligned; {@link #released()} does the same.
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al. (2023), Do Invariances in Deep
 *     Neural Networks Align with Human Perception?</a>
 * @since 0.1
 */
public final class TwoAlternativeForcedChoice implements AlignmentMetric {

  private final boolean tieCounts;

  /** Creates the metric; a tie counts as not aligned. */
  public TwoAlternativeForcedChoice() {
    this(false);
  }

  private TwoAlternativeForcedChoice(boolean tieCounts) {
    this.tieCounts = tieCounts;
  }

  /**
   * The rule of the code released with Nanda et al. (2023), {@code d(x', target) <= d(x', seed)}: a
   * tie counts as aligned.
   *
   * @return named "2AFC as released"
   */
  public static TwoAlternativeForcedChoice released() {
    return new TwoAlternativeForcedChoice(true);
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
   * The trials of any result of so many images.
   *
   * @param images at least 1
   * @return one for each image
   * @throws IllegalArgumentException if there are no images
   */
  public List<Trial> trials(int images) {
    if (images < 1) {
      throw new IllegalArgumentException("expected at least one inverted image, got none");
    }
    return IntStream.range(0, images).mapToObj(TwoAlternativeForcedChoice::trial).toList();
  }

  private static Trial trial(int i) {
    int correct = i % 2;
    List<Stimulus> alternatives =
        correct == 0
            ? List.of(Stimulus.target(i), Stimulus.seed(i))
            : List.of(Stimulus.seed(i), Stimulus.target(i));
    return new Trial("2afc-" + i, Stimulus.iri(i), alternatives, correct, i);
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
