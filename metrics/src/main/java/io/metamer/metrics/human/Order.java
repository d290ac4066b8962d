package io.metamer.metrics.human;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * In which order one participant sees a study: drawn by hashing, so that the pages, this class, and
 * a line of any other language come to the same.
 *
 * <p>The draw of a thing is the SHA-256 of study, participant, kind and name of the thing, each on
 * a line of its own; things are sorted by their draws.
 */
record Order(String study, String participant) {

  /** Phases, screens of a phase, rows of a screen. */
  List<Phase> phases(List<Phase> phases) {
    return sorted(phases, "task", phase -> phase.task().toString());
  }

  List<Screen> screens(Phase phase) {
    return sorted(phase.screens(), "screen", Screen::id);
  }

  List<Screen.Row> rows(Screen screen) {
    return sorted(screen.rows(), "row", Screen.Row::id);
  }

  /** Which form of forced choices. */
  int form(Phase phase) {
    long draw = Long.parseLong(draw("form", phase.task().toString()).substring(0, 8), 16);
    return (int) (draw % phase.forms().size());
  }

  /**
   * The alternatives from left to right.
   *
   * @param index of the screen in its phase
   */
  List<String> alternatives(Phase phase, int form, int index) {
    Screen screen = phase.screens().get(index);
    if (phase.forms().isEmpty()) {
      return sorted(screen.alternatives(), "column", name -> screen.id() + "\n" + name);
    }
    return moved(screen.alternatives(), phase.forms().get(form).charAt(index) - '0');
  }

  /** The first comes to stand at a place, and the others follow it round. */
  static List<String> moved(List<String> alternatives, int places) {
    int k = alternatives.size();
    List<String> moved = new ArrayList<>(k);
    for (int i = 0; i < k; i++) {
      moved.add(alternatives.get(Math.floorMod(i - places, k)));
    }
    return moved;
  }

  private <T> List<T> sorted(List<T> things, String kind, Function<T, String> name) {
    return things.stream()
        .map(thing -> Map.entry(draw(kind, name.apply(thing)), thing))
        .sorted(Map.Entry.comparingByKey())
        .map(Map.Entry::getValue)
        .toList();
  }

  private String draw(String kind, String name) {
    return Digest.of(String.join("\n", study, participant, kind, name));
  }
}
