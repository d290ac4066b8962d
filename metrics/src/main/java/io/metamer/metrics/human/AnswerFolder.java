package io.metamer.metrics.human;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Reads the files of a folder, and holds each answer to what its participant was to see. */
final class AnswerFolder {

  /** Where a row of the study is: the numbers of its phase and its screen. */
  private record Place(int phase, int index, Screen screen, Screen.Row row) {}

  /** An answer that counts. */
  private record Counted(Place place, AnswerFile.Given given) {}

  private final StudyKey key;
  private final Map<String, Place> places = new HashMap<>();
  private final List<AnswerFault> faults = new ArrayList<>();
  private final List<Exclusion> exclusions = new ArrayList<>();

  AnswerFolder(StudyKey key) {
    this.key = key;
    for (int p = 0; p < key.phases().size(); p++) {
      List<Screen> screens = key.phases().get(p).screens();
      for (int i = 0; i < screens.size(); i++) {
        for (Screen.Row row : screens.get(i).rows()) {
          places.put(row.id(), new Place(p, i, screens.get(i), row));
        }
      }
    }
  }

  HumanAnswers read(Path folder, ExclusionRules rules) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files =
          entries
              .filter(file -> !name(file).startsWith("."))
              .sorted(Comparator.comparing(AnswerFolder::name))
              .toList();
    }
    List<Participant> participants = new ArrayList<>();
    List<HumanAnswers.Choice> choices = new ArrayList<>();
    Set<String> excluded = new HashSet<>();
    Map<String, Begun> first = first(files);
    for (Path path : files) {
      Optional<AnswerFile> file = accepted(path, first);
      if (file.isEmpty()) {
        continue;
      }
      List<Counted> counted = counted(file.get(), name(path));
      Participant participant = participant(file.get(), name(path), counted);
      participants.add(participant);
      List<Exclusion> reasons = exclusions(participant, counted, rules);
      exclusions.addAll(reasons);
      if (!reasons.isEmpty()) {
        excluded.add(participant.name());
      }
      for (Counted each : counted) {
        if (each.place.row.section() != Screen.CHECK) {
          choices.add(choice(participant.name(), each));
        }
      }
    }
    return new HumanAnswers(key.scored(), participants, excluded, faults, exclusions, choices);
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  /** When a file was begun. */
  private record Begun(String started, Path file) {}

  /**
   * The file of each participant that counts: of several, the one begun first. Only files that
   * would count are looked at.
   */
  private Map<String, Begun> first(List<Path> files) throws IOException {
    Map<String, Begun> first = new HashMap<>();
    for (Path path : files) {
      try {
        AnswerFile file = AnswerFile.read(path);
        if (file.study().equals(key.study()) && file.unchanged()) {
          first.merge(
              file.participant(),
              new Begun(file.started(), path),
              (a, b) -> b.started.compareTo(a.started) < 0 ? b : a);
        }
      } catch (AnswerFile.Malformed e) {
        // Named when it is its turn.
      }
    }
    return first;
  }

  /** A file that counts as a whole. */
  private Optional<AnswerFile> accepted(Path path, Map<String, Begun> first) throws IOException {
    AnswerFile answers;
    try {
      answers = AnswerFile.read(path);
    } catch (AnswerFile.Malformed e) {
      faults.add(
          new AnswerFault(
              AnswerFault.Kind.NO_ANSWERS, name(path), e.row, String.valueOf(e.getMessage())));
      return Optional.empty();
    }
    if (!answers.study().equals(key.study())) {
      fault(
          AnswerFault.Kind.OTHER_STUDY,
          path,
          "expected study %s, got %s".formatted(key.study(), answers.study()));
      return Optional.empty();
    }
    if (!answers.unchanged()) {
      fault(AnswerFault.Kind.EDITED, path, "its checksum is not that of what it says");
      return Optional.empty();
    }
    Path counting = Objects.requireNonNull(first.get(answers.participant())).file;
    if (!counting.equals(path)) {
      fault(
          AnswerFault.Kind.SECOND_FILE,
          path,
          "%s, whose answers in %s count".formatted(answers.participant(), name(counting)));
      return Optional.empty();
    }
    return Optional.of(answers);
  }

  private void fault(AnswerFault.Kind kind, Path file, String detail) {
    faults.add(new AnswerFault(kind, name(file), 0, detail));
  }

  /** The answers that count, and faults of others and of what is missing. */
  private List<Counted> counted(AnswerFile file, String name) {
    Order order = new Order(key.study(), file.participant());
    int[] forms =
        key.phases().stream()
            .mapToInt(phase -> phase.forms().isEmpty() ? 0 : order.form(phase))
            .toArray();
    Map<String, List<String>> shown = new HashMap<>();
    Set<String> answered = new HashSet<>();
    List<Counted> counted = new ArrayList<>(file.answers().size());
    for (int i = 0; i < file.answers().size(); i++) {
      AnswerFile.Given given = file.answers().get(i);
      Place place = places.get(given.row());
      AnswerFault.Kind fault = null;
      String detail = given.row();
      if (place == null) {
        fault = AnswerFault.Kind.UNKNOWN_TRIAL;
      } else {
        Phase phase = key.phases().get(place.phase);
        List<String> expected =
            shown.computeIfAbsent(
                place.screen.id(),
                screen -> order.alternatives(phase, forms[place.phase], place.index));
        if (!given.shown().equals(expected)
            || given.position() < 0
            || given.position() >= expected.size()
            || !expected.get(given.position()).equals(given.chosen())) {
          fault = AnswerFault.Kind.OTHER_IMAGES;
          detail =
              "%s: expected a choice among %s, got %s at place %d of %s"
                  .formatted(
                      described(place.row),
                      expected,
                      given.chosen(),
                      given.position(),
                      given.shown());
        } else if (!answered.add(given.row())) {
          fault = AnswerFault.Kind.DUPLICATE;
          detail = described(place.row);
        } else {
          counted.add(new Counted(place, given));
        }
      }
      if (fault != null) {
        faults.add(new AnswerFault(fault, name, i + 1, detail));
      }
    }
    for (Phase phase : key.phases()) {
      for (Screen screen : phase.screens()) {
        for (Screen.Row row : screen.rows()) {
          if (!answered.contains(row.id())) {
            faults.add(new AnswerFault(AnswerFault.Kind.MISSING, name, 0, described(row)));
          }
        }
      }
    }
    return counted;
  }

  /** A row, as a person who made the study knows it. */
  private String described(Screen.Row row) {
    if (row.section() == Screen.CHECK) {
      return "check " + row.id();
    }
    StudyKey.Scored section = key.scored().get(row.section());
    return "%s, %s".formatted(section.name(), section.trials().get(row.trial()).id());
  }

  private static Participant participant(AnswerFile file, String name, List<Counted> counted) {
    int checks = 0;
    int right = 0;
    for (Counted each : counted) {
      if (each.place.row.section() == Screen.CHECK) {
        checks++;
        right += each.given.chosen().equals(each.place.row.correct()) ? 1 : 0;
      }
    }
    double[] times = times(counted);
    Arrays.sort(times);
    return new Participant(
        file.participant(),
        name,
        file.platform(),
        counted.size() - checks,
        right,
        checks,
        Duration.ofMillis(times.length == 0 ? 0 : Math.round(median(times))));
  }

  private static double median(double[] sorted) {
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  /** Milliseconds of each choice; of the rows of a screen, each its share of the screen's. */
  private static double[] times(List<Counted> counted) {
    Map<String, Integer> rows = new HashMap<>();
    Map<String, Long> last = new HashMap<>();
    for (Counted each : counted) {
      rows.merge(each.place.screen.id(), 1, Integer::sum);
      last.merge(each.place.screen.id(), each.given.milliseconds(), Math::max);
    }
    return counted.stream()
        .map(each -> each.place.screen.id())
        .mapToDouble(
            screen ->
                (double) Objects.requireNonNull(last.get(screen))
                    / Objects.requireNonNull(rows.get(screen)))
        .toArray();
  }

  private List<Exclusion> exclusions(
      Participant participant, List<Counted> counted, ExclusionRules rules) {
    List<Exclusion> reasons = new ArrayList<>();
    int asked = key.scored().stream().mapToInt(section -> section.trials().size()).sum();
    if (rules.incomplete() && participant.answered() < asked) {
      reasons.add(
          exclusion(
              participant,
              Exclusion.Reason.INCOMPLETE,
              "%d of %d trials answered".formatted(participant.answered(), asked)));
    }
    if (participant.rightChecks() < rules.rightChecks() * participant.checks()
        || (rules.rightChecks() > 0 && participant.checks() == 0)) {
      reasons.add(
          exclusion(
              participant,
              Exclusion.Reason.FAILED_CHECKS,
              "%d of %d right, expected %.0f %%"
                  .formatted(
                      participant.rightChecks(), participant.checks(), 100 * rules.rightChecks())));
    }
    double[] times = times(counted);
    List<String> fast = new ArrayList<>();
    for (ExclusionRules.Fast limit : rules.tooFast()) {
      long below = Arrays.stream(times).filter(t -> t < limit.below().toMillis()).count();
      if (times.length > 0 && below >= limit.share() * times.length) {
        fast.add(
            "%.0f %% of choices below %d ms"
                .formatted(100.0 * below / times.length, limit.below().toMillis()));
      }
    }
    if (!fast.isEmpty() && fast.size() == rules.tooFast().size()) {
      reasons.add(exclusion(participant, Exclusion.Reason.TOO_FAST, String.join(" and ", fast)));
    }
    return reasons;
  }

  private static Exclusion exclusion(
      Participant participant, Exclusion.Reason reason, String detail) {
    return new Exclusion(participant.name(), participant.file(), reason, detail);
  }

  private HumanAnswers.Choice choice(String participant, Counted counted) {
    Screen screen = counted.place.screen;
    Screen.Row row = counted.place.row;
    List<Integer> shown =
        counted.given.shown().stream()
            .map(picture -> screen.indices().get(screen.alternatives().indexOf(picture)))
            .toList();
    return new HumanAnswers.Choice(
        participant,
        row.section(),
        key.scored().get(row.section()).trials().get(row.trial()),
        shown,
        counted.given.position());
  }
}
