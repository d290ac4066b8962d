package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.inversion.InversionResult;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RecordedObserverTest {

  private final AlignmentMetric metric = new TwoAlternativeForcedChoice();

  @Test
  void report_ofReplayedAnswers_isThatOfWhoGaveThem() {
    Observer person = new SimulatedObserver(0.3, 5);
    for (AlignmentMetric each : List.of(metric, new Clustering(2))) {
      try (InversionResult result = Inversions.perfect(30)) {
        AlignmentReport live = each.measure(result, person);
        List<Response> kept =
            live.answers().stream()
                .map(a -> new Response("anna", a.trial().id(), a.choice().orElseThrow()))
                .toList();
        RecordedObserver recorded = RecordedObserver.of(Trials.shuffled(kept, 4));
        AlignmentReport replayed = each.measure(result, recorded);
        assertEquals("anna", replayed.observer());
        assertEquals(live.answers(), replayed.answers());
        assertEquals(live.all(), replayed.all());
      }
    }
  }

  @Test
  void trials_thatWereNotAnsweredOrNotAsked_areNamed() {
    try (InversionResult result = Inversions.perfect(3)) {
      refused(
          "expected anna to have answered what is asked and nothing else; not answered: 2afc-2; not"
              + " asked: 2afc-3, x",
          result,
          new Response("anna", "2afc-0", 0),
          new Response("anna", "2afc-1", 0),
          new Response("anna", "2afc-3", 0),
          new Response("anna", "x", 0));
    }
    try (InversionResult result = Inversions.perfect(13)) {
      refused(
          "expected anna to have answered what is asked and nothing else; not answered: 2afc-1,"
              + " 2afc-10, 2afc-11, 2afc-12, 2afc-2, 2afc-3, 2afc-4, 2afc-5, 2afc-6, 2afc-7 and 2"
              + " more; not asked: none",
          result,
          new Response("anna", "2afc-0", 0));
    }
  }

  @Test
  void choice_thatIsNone_isRefused() {
    for (int choice : new int[] {-1, 2}) {
      try (InversionResult result = Inversions.perfect(1)) {
        refused(
            "expected a choice in [0, 2) for trial 2afc-0, got " + choice,
            result,
            new Response("anna", "2afc-0", choice));
      }
    }
  }

  @Test
  void responses_thatAreNotOnePersonsOnce_areRefused() {
    Response one = new Response("anna", "2afc-0", 0);
    assertMessage(
        "expected one answer of anna to each trial, got two to 2afc-0",
        List.of(one, new Response("anna", "2afc-0", 1)));
    assertMessage(
        "expected answers of one person, got those of [anna, ben]",
        List.of(one, new Response("ben", "2afc-1", 1)));
    assertMessage("expected answers of one person, got those of []", List.of());
  }

  @Test
  void observer_keepsWhatItWasGiven() {
    List<Response> responses =
        new ArrayList<>(
            IntStream.range(0, 3).mapToObj(i -> new Response("a", "t" + i, i)).toList());
    RecordedObserver observer = RecordedObserver.of(responses);
    responses.clear();
    assertEquals(3, observer.choices().size());
    assertThrows(UnsupportedOperationException.class, () -> observer.choices().clear());
  }

  private void refused(String message, InversionResult result, Response... responses) {
    RecordedObserver observer = RecordedObserver.of(List.of(responses));
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> metric.measure(result, observer));
    assertEquals(message, e.getMessage());
  }

  private static void assertMessage(String message, List<Response> responses) {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> RecordedObserver.of(responses));
    assertEquals(message, e.getMessage());
  }
}
