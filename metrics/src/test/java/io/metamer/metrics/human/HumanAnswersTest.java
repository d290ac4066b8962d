package io.metamer.metrics.human;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.metrics.Answer;
import io.metamer.metrics.PositionBias;
import io.metamer.metrics.Responses;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HumanAnswersTest {

  private static final int N = 12;

  private final Path folder;
  private final StudyKey key;

  HumanAnswersTest(@TempDir Path temp) throws IOException {
    key = Studies.both(N).write(temp.resolve("study"));
    folder = Files.createDirectories(temp.resolve("answers"));
  }

  private static Predicate<Screen.Row> rightBelow(int trial) {
    return row -> row.section() == Screen.CHECK || row.trial() < trial;
  }

  private HumanAnswers answers() throws IOException {
    return key.answers(folder, ExclusionRules.defaults());
  }

  @Test
  void answers_giveTheScoresTheyImply() throws IOException {
    Sheet.of(key, "ann", rightBelow(9)).write(folder);
    Sheet.of(key, "ben", rightBelow(6)).write(folder);
    HumanAnswers answers = answers();
    assertEquals(List.of(), answers.faults());
    assertEquals(List.of(), answers.exclusions());
    for (String section : List.of(Studies.PAIRS, Studies.GRIDS)) {
      Responses responses = answers.responses(section);
      assertEquals(List.of(), responses.faults());
      assertEquals(2 * N, responses.answers().size());
      var scores = responses.scores(new TwoAlternativeForcedChoice());
      assertEquals(0.75, scores.get("ann").value());
      assertEquals(0.5, scores.get("ben").value());
      assertEquals(15 / 24.0, responses.overTargets(1).value());
    }
    assertEquals(2, answers.kept().size());
    Participant ann = answers.participants().get(0);
    assertEquals("ann.json", ann.file());
    assertEquals(2 * N, ann.answered());
    assertEquals(ann.checks(), ann.rightChecks());
    assertEquals(2 + 3, ann.checks());
    assertEquals(Duration.ofSeconds(2), ann.choiceTime());
  }

  @Test
  void answersAsShown_haveTheChosenPlace() throws IOException {
    Sheet sheet = Sheet.of(key, "ann", rightBelow(9));
    sheet.write(folder);
    List<Answer> shown = answers().asShown(Studies.PAIRS);
    long left =
        sheet.answers.stream()
            .filter(given -> section(given.row()) == 0 && given.position() == 0)
            .count();
    assertEquals(left, shown.stream().filter(a -> a.choice().getAsInt() == 0).count());
    assertEquals(9, shown.stream().filter(Answer::correct).count());
    // Balanced: the target is on the left in half of the trials.
    assertEquals(N / 2, shown.stream().filter(a -> a.trial().correct() == 0).count());
  }

  private int section(String id) {
    return key.phases().stream()
        .flatMap(phase -> phase.screens().stream())
        .flatMap(screen -> screen.rows().stream())
        .filter(row -> row.id().equals(id))
        .findFirst()
        .orElseThrow()
        .section();
  }

  /** Who always clicks on the left is seen, though the key's order of alternatives hides it. */
  @Test
  void onesideParticipant_isSeenAsBiased() throws IOException {
    Sheet sheet = Sheet.of(key, "ann", row -> true);
    sheet.answers.replaceAll(
        given ->
            new AnswerFile.Given(
                given.row(), given.shown().get(0), 0, given.shown(), given.milliseconds()));
    sheet.write(folder);
    HumanAnswers answers = key.answers(folder, ExclusionRules.none());
    PositionBias bias = PositionBias.of(answers.asShown(Studies.PAIRS));
    assertTrue(bias.seen(), bias::toString);
    assertEquals(List.of(N, 0), bias.chosen());
  }

  @Test
  void duplicateAnswer_isNamedAndTheFirstCounts() throws IOException {
    Sheet sheet = Sheet.of(key, "ann", row -> true);
    Sheet wrong = Sheet.of(key, "ann", row -> false);
    sheet.answers.add(wrong.answers.get(3));
    sheet.write(folder);
    AnswerFault fault = onlyFault(answers());
    assertEquals(AnswerFault.Kind.DUPLICATE, fault.kind());
    assertEquals("ann.json", fault.file());
    assertEquals(sheet.answers.size(), fault.row());
    assertEquals(1, answers().responses(Studies.PAIRS).overTargets(1).value());
    assertEquals(1, answers().responses(Studies.GRIDS).overTargets(1).value());
  }

  @Test
  void missingAnswer_isNamedAndLeavesItsParticipantOut() throws IOException {
    Sheet sheet = Sheet.of(key, "ann", row -> true);
    int row = 0;
    while (section(sheet.answers.get(row).row()) == Screen.CHECK) {
      row++;
    }
    sheet.answers.remove(row);
    sheet.write(folder);
    Sheet.of(key, "ben", row2 -> true).write(folder);
    HumanAnswers answers = answers();
    AnswerFault fault = onlyFault(answers);
    assertEquals(AnswerFault.Kind.MISSING, fault.kind());
    assertEquals(0, fault.row());
    assertTrue(fault.detail().matches("robust, (2AFC, 2afc|clustering, clustering)-\\d+"));
    assertEquals(
        "ann (ann.json): incomplete, %d of %d trials answered".formatted(2 * N - 1, 2 * N),
        onlyExclusion(answers).toString());
    assertEquals(
        List.of("ben"), List.copyOf(answers.responses(Studies.PAIRS).byParticipant().keySet()));
    HumanAnswers lenient = key.answers(folder, new ExclusionRules(0.8, List.of(), false));
    assertEquals(2, lenient.kept().size());
    assertEquals(List.of(), lenient.exclusions());
  }

  @Test
  void unknownTrial_isNamedByRow() throws IOException {
    Sheet sheet = Sheet.of(key, "ann", row -> true);
    AnswerFile.Given given = sheet.answers.get(0);
    sheet.answers.add(
        1, new AnswerFile.Given("feed", given.chosen(), given.position(), given.shown(), 1_000));
    sheet.write(folder);
    AnswerFault fault = onlyFault(answers());
    assertEquals("ann.json, row 2: no such trial, feed", fault.toString());
  }

  @Test
  void otherImages_areNamedAndDoNotCount() throws IOException {
    Sheet sheet = Sheet.of(key, "ann", row -> true);
    AnswerFile.Given given = sheet.answers.get(0);
    List<String> mirrored = new java.util.ArrayList<>(given.shown());
    Collections.reverse(mirrored);
    sheet.answers.set(
        0,
        new AnswerFile.Given(
            given.row(), given.chosen(), mirrored.indexOf(given.chosen()), mirrored, 1_000));
    sheet.answers.set(
        1,
        new AnswerFile.Given(
            sheet.answers.get(1).row(), "feed", 0, sheet.answers.get(1).shown(), 1_000));
    sheet.answers.set(
        2,
        new AnswerFile.Given(
            sheet.answers.get(2).row(),
            sheet.answers.get(2).chosen(),
            7,
            sheet.answers.get(2).shown(),
            1_000));
    sheet.write(folder);
    List<AnswerFault> faults = answers().faults();
    for (int i = 0; i < 3; i++) {
      assertEquals(AnswerFault.Kind.OTHER_IMAGES, faults.get(i).kind());
      assertEquals(i + 1, faults.get(i).row());
      assertEquals(AnswerFault.Kind.MISSING, faults.get(3 + i).kind());
    }
    assertEquals(6, faults.size());
  }

  @Test
  void otherStudysAnswers_areRefused(@TempDir Path temp) throws IOException {
    StudyKey other = Studies.both(15).write(temp.resolve("other"));
    Sheet.of(other, "ann", row -> true).write(folder);
    HumanAnswers answers = answers();
    AnswerFault fault = onlyFault(answers);
    assertEquals(AnswerFault.Kind.OTHER_STUDY, fault.kind());
    assertTrue(fault.kind().ofFile());
    assertTrue(fault.detail().contains(key.study()) && fault.detail().contains(other.study()));
    assertEquals(List.of(), answers.participants());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> answers.responses(Studies.PAIRS));
    assertTrue(e.getMessage().contains("got none that counts of 0 participants"), e.getMessage());
    assertTrue(answers.report(1).contains("no answers that count"));
  }

  @Test
  void editedFile_isRefused() throws IOException {
    ObjectNode json = Sheet.of(key, "ann", rightBelow(3)).json();
    ObjectNode answer = (ObjectNode) json.path("answers").get(0);
    answer.put("milliseconds", answer.path("milliseconds").asLong() + 1);
    Files.writeString(folder.resolve("ann.json"), json.toString());
    assertEquals(
        "ann.json: edited, its checksum is not that of what it says",
        onlyFault(answers()).toString());
  }

  @Test
  void fileSpeltAnotherWay_counts() throws IOException {
    ObjectNode json = Sheet.of(key, "ann", row -> true).json();
    // As a server that sorts keys would store it.
    ObjectNode sorted = new ObjectMapper().createObjectNode();
    json.properties().stream()
        .sorted((a, b) -> a.getKey().compareTo(b.getKey()))
        .forEach(field -> sorted.set(field.getKey(), field.getValue()));
    Files.writeString(folder.resolve("ann.json"), sorted.toPrettyString());
    assertEquals(List.of(), answers().faults());
  }

  @Test
  void secondFileOfOnePerson_isRefusedWhicheverComesFirstByName() throws IOException {
    Sheet late = Sheet.of(key, "ann", row -> row.section() == Screen.CHECK);
    late.started = "2026-11-02T10:00:00.000Z";
    Files.move(late.write(folder), folder.resolve("a.json"));
    Files.move(Sheet.of(key, "ann", row -> true).write(folder), folder.resolve("b.json"));
    HumanAnswers answers = answers();
    assertEquals(
        "a.json: a second file of one participant, ann, whose answers in b.json count",
        onlyFault(answers).toString());
    assertEquals(1, answers.responses(Studies.PAIRS).overTargets(1).value());
  }

  @Test
  void filesThatAreNoAnswers_areNamed() throws IOException {
    Sheet.of(key, "ann", row -> true).write(folder);
    Files.writeString(folder.resolve("note.txt"), "hello");
    Files.writeString(folder.resolve("other.json"), "{\"format\": \"other\"}");
    ObjectNode cut = Sheet.of(key, "ben", row -> true).json();
    ((ObjectNode) cut.path("answers").get(0)).remove("chosen");
    Files.writeString(folder.resolve("ben.json"), cut.toString());
    ObjectNode less = Sheet.of(key, "cem", row -> true).json();
    less.remove("platform");
    Files.writeString(folder.resolve("cem.json"), less.toString());
    // Begins as UTF-32 does, which no character goes on with.
    Files.write(folder.resolve("picture.png"), new byte[] {0, 0, 0, '{', 127, 127, 127, 127});
    Files.createDirectory(folder.resolve("sub"));
    Files.writeString(folder.resolve(".hidden"), "");
    List<AnswerFault> faults = answers().faults();
    assertTrue(faults.stream().allMatch(f -> f.kind() == AnswerFault.Kind.NO_ANSWERS));
    assertEquals(
        List.of(
            "ben.json, row 1: no file of answers, expected row, chosen, position, shown and"
                + " milliseconds",
            "cem.json: no file of answers, expected the fields that the site writes",
            "note.txt: no file of answers, expected JSON",
            "other.json: no file of answers, expected format metamer-answers-1",
            "picture.png: no file of answers, expected JSON",
            "sub: no file of answers, expected a file"),
        faults.stream().map(AnswerFault::toString).toList());
  }

  @Test
  void choiceTime_ofAnEvenNumber_isBetweenTheMiddleTwo(@TempDir Path temp) throws IOException {
    StudyKey pairs = Studies.onlyPairs(N).write(temp.resolve("pairs"));
    Sheet sheet = Sheet.of(pairs, "ann", row -> true);
    assertEquals(14, sheet.answers.size());
    for (int i = 0; i < 14; i++) {
      AnswerFile.Given given = sheet.answers.get(i);
      sheet.answers.set(
          i,
          new AnswerFile.Given(
              given.row(),
              given.chosen(),
              given.position(),
              given.shown(),
              i % 2 == 0 ? 1_000 + i : 3_000 + i));
    }
    sheet.write(folder);
    // 1,012 is the seventh of them, 3,001 the eighth: 2,006.5.
    assertEquals(
        Duration.ofMillis(2_007),
        pairs.answers(folder, ExclusionRules.none()).participants().get(0).choiceTime());
  }

  @Test
  void failedChecks_leaveOut() throws IOException {
    Sheet.of(key, "ann", row -> row.section() != Screen.CHECK).write(folder);
    Sheet.of(key, "ben", row -> true).write(folder);
    HumanAnswers answers = answers();
    assertEquals(
        "ann (ann.json): failed checks, 0 of 5 right, expected 80 %",
        onlyExclusion(answers).toString());
    assertEquals(1, answers.kept().size());
    assertEquals(2, answers.participants().size());
    assertEquals(N, answers.responses(Studies.PAIRS).answers().size());
  }

  @Test
  void tooFast_leavesOut() throws IOException {
    Sheet.of(key, "ann", row -> true, 700).write(folder);
    Sheet.of(key, "ben", row -> true, 900).write(folder);
    HumanAnswers answers = answers();
    assertEquals(
        "ann (ann.json): too fast, 100 % of choices below 800 ms and 100 % of choices below 1100 ms",
        onlyExclusion(answers).toString());
    assertEquals(2, key.answers(folder, ExclusionRules.none()).kept().size());
  }

  @Test
  void report_saysWhatWasFoundAndWhatWasNot() throws IOException {
    Sheet.of(key, "ann", rightBelow(9)).write(folder);
    Sheet.of(key, "ben", rightBelow(8)).write(folder);
    Sheet.of(key, "cem", rightBelow(10)).write(folder);
    Sheet fast = Sheet.of(key, "dot", row -> true, 100);
    fast.answers.remove(0);
    fast.write(folder);
    Files.writeString(folder.resolve("note.txt"), "hello");
    List<String> lines = answers().report(1).lines().toList();
    assertEquals("4 participants, 1 left out, 3 counted", lines.get(0));
    String report = String.join("\n", lines);
    assertTrue(report.contains("  left out: dot (dot.json): too fast"), report);
    assertTrue(report.contains("  not counted: note.txt: no file of answers"), report);
    assertTrue(report.contains("  dot.json: 1 not answered"), report);
    assertTrue(
        report.contains("  right: 0.75 [") && report.contains("36 answers, chance 0.50"), report);
    assertTrue(report.contains("0.75 ± 0.07 over 3 annotators"), report);
    assertTrue(report.contains("  Fleiss' kappa: ") && report.contains("noise ceiling: "), report);
    assertTrue(report.contains("place seen") || report.contains(" place: "), report);
  }

  @Test
  void unknownSection_isRefused() throws IOException {
    Sheet.of(key, "ann", row -> true).write(folder);
    HumanAnswers answers = answers();
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> answers.responses("x"));
    assertTrue(
        e.getMessage().startsWith("expected a section among [robust, 2AFC, "), e::getMessage);
  }

  @Test
  void rulesOutOfRange_areRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new ExclusionRules(Double.NaN, List.of(), true));
    assertThrows(IllegalArgumentException.class, () -> new ExclusionRules.Fast(Duration.ZERO, 0.5));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ExclusionRules.Fast(Duration.ofMillis(1), Double.NaN));
  }

  private static AnswerFault onlyFault(HumanAnswers answers) {
    assertEquals(1, answers.faults().size(), () -> answers.faults().toString());
    return answers.faults().get(0);
  }

  private static Exclusion onlyExclusion(HumanAnswers answers) {
    assertEquals(1, answers.exclusions().size(), () -> answers.exclusions().toString());
    return answers.exclusions().get(0);
  }
}
