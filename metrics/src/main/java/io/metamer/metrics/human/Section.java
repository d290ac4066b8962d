package io.metamer.metrics.human;

import io.metamer.inversion.InversionResult;
import io.metamer.metrics.Clustering;
import io.metamer.metrics.Trial;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Trials that are scored together: one task about the images of one network.
 *
 * <p>People do not see sections: the screens of all sections of a task are mixed.
 *
 * @param name as reports show it, such as {@code robust, 2AFC}
 * @param task what is asked
 * @param trials at least one, with names of their own and the same number of alternatives, none of
 *     them for the odd one out; those of a {@linkplain Trial#block() block} of clustering have the
 *     same alternatives in the same order
 * @param pictures their images
 * @since 0.1
 */
public record Section(String name, Task task, List<Trial> trials, Pictures pictures) {

  private static final int MOST_ALTERNATIVES = 9;

  public Section {
    trials = List.copyOf(trials);
    if (name.isBlank()) {
      throw new IllegalArgumentException("expected a section with a name, got a blank one");
    }
    if (trials.isEmpty()) {
      throw new IllegalArgumentException(
          "expected at least one trial in section %s, got none".formatted(name));
    }
    Set<String> names = new HashSet<>();
    Map<Integer, Trial> blocks = new HashMap<>();
    int k = trials.get(0).alternatives().size();
    if (k > MOST_ALTERNATIVES) {
      throw new IllegalArgumentException(
          "expected at most %d alternatives, a key for each, in section %s, got %d"
              .formatted(MOST_ALTERNATIVES, name, k));
    }
    for (Trial trial : trials) {
      if (!names.add(trial.id())) {
        throw new IllegalArgumentException(
            "expected trials with names of their own in section %s, got two named %s"
                .formatted(name, trial.id()));
      }
      if (trial.alternatives().size() != k) {
        throw new IllegalArgumentException(
            "expected %d alternatives in each trial of section %s, got %d in %s"
                .formatted(k, name, trial.alternatives().size(), trial.id()));
      }
      if (trial.task() == Trial.Task.ODD_ONE_OUT) {
        throw new IllegalArgumentException(
            "expected trials that ask what looks most like the query in section %s, got %s, which asks for the odd one out"
                .formatted(name, trial.id()));
      }
      Trial first = blocks.putIfAbsent(trial.block(), trial);
      if (task == Task.CLUSTERING
          && first != null
          && !first.alternatives().equals(trial.alternatives())) {
        throw new IllegalArgumentException(
            "expected the same alternatives in each trial of block %d of section %s, %s and %s differ"
                .formatted(trial.block(), name, first.id(), trial.id()));
      }
    }
  }

  /**
   * Each inverted image of a result against its target and its seed.
   *
   * @param name of the section
   * @param result stays the caller's; open until the study is written
   * @return the section
   * @throws IllegalArgumentException if the result has no images
   */
  public static Section pairs(String name, InversionResult result) {
    return new Section(
        name,
        Task.FORCED_CHOICE,
        new TwoAlternativeForcedChoice().trials(result),
        Pictures.of(result));
  }

  /**
   * Each inverted image of a result among its target and two others.
   *
   * @param name of the section
   * @param clustering chooses the triples
   * @param result stays the caller's; open until the study is written
   * @return the section
   * @throws IllegalArgumentException if the result has fewer than 3 images
   */
  public static Section clustering(String name, Clustering clustering, InversionResult result) {
    return new Section(name, Task.CLUSTERING, clustering.trials(result), Pictures.of(result));
  }
}
