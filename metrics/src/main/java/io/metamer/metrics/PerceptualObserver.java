package io.metamer.metrics;

import io.metamer.perceptual.PerceptualDistance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Answers with the alternative at the smallest perceptual distance from the query; of three images,
 * the two at the smallest distance from each other belong together, and the third is the odd one.
 *
 * <p>The answer is a tie if several alternatives, or pairs, are at exactly that distance. A
 * distance that is not symmetric counts between two images shown as the mean of both directions.
 *
 * @param distance how different two images look
 * @see "Hebart et al. (2020), Revealing the multidimensional mental representations of natural
 *     objects underlying human similarity judgements: the choice of the odd one by the most similar
 *     pair"
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
    List<Stimulus> first = new ArrayList<>();
    List<Stimulus> second = new ArrayList<>();
    boolean bothWays = false;
    for (Trial trial : trials) {
      List<Stimulus> shown = trial.alternatives();
      boolean odd = trial.task() == Trial.Task.ODD_ONE_OUT;
      for (int k = 0; k < shown.size(); k++) {
        // Who takes the odd one away leaves the most similar pair.
        first.add(odd ? shown.get((k + 1) % 3) : trial.query());
        second.add(odd ? shown.get((k + 2) % 3) : shown.get(k));
      }
      bothWays |= odd && !distance.card().symmetric();
    }
    double[] distances;
    try (INDArray a = stimuli.images(first);
        INDArray b = stimuli.images(second)) {
      distances = distance.between(a, b);
      if (bothWays) {
        average(trials, distances, distance.between(b, a));
      }
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

  /** Averages both directions, where no image is the one that the others are compared with. */
  private static void average(List<Trial> trials, double[] distances, double[] back) {
    int next = 0;
    for (Trial trial : trials) {
      for (int end = next + trial.alternatives().size(); next < end; next++) {
        if (trial.task() == Trial.Task.ODD_ONE_OUT) {
          distances[next] = (distances[next] + back[next]) / 2;
        }
      }
    }
  }
}
