package io.metamer.metrics.human;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The answers of a made-up participant, as the site would write them. */
final class Sheet {

  private static final ObjectMapper JSON = new ObjectMapper();

  final String participant;
  final String study;
  String started = "2026-11-01T10:00:00.000Z";
  final List<AnswerFile.Given> answers = new ArrayList<>();

  private Sheet(String study, String participant) {
    this.study = study;
    this.participant = participant;
  }

  /** Answers everything, rightly where said. */
  static Sheet of(StudyKey key, String participant, Predicate<Screen.Row> right) {
    return of(key, participant, right, 2_000);
  }

  static Sheet of(
      StudyKey key, String participant, Predicate<Screen.Row> right, long milliseconds) {
    Sheet sheet = new Sheet(key.study(), participant);
    Order order = new Order(key.study(), participant);
    for (Phase phase : order.phases(key.phases())) {
      int form = phase.forms().isEmpty() ? 0 : order.form(phase);
      Map<String, Integer> index = new HashMap<>();
      phase.screens().forEach(screen -> index.put(screen.id(), index.size()));
      for (Screen screen : order.screens(phase)) {
        List<String> shown = order.alternatives(phase, form, index.get(screen.id()));
        List<Screen.Row> rows = order.rows(screen);
        for (int i = 0; i < rows.size(); i++) {
          int place = shown.indexOf(rows.get(i).correct());
          if (!right.test(rows.get(i))) {
            place = (place + 1) % shown.size();
          }
          sheet.answers.add(
              new AnswerFile.Given(
                  rows.get(i).id(), shown.get(place), place, shown, (i + 1) * milliseconds));
        }
      }
    }
    return sheet;
  }

  AnswerFile file() {
    AnswerFile without =
        new AnswerFile(
            study,
            participant,
            started,
            "2026-11-01T10:20:00.000Z",
            true,
            "800x600@1",
            new TreeMap<>(),
            List.copyOf(answers),
            "");
    return new AnswerFile(
        study,
        participant,
        started,
        without.finished(),
        true,
        without.display(),
        without.platform(),
        without.answers(),
        Digest.of(without.text()));
  }

  ObjectNode json() {
    AnswerFile file = file();
    ObjectNode root = JSON.createObjectNode();
    root.put("format", AnswerFile.FORMAT);
    root.put("study", study);
    root.put("participant", participant);
    root.put("started", started);
    root.put("finished", file.finished());
    root.put("complete", true);
    root.put("display", file.display());
    root.putObject("platform");
    ArrayNode all = root.putArray("answers");
    for (AnswerFile.Given given : answers) {
      ObjectNode one = all.addObject();
      one.put("row", given.row());
      one.put("chosen", given.chosen());
      one.put("position", given.position());
      given.shown().forEach(one.putArray("shown")::add);
      one.put("milliseconds", given.milliseconds());
    }
    root.put("checksum", file.checksum());
    return root;
  }

  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    return Files.writeString(folder.resolve(participant + ".json"), json().toString());
  }
}
