package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ResponsesTest {

  private static final List<Trial> TRIALS = Trials.pairs(40);

  /** Of simulated annotators, one for each error rate. */
  private static List<Response> simulated(List<Trial> trials, double... errorRates) {
    List<Response> responses = new ArrayList<>();
    for (int p = 0; p < errorRates.length; p++) {
      for (Answer answer : new SimulatedObserver(errorRates[p], p).answers(trials)) {
        responses.add(new Response("p" + p, answer.trial().id(), answer.choice().orElseThrow()));
      }
    }
    return responses;
  }

  @Test
  void scores_ofParticipants_areThoseOfTheirAnswers() {
    Responses responses = Responses.of(TRIALS, simulated(TRIALS, 0, 0.3, 1));
    AlignmentMetric metric = new TwoAlternativeForcedChoice();
    Map<String, Score> scores = responses.scores(metric);
    assertEquals(List.of("p0", "p1", "p2"), List.copyOf(scores.keySet()));
    assertEquals(1, scores.get("p0").value());
    assertEquals(metric.score(new SimulatedObserver(0.3, 1).answers(TRIALS)), scores.get("p1"));
    assertEquals(0, scores.get("p2").value());
    assertEquals(List.of(), responses.faults());
    assertEquals(120, responses.answers().size());
    Spread annotators = responses.spreadOverAnnotators();
    assertEquals(Spread.of(Spread.Over.ANNOTATORS, 1, scores.get("p1").value(), 0), annotators);
    assertEquals(annotators.mean(), responses.overParticipants(1).value(), 1e-12);
  }

  @Test
  void order_ofResponses_changesNothing() {
    List<Response> responses = simulated(Trials.grids(30), 0.1, 0.3, 0.5, 0.6);
    Responses one = Responses.of(Trials.grids(30), responses);
    Responses other = Responses.of(Trials.grids(30), Trials.shuffled(responses, 8));
    assertEquals(one.byParticipant(), other.byParticipant());
    assertEquals(one.overTargets(5), other.overTargets(5));
    assertEquals(one.overParticipants(5), other.overParticipants(5));
    assertEquals(one.spreadOverImages(), other.spreadOverImages());
    assertEquals(one.noiseCeiling(5), other.noiseCeiling(5));
  }

  /** Half of the images are seen by everybody, the other half by nobody: people are alike. */
  @Test
  void intervals_ofImagesThatDiffer_areWideOverTargetsOnly() {
    List<Response> responses = new ArrayList<>();
    for (int p = 0; p < 10; p++) {
      for (Trial trial : TRIALS) {
        int choice = trial.block() % 4 < 2 ? trial.correct() : 1 - trial.correct();
        responses.add(new Response("p" + p, trial.id(), choice));
      }
    }
    Responses all = Responses.of(TRIALS, responses);
    // The number of seen images among 40 drawn is Binomial(40, 1/2), whose 2.5 % point is 14.
    assertEquals(new Estimate(0.5, new Interval(0.35, 0.65, 0.95)), all.overTargets(1));
    assertEquals(new Estimate(0.5, Binomial.wilson(200, 400, 0.95)), all.overParticipants(1));
    assertEquals(new Spread(Spread.Over.IMAGES, 40, 0.5, 0.5), all.spreadOverImages());
    assertEquals(new Spread(Spread.Over.ANNOTATORS, 10, 0.5, 0), all.spreadOverAnnotators());
    assertClose(1, all.noiseCeiling(1).orElseThrow().halves(), 1e-12, 0);
    assertEquals("0.50 [0.35, 0.65]", all.overTargets(1).toString());
  }

  /** Half of the people see everything, the other half nothing. */
  @Test
  void intervals_ofPeopleWhoDiffer_areWideOverParticipantsOnly() {
    double[] errorRates = new double[40];
    for (int p = 0; p < 40; p += 2) {
      errorRates[p] = 1;
    }
    Responses all = Responses.of(TRIALS, simulated(TRIALS, errorRates));
    assertEquals(new Interval(0.35, 0.65, 0.95), all.overParticipants(1).interval());
    // Forty people tell as little of other images than these 40 as one does.
    assertEquals(Binomial.wilson(20, 40, 0.95), all.overTargets(1).interval());
    assertEquals(Optional.empty(), all.noiseCeiling(1));
  }

  /** Two images of one target are not two targets, nor are the images of an odd-one-out block. */
  @Test
  void floor_overTargets_isOfTargetsNotOfTrials() {
    List<Trial> grids = new ArrayList<>();
    List<Trial> odd = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      Trial trial = Trials.grids(12).get(i);
      grids.add(trial);
      grids.add(
          new Trial(
              trial.id() + "-again",
              Stimulus.iri(12 + i),
              trial.alternatives(),
              trial.correct(),
              trial.block()));
      odd.add(
          new Trial(
              "odd-" + i,
              Stimulus.iri(i),
              List.of(Stimulus.iri(i), Stimulus.iri(i ^ 1), Stimulus.iri((i + 2) % 12)),
              2,
              i / 2,
              Trial.Task.ODD_ONE_OUT));
    }
    assertEquals(
        Binomial.wilson(12, 12, 0.95),
        Responses.of(grids, simulated(grids, 0, 0)).overTargets(1).interval());
    assertEquals(
        Binomial.wilson(6, 6, 0.95),
        Responses.of(odd, simulated(odd, 0, 0)).overTargets(1).interval());
  }

  @Test
  void blocks_ofAGrid_areResampledTogether() {
    List<Trial> trials = Trials.grids(120);
    List<Response> responses = new ArrayList<>();
    for (Trial trial : trials) {
      int choice = trial.block() % 2 == 0 ? trial.correct() : (trial.correct() + 1) % 3;
      responses.add(new Response("p", trial.id(), choice));
    }
    Responses all = Responses.of(trials, responses);
    assertEquals(new Interval(0.35, 0.65, 0.95), all.overTargets(1).interval());
    assertEquals(40, all.spreadOverImages().n());
  }

  @Test
  void responses_thatAreBad_areNamedWithTheirRow(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("answers.csv"),
            """
            \uFEFFtime,choice,participant,trial
            1,0,anna,2afc-0
            2,1,anna,2afc-1
            3,0,anna,2afc-1
            4,2,ben,2afc-0
            5,-1,ben,2afc-1
            6,0,ben,"other, study"
            7,0,ben,2afc-2
            8,1,cleo,2afc-9
            """);
    Responses responses = Responses.read(file, TRIALS.subList(0, 3));
    assertEquals(
        List.of(
            "row 3, participant anna, trial 2afc-1: answered again, the first answer counts",
            "row 4, participant ben, trial 2afc-0: no such alternative",
            "row 5, participant ben, trial 2afc-1: no such alternative",
            "row 6, participant ben, trial other, study: no such trial",
            "row 8, participant cleo, trial 2afc-9: no such trial",
            "participant anna, trial 2afc-2: not answered",
            "participant ben, trial 2afc-0: not answered",
            "participant ben, trial 2afc-1: not answered",
            "participant cleo, trial 2afc-0: not answered",
            "participant cleo, trial 2afc-1: not answered",
            "participant cleo, trial 2afc-2: not answered"),
        responses.faults().stream().map(Responses.Fault::toString).toList());
    assertEquals(
        new Responses.Fault(Responses.Fault.Kind.DUPLICATE, 3, "anna", "2afc-1"),
        responses.faults().get(0));
    assertEquals(List.of("anna", "ben"), List.copyOf(responses.byParticipant().keySet()));
    assertEquals(3, responses.answers().size());
    // Every row is counted or named.
    assertEquals(
        8,
        responses.answers().size() + responses.faults().stream().filter(f -> f.row() > 0).count());
    Exception e = assertThrows(IllegalArgumentException.class, () -> responses.noiseCeiling(1));
    assertEquals(
        "expected an answer of each participant to each of 3 trials, got 2 of anna",
        e.getMessage());
    Responses left = responses.without(List.of("ben"));
    assertEquals(List.of("anna"), List.copyOf(left.byParticipant().keySet()));
    assertEquals(6, left.faults().size());
  }

  @Test
  void names_thatLookLikeComments_areNames(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("answers.csv"),
            "participant,trial,choice\n#1,2afc-0,0\n\n#2,2afc-0,1\n");
    Responses responses = Responses.read(file, TRIALS.subList(0, 1));
    assertEquals(List.of("#1", "#2"), List.copyOf(responses.byParticipant().keySet()));
  }

  @Test
  void participants_thatAreNotThere_areNotLeftOut() {
    Responses responses = Responses.of(TRIALS, simulated(TRIALS, 0, 0.5));
    assertThrows(IllegalArgumentException.class, () -> responses.without(List.of("zoe")));
    assertThrows(IllegalArgumentException.class, () -> responses.without(List.of("p0", "p1")));
    assertNotEquals(responses.overTargets(1), responses.without(List.of("p1")).overTargets(1));
  }

  @Test
  void files_thatAreNotAnswers_areRefused(@TempDir Path folder) throws IOException {
    refused(folder, "", "expected columns [participant, trial, choice], got nothing");
    refused(
        folder, "participant,trial\na,b\n", "expected a column choice, got [participant, trial]");
    refused(
        folder,
        "participant,trial,choice\np,2afc-0,1\np,2afc-1,left\n",
        "row 2: expected a whole number in column choice, got 'left'");
    refused(folder, "participant,trial,choice\np,2afc-0\n", "row 1: expected 3 cells, got 2");
    refused(folder, "participant,trial,choice\np,\"2afc-0,1\n", "row 1: not CSV");
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Responses.read(
                Files.writeString(folder.resolve("none.csv"), "participant,trial,choice\n"),
                TRIALS));
    assertThrows(
        IllegalArgumentException.class,
        () -> Responses.of(List.of(TRIALS.get(0), TRIALS.get(0)), simulated(TRIALS, 0)));
  }

  private static void refused(Path folder, String text, String message) throws IOException {
    Path file = Files.writeString(folder.resolve("bad.csv"), text);
    IOException e = assertThrows(IOException.class, () -> Responses.read(file, TRIALS));
    assertTrue(e.getMessage().endsWith(message), e.getMessage());
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
  }
}
