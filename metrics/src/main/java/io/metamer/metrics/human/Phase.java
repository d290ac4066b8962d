package io.metamer.metrics.human;

import java.util.List;

/**
 * The screens of one task.
 *
 * @param task what is asked
 * @param practice screens with feedback, shown as they are
 * @param screens those that count and the checks, sorted by name
 * @param forms of forced choices, each a balanced assignment of places: for each screen, by how
 *     many places its alternatives move on. None for clustering, where columns are shuffled and a
 *     whole grid has a target in each
 */
record Phase(Task task, List<Screen> practice, List<Screen> screens, List<String> forms) {

  Phase {
    practice = List.copyOf(practice);
    screens = List.copyOf(screens);
    forms = List.copyOf(forms);
  }

  int choices() {
    return practice.stream().mapToInt(s -> s.rows().size()).sum()
        + screens.stream().mapToInt(s -> s.rows().size()).sum();
  }
}
