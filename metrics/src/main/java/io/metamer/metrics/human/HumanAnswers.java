package io.metamer.metrics.human;

import io.metamer.metrics.Agreement;
import io.metamer.metrics.Answer;
import io.metamer.metrics.NoiseCeiling;
import io.metamer.metrics.PositionBias;
import io.metamer.metrics.Response;
import io.metamer.metrics.Responses;
import io.metamer.metrics.Stimulus;
import io.metamer.metrics.Trial;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The answers of people to a study, who was left out, and what was wrong.
 *
 * <p>Every answer in every file counts, or is named among the {@linkplain #faults() faults}, or
 * belongs to somebody among the {@linkplain #exclusions() exclusions}.
 *
 * @since 0.1
 */
public final class HumanAnswers {

  /**
   * One choice that counts.
   *
   * @param shown indices of the trial's alternatives from left to right
   * @param position which of them was chosen, from 0
   */
  record Choice(String participant, int section, Trial trial, List<Integer> shown, int position) {

    Response response() {
      return new Response(participant, trial.id(), shown.get(position));
    }

    Answer asShown() {
      List<Stimulus> alternatives = shown.stream().map(trial.alternatives()::get).toList();
      Trial seen =
          new Trial(
              trial.id(),
              trial.query(),
              alternatives,
              shown.indexOf(trial.correct()),
              trial.block());
      return Answer.of(seen, position);
    }
  }

  private final List<StudyKey.Scored> sections;
  private final List<Participant> participants;
  private final Set<String> excluded;
  private final List<AnswerFault> faults;
  private final List<Exclusion> exclusions;
  private final List<Choice> choices;

  HumanAnswers(
      List<StudyKey.Scored> sections,
      List<Participant> participants,
      Set<String> excluded,
      List<AnswerFault> faults,
      List<Exclusion> exclusions,
      List<Choice> choices) {
    this.sections = List.copyOf(sections);
    this.participants = List.copyOf(participants);
    this.excluded = Set.copyOf(excluded);
    this.faults = List.copyOf(faults);
    this.exclusions = List.copyOf(exclusions);
    this.choices = choices.stream().filter(c -> !excluded.contains(c.participant)).toList();
  }

  /**
   * Whose answers were read.
   *
   * @return all whose file counts, left out or not, in the order of files
   */
  public List<Participant> participants() {
    return participants;
  }

  /**
   * Whose answers count.
   *
   * @return the participants who were not left out
   */
  public List<Participant> kept() {
    return participants.stream().filter(p -> !excluded.contains(p.name())).toList();
  }

  /**
   * What was wrong, file by file; also with the files of people who were left out.
   *
   * @return empty if every file is whole
   */
  public List<AnswerFault> faults() {
    return faults;
  }

  /**
   * Who was left out, by which rule; one line for each rule.
   *
   * @return in the order of files
   */
  public List<Exclusion> exclusions() {
    return exclusions;
  }

  /**
   * The sections.
   *
   * @return their names, in the study's order
   */
  public List<String> sections() {
    return sections.stream().map(StudyKey.Scored::name).toList();
  }

  /**
   * The answers to one section.
   *
   * @param section its name
   * @return those that count; their choices are indices of the trials' alternatives, wherever these
   *     were shown
   * @throws IllegalArgumentException if there is no such section, or no answer to it counts
   */
  public Responses responses(String section) {
    int s = index(section);
    List<Response> responses =
        choices.stream().filter(c -> c.section == s).map(Choice::response).toList();
    if (responses.isEmpty()) {
      throw new IllegalArgumentException(
          "expected answers to section %s, got none that counts of %d participants, %d left out"
              .formatted(section, participants.size(), excluded.size()));
    }
    return Responses.of(sections.get(s).trials(), responses);
  }

  /**
   * The answers to one section as they were given: alternatives from left to right, for {@link
   * PositionBias}.
   *
   * @param section its name
   * @return participant by participant; may be empty
   * @throws IllegalArgumentException if there is no such section
   */
  public List<Answer> asShown(String section) {
    int s = index(section);
    return choices.stream().filter(c -> c.section == s).map(Choice::asShown).toList();
  }

  private int index(String section) {
    int s = sections().indexOf(section);
    if (s < 0) {
      throw new IllegalArgumentException(
          "expected a section among %s, got %s".formatted(sections(), section));
    }
    return s;
  }

  /**
   * What was found, in words: who took part, was left out and why, what was wrong, and for each
   * section the proportion of right answers with intervals and spreads.
   *
   * @param seed of resamples and splits
   * @return lines, each ended
   */
  public String report(long seed) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%d participants, %d left out, %d counted\n"
            .formatted(
                participants.size(), excluded.size(), participants.size() - excluded.size()));
    exclusions.forEach(exclusion -> text.append("  left out: ").append(exclusion).append('\n'));
    appendFaults(text);
    for (StudyKey.Scored section : sections) {
      text.append(section.name()).append('\n');
      if (asShown(section.name()).isEmpty()) {
        text.append("  no answers that count\n");
      } else {
        appendScores(text, section, seed);
      }
    }
    return text.toString();
  }

  private void appendFaults(StringBuilder text) {
    Map<String, Integer> missing = new LinkedHashMap<>();
    for (AnswerFault fault : faults) {
      if (fault.kind() == AnswerFault.Kind.MISSING) {
        missing.merge(fault.file(), 1, Integer::sum);
      } else {
        text.append("  not counted: ").append(fault).append('\n');
      }
    }
    missing.forEach((file, n) -> text.append("  %s: %d not answered\n".formatted(file, n)));
  }

  private void appendScores(StringBuilder text, StudyKey.Scored section, long seed) {
    Responses responses = responses(section.name());
    int n = responses.answers().size();
    double chance = section.trials().get(0).chance();
    text.append(
        String.format(
            Locale.ROOT,
            "  right: %s over targets, %s over participants, %d answers, chance %.2f\n",
            responses.overTargets(seed),
            responses.overParticipants(seed).interval(),
            n,
            chance));
    List<List<Answer>> observers = new ArrayList<>(responses.byParticipant().values());
    if (observers.size() > 1) {
      text.append("  spread: ").append(responses.spreadOverAnnotators()).append('\n');
      boolean all = observers.stream().allMatch(own -> own.size() == section.trials().size());
      if (all) {
        Agreement.fleiss(observers)
            .ifPresentOrElse(
                kappa -> text.append(String.format(Locale.ROOT, "  Fleiss' kappa: %.2f\n", kappa)),
                () -> text.append("  Fleiss' kappa: none, all chose one alternative\n"));
      }
      if (all && section.trials().size() > 1) {
        responses
            .noiseCeiling(seed)
            .map(NoiseCeiling::toString)
            .ifPresent(ceiling -> text.append("  noise ceiling: ").append(ceiling).append('\n'));
      }
    }
    List<Answer> shown = asShown(section.name());
    if (shown.stream().map(answer -> answer.trial().correct()).distinct().count() > 1) {
      text.append("  ").append(PositionBias.of(shown)).append('\n');
    }
  }
}
