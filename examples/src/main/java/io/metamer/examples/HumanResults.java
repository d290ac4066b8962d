package io.metamer.examples;

import io.metamer.metrics.Answer;
import io.metamer.metrics.human.ExclusionRules;
import io.metamer.metrics.human.HumanAnswers;
import io.metamer.metrics.human.StudyKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Scores of the answers that people gave on the site of a human study. */
@Command(
    name = "human-answers",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Reads the answers that people gave on the site of human-study, and prints their scores.",
      "",
      "Says who was left out and why, and names by file and row every answer that does not count."
    },
    footer = {
      "",
      "Example:",
      "  metamer human-answers human/key.json answers --csv answers.csv",
      "",
      "More: docs/running-a-human-study.md."
    })
final class HumanResults implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "KEY", description = "The key.json of the study.")
  private Path key = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "DIR",
      description = "The folder of answers: a JSON file for each person, and nothing else.")
  private Path folder = Path.of("");

  @Option(
      names = "--right-checks",
      paramLabel = "SHARE",
      description =
          "Leave out who got fewer of the attention checks right. Default: ${DEFAULT-VALUE}.")
  private double rightChecks = ExclusionRules.DEFAULT_RIGHT_CHECKS;

  @Option(names = "--keep-fast", description = "Do not leave out who answered too fast.")
  private boolean keepFast;

  @Option(
      names = "--keep-incomplete",
      description = "Do not leave out who did not answer every trial.")
  private boolean keepIncomplete;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Also write every answer that counts as a table.")
  private @Nullable Path csv;

  @Override
  public Integer call() {
    try {
      ExclusionRules rules =
          new ExclusionRules(
              rightChecks,
              keepFast ? List.of() : ExclusionRules.defaults().tooFast(),
              !keepIncomplete);
      HumanAnswers answers = StudyKey.read(key).answers(folder, rules);
      PrintWriter screen = spec.commandLine().getOut();
      screen.print(answers.report(0));
      screen.flush();
      if (csv != null) {
        Files.write(csv, table(answers));
      }
      return 0;
    } catch (IOException | IllegalArgumentException e) {
      throw BadInput.of(e);
    }
  }

  private static List<String> table(HumanAnswers answers) {
    List<String> table = new ArrayList<>(List.of("section,participant,trial,choice,right"));
    for (String section : answers.sections()) {
      if (answers.asShown(section).isEmpty()) {
        continue;
      }
      answers
          .responses(section)
          .byParticipant()
          .forEach(
              (participant, own) -> {
                for (Answer answer : own) {
                  table.add(
                      "%s,%s,%s,%d,%d"
                          .formatted(
                              quoted(section),
                              quoted(participant),
                              quoted(answer.trial().id()),
                              answer.choice().orElseThrow(),
                              answer.correct() ? 1 : 0));
                }
              });
    }
    return table;
  }

  /** A cell, as RFC 4180 has it. */
  static String quoted(String text) {
    return text.matches("[^\",\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
