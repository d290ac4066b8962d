package io.metamer.metrics;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The answers of several people to the trials of one experiment, and what was wrong with them.
 *
 * <p>Each response counts, or is named among the {@linkplain #faults() faults}: an unknown trial, a
 * choice that the trial does not offer, or a second answer to a trial, of which the first counts.
 * What a participant did not answer is a fault too. Whom to leave out for it is the caller's
 * decision: {@link #without}.
 *
 * <p>But for second answers, order is without meaning: the same responses in another order have the
 * same scores, intervals and spreads, to the bit.
 *
 * @since 0.1
 */
public final class Responses {

  private static final List<String> COLUMNS = List.of("participant", "trial", "choice");

  private final List<Trial> trials;
  private final SortedMap<String, List<Answer>> answers;
  private final List<Fault> faults;

  private Responses(
      List<Trial> trials, SortedMap<String, List<Answer>> answers, List<Fault> faults) {
    this.trials = trials;
    this.answers = Collections.unmodifiableSortedMap(answers);
    this.faults = List.copyOf(faults);
  }

  /**
   * Something wrong with responses.
   *
   * @param kind what is wrong
   * @param row the response, from 1; 0 for one that is missing
   * @param participant who answered, or did not
   * @param trial the name of the trial
   * @since 0.1
   */
  public record Fault(Kind kind, int row, String participant, String trial) {

    /** What may be wrong. */
    public enum Kind {
      /** The experiment has no such trial; not counted. */
      UNKNOWN_TRIAL("no such trial"),
      /** The trial has no such alternative; not counted. */
      UNKNOWN_CHOICE("no such alternative"),
      /** The participant had answered the trial already; only the first answer counts. */
      DUPLICATE("answered again, the first answer counts"),
      /** The participant has no answer to the trial that counts. */
      MISSING("not answered");

      private final String words;

      Kind(String words) {
        this.words = words;
      }
    }

    /** The fault in words: {@code row 17, participant p3, trial 2afc-4: no such alternative}. */
    @Override
    public String toString() {
      return "%sparticipant %s, trial %s: %s"
          .formatted(row == 0 ? "" : "row " + row + ", ", participant, trial, kind.words);
    }
  }

  /**
   * Matches responses with the trials of their experiment.
   *
   * @param trials the experiment, each with a name of its own
   * @param responses of one participant or more; their place in the list, from 1, is their row
   * @return those that count, and what was wrong with others
   * @throws IllegalArgumentException if two trials have one name, or no response counts
   */
  public static Responses of(List<Trial> trials, List<Response> responses) {
    Map<String, Trial> byId = new HashMap<>();
    for (Trial trial : trials) {
      if (byId.put(trial.id(), trial) != null) {
        throw new IllegalArgumentException(
            "expected trials with names of their own, got two named " + trial.id());
      }
    }
    SortedMap<String, Map<String, Answer>> counted = new TreeMap<>();
    List<Fault> faults = new ArrayList<>();
    for (int i = 0; i < responses.size(); i++) {
      Response response = responses.get(i);
      Trial trial = byId.get(response.trial());
      Map<String, Answer> own =
          counted.computeIfAbsent(response.participant(), participant -> new HashMap<>());
      Fault.Kind kind;
      if (trial == null) {
        kind = Fault.Kind.UNKNOWN_TRIAL;
      } else if (response.choice() < 0 || response.choice() >= trial.alternatives().size()) {
        kind = Fault.Kind.UNKNOWN_CHOICE;
      } else if (own.putIfAbsent(trial.id(), Answer.of(trial, response.choice())) != null) {
        kind = Fault.Kind.DUPLICATE;
      } else {
        continue;
      }
      faults.add(new Fault(kind, i + 1, response.participant(), response.trial()));
    }
    SortedMap<String, List<Answer>> answers = new TreeMap<>();
    counted.forEach(
        (participant, own) -> {
          List<Answer> inOrder = new ArrayList<>(own.size());
          for (Trial trial : trials) {
            Answer answer = own.get(trial.id());
            if (answer == null) {
              faults.add(new Fault(Fault.Kind.MISSING, 0, participant, trial.id()));
            } else {
              inOrder.add(answer);
            }
          }
          if (!inOrder.isEmpty()) {
            answers.put(participant, List.copyOf(inOrder));
          }
        });
    if (answers.isEmpty()) {
      throw new IllegalArgumentException(
          "expected at least one answer to %d trials, got none of %d that counts"
              .formatted(trials.size(), responses.size()));
    }
    return new Responses(List.copyOf(trials), answers, faults);
  }

  /**
   * Reads responses from a CSV file that has the components of {@link Response} as columns, in any
   * order and among others.
   *
   * @param file in UTF-8
   * @param trials the experiment, each with a name of its own
   * @return those that count, and what was wrong with others; rows count from 1 under the names of
   *     columns, empty lines left out
   * @throws IOException if the file cannot be read, lacks a column, or a choice is no number
   * @throws IllegalArgumentException if two trials have one name, or no response counts
   */
  public static Responses read(Path file, List<Trial> trials) throws IOException {
    List<Response> responses = new ArrayList<>();
    for (Csv.Row row : Csv.read(file, COLUMNS)) {
      responses.add(new Response(row.text("participant"), row.text("trial"), row.whole("choice")));
    }
    return of(trials, responses);
  }

  /**
   * What was wrong: first what does not count, by row, then what is missing, by participant.
   *
   * @return empty if every participant answered every trial once
   */
  public List<Fault> faults() {
    return faults;
  }

  /**
   * The answers that count.
   *
   * @return by participant, in the order of trials
   */
  public SortedMap<String, List<Answer>> byParticipant() {
    return answers;
  }

  /**
   * The answers that count, of all participants.
   *
   * @return participant by participant, in the order of trials
   */
  public List<Answer> answers() {
    return answers.values().stream().flatMap(Collection::stream).toList();
  }

  /**
   * Leaves participants out.
   *
   * @param excluded their names
   * @return the others' answers and faults
   * @throws IllegalArgumentException if one of them did not take part, or none is left
   */
  public Responses without(Collection<String> excluded) {
    SortedMap<String, List<Answer>> left = new TreeMap<>(answers);
    for (String participant : excluded) {
      if (left.remove(participant) == null) {
        throw new IllegalArgumentException(
            "expected participants among %s, got %s".formatted(answers.keySet(), participant));
      }
    }
    if (left.isEmpty()) {
      throw new IllegalArgumentException("expected somebody left, got all excluded");
    }
    return new Responses(
        trials, left, faults.stream().filter(f -> !excluded.contains(f.participant())).toList());
  }

  /**
   * Scores each participant alone.
   *
   * @param metric whose trials these are
   * @return by participant
   */
  public SortedMap<String, Score> scores(AlignmentMetric metric) {
    SortedMap<String, Score> scores = new TreeMap<>();
    answers.forEach((participant, own) -> scores.put(participant, metric.score(own)));
    return scores;
  }

  /**
   * The proportion of right answers, with an interval over targets: how far it would move with
   * other images and the same people.
   *
   * <p>Whole blocks of trials are resampled, with the answers of all participants: a target of
   * 2AFC, a grid of targets of clustering.
   *
   * @param seed of the resamples
   * @return with an interval at 95 %, widened where needed to hold Wilson's interval of that
   *     proportion of the targets: more people tell no more of other images
   */
  public Estimate overTargets(long seed) {
    List<Tally> blocks = BlockBootstrap.blocks(answers()).values().stream().map(Tally::of).toList();
    long targets = answers().stream().map(answer -> target(answer.trial())).distinct().count();
    return Estimate.proportion(
        blocks.stream().mapToInt(Tally::correct).toArray(),
        blocks.stream().mapToInt(Tally::n).toArray(),
        Math.toIntExact(targets),
        seed);
  }

  /** What trials about one target have in common; the odd one out is of another target. */
  private static Object target(Trial trial) {
    return trial.task() == Trial.Task.ODD_ONE_OUT
        ? trial.block()
        : trial.alternatives().get(trial.correct());
  }

  /**
   * The proportion of right answers, with an interval over participants: how far it would move with
   * other people and the same images.
   *
   * @param seed of the resamples
   * @return as {@link Estimate#proportion(Collection, long)} has it
   */
  public Estimate overParticipants(long seed) {
    return Estimate.proportion(answers.values(), seed);
  }

  /**
   * How the proportion of right answers differs between images.
   *
   * @return over blocks of trials: a target of 2AFC, a grid of targets of clustering
   */
  public Spread spreadOverImages() {
    return Spread.of(Spread.Over.IMAGES, proportions(BlockBootstrap.blocks(answers()).values()));
  }

  /**
   * How the proportion of right answers differs between participants.
   *
   * @return over participants
   */
  public Spread spreadOverAnnotators() {
    return Spread.of(Spread.Over.ANNOTATORS, proportions(answers.values()));
  }

  /**
   * How well half of the participants predict the other half: which trials are answered rightly.
   *
   * @param seed decides splits of many participants
   * @return the ceiling; empty if half of the participants answered all trials equally well
   * @throws IllegalArgumentException if there are less than two participants or trials, or a trial
   *     is not answered by all
   */
  public Optional<NoiseCeiling> noiseCeiling(long seed) {
    for (Map.Entry<String, List<Answer>> each : answers.entrySet()) {
      if (each.getValue().size() != trials.size()) {
        throw new IllegalArgumentException(
            "expected an answer of each participant to each of %d trials, got %d of %s"
                .formatted(trials.size(), each.getValue().size(), each.getKey()));
      }
    }
    return NoiseCeiling.of(
        answers.values().stream()
            .map(own -> own.stream().mapToDouble(a -> a.correct() ? 1 : 0).toArray())
            .toArray(double[][]::new),
        seed);
  }

  private static double[] proportions(Collection<List<Answer>> groups) {
    return groups.stream().map(Tally::of).mapToDouble(t -> (double) t.correct() / t.n()).toArray();
  }
}
