package io.metamer.metrics.human;

/**
 * What people are asked to do, with the screens of Nanda et al. (2023).
 *
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al. (2023), Do Invariances in Deep
 *     Neural Networks Align with Human Perception?</a>
 * @since 0.1
 */
public enum Task {
  /** A query above two images or more; a screen for each trial, which a choice ends. */
  FORCED_CHOICE("2AFC", "Which of these images is closer to the query image?"),
  /**
   * Queries as rows, images as columns. The trials of a block share a screen; where an image is
   * right for several of them, each of these is on a screen of its own.
   */
  CLUSTERING(
      "clustering",
      "For each query image (shown in each row), choose the most perceptually similar image from"
          + " the columns.");

  private final String label;
  private final String question;

  Task(String label, String question) {
    this.label = label;
    this.question = question;
  }

  /**
   * The question above each screen.
   *
   * @return a sentence in English
   */
  public String question() {
    return question;
  }

  /** As tables and files have it: {@code 2AFC}, {@code clustering}. */
  @Override
  public String toString() {
    return label;
  }
}
