package io.metamer.metrics.human;

import java.time.Duration;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A person whose answers were read, left out or not.
 *
 * @param name as entered, drawn, or given by a platform
 * @param file whose answers these are
 * @param platform what Mechanical Turk or Prolific passed on, such as {@code assignmentId}
 * @param answered trials with an answer that counts
 * @param rightChecks attention checks that are right
 * @param checks attention checks
 * @param choiceTime median time of a choice; of a screen with several rows, the time for a row;
 *     zero if there are no answers
 * @since 0.1
 */
public record Participant(
    String name,
    String file,
    SortedMap<String, String> platform,
    int answered,
    int rightChecks,
    int checks,
    Duration choiceTime) {

  public Participant {
    platform = Collections.unmodifiableSortedMap(new TreeMap<>(platform));
  }
}
