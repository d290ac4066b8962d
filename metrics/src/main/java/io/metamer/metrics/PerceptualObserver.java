package io.metamer.metrics;

import io.metamer.perceptual.PerceptualDistance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Answers with the alternative at the smallest perceptual distance from the query.
 *
 * <p>The answer is a tie if several alternatives are at exactly that distance.
 *
 * @param distance how different two images look
 * @since 0.1
 */
public record PerceptualObserver(PerceptualDistance distance) implements Observer {

  /** Bounds the memory of a batch; the alternatives of one trial are always in one batch. */
  private static final int TRIALS_PER_BATCH = 16;

  /** The name of the distance. */
  @Override
  public String name() {
    return distance.name();
  }

  @Override
  public List<PerceptualDistance> distances() {
    return List.of(distance);
  }

  /**
   * Answers trials.
   *
   * @throws IllegalArgumentException if the distance cannot take such images
   * @throws ArithmeticException if a distance is not finite
   */
  @Override
  public List<Answer> answer(Stimuli stimuli, List<Trial> trials) {
    List<Answer> answers = new ArrayList<>(trials.size());
    for (int from = 0; from < trials.size(); from += TRIALS_PER_BATCH) {
      int to = Math.min(from + TRIALS_PER_BATCH, trials.size());
      answers.addAll(batch(stimuli, trials.subList(from, to)));
    }
    return answers;
  }

  private List<Answer> batch(Stimuli stimuli, List<Trial> trials) {
    List<Stimulus> queries = new ArrayList<>();
    List<Stimulus> alternatives = new ArrayList<>();
    for (Trial trial : trials) {
      for (Stimulus alternative : trial.alternatives()) {
        queries.add(trial.query());
        alternatives.add(alternative);
      }
    }
    double[] distances;
    try (INDArray a = stimuli.images(queries);
        INDArray b = stimuli.images(alternatives)) {
      distances = distance.between(a, b);
    }
    List<Answer> answers = new ArrayList<>(trials.size());
    int next = 0;
    for (Trial trial : trials) {
      int end = next + trial.alternatives().size();
      answers.add(Answer.nearest(trial, Arrays.stream(distances, next, end).boxed().toList()));
      next = end;
    }
    return answers;
  }
}
