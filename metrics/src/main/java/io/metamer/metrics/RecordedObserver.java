package io.metamer.metrics;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Replays what one person answered.
 *
 * <p>Strictly: the person has answered the trials that are asked, each once, and no others. {@link
 * Responses} takes what people left out or answered twice, and says so.
 *
 * @param name who answered
 * @param choices the index of the alternative chosen, from 0, by the name of the trial
 * @since 0.1
 */
public record RecordedObserver(String name, Map<String, Integer> choices) implements Observer {

  /** A message names so many trials; more are counted. */
  private static final int MOST_NAMED = 10;

  public RecordedObserver {
    choices = Map.copyOf(choices);
  }

  /**
   * The observer behind recorded answers.
   *
   * @param responses one person's, at least one
   * @return the observer, named after the person
   * @throws IllegalArgumentException if there are none, they are of several people, or two are to
   *     one trial
   */
  public static RecordedObserver of(List<Response> responses) {
    Set<String> names =
        responses.stream()
            .map(Response::participant)
            .collect(Collectors.toCollection(TreeSet::new));
    if (names.size() != 1) {
      throw new IllegalArgumentException("expected answers of one person, got those of " + names);
    }
    Map<String, Integer> choices = new LinkedHashMap<>();
    for (Response response : responses) {
      if (choices.put(response.trial(), response.choice()) != null) {
        throw new IllegalArgumentException(
            "expected one answer of %s to each trial, got two to %s"
                .formatted(response.participant(), response.trial()));
      }
    }
    return new RecordedObserver(names.iterator().next(), choices);
  }

  /**
   * Replays the answers.
   *
   * @throws IllegalArgumentException if a trial that is asked was not answered, an answer is to
   *     none that is asked, or a choice is no alternative
   */
  @Override
  public List<Answer> answer(Stimuli stimuli, List<Trial> trials) {
    Set<String> missing =
        trials.stream().map(Trial::id).collect(Collectors.toCollection(TreeSet::new));
    Set<String> unknown = new TreeSet<>(choices.keySet());
    unknown.removeAll(missing);
    missing.removeAll(choices.keySet());
    if (!missing.isEmpty() || !unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "expected %s to have answered what is asked and nothing else; not answered: %s; not asked: %s"
              .formatted(name, named(missing), named(unknown)));
    }
    return trials.stream().map(t -> Answer.of(t, choices.getOrDefault(t.id(), -1))).toList();
  }

  private static String named(Set<String> trials) {
    String first = trials.stream().limit(MOST_NAMED).collect(Collectors.joining(", "));
    return trials.isEmpty()
        ? "none"
        : trials.size() > MOST_NAMED
            ? "%s and %d more".formatted(first, trials.size() - MOST_NAMED)
            : first;
  }
}
