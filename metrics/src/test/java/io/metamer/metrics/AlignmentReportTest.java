package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.InversionResult;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class AlignmentReportTest {

  private final AlignmentMetric metric = new TwoAlternativeForcedChoice();

  @Test
  void print_withNoneMatched_saysSo() {
    try (InversionResult result = Inversions.unmoved(12)) {
      AlignmentReport report = metric.measure(result, Inversions.pixels());
      assertEquals(Optional.empty(), report.matched());
      assertFalse(report.heldOut());
      assertEquals(
          "2AFC 0.00 [0.00, 0.24], n = 12, chance 0.50, p = 1.0; within 0.1: - (0 of 12 matched)",
          report.toString());
    }
  }

  @Test
  void print_withSomeMatched_hasBothScores() {
    try (InversionResult result = Inversions.withDistances(Inversions.perfect(3), 0, 1, 0)) {
      Locale before = Locale.getDefault();
      try {
        Locale.setDefault(Locale.GERMANY);
        assertEquals(
            "clustering 1.00 [0.44, 1.00], n = 3, chance 0.33, p = 0.037; within 0.1: "
                + "1.00 [0.34, 1.00], n = 2, chance 0.33, p = 0.11 (2 of 3 matched)",
            new Clustering(1).measure(result, Inversions.pixels()).toString());
      } finally {
        Locale.setDefault(before);
      }
    }
  }

  @Test
  void observer_whoseDistanceWasTheRegularizer_isHeldOutUnasked() {
    try (InversionResult result =
        Inversions.withRegularizer(Inversions.perfect(6), new Inversions.PixelDistance("pixels"))) {
      for (AlignmentMetric each : List.of(metric, new Clustering(1))) {
        AlignmentReport report = each.measure(result, Inversions.pixels());
        assertTrue(report.heldOut());
        assertEquals(Optional.empty(), report.all());
        assertEquals(Optional.empty(), report.matched());
        assertEquals(List.of(), report.answers());
        assertEquals(each.name() + " held out: pixels took part in the search", report.toString());
      }
    }
  }

  @Test
  void observer_ofAnotherDistance_isNotHeldOut() {
    try (InversionResult result =
        Inversions.withRegularizer(Inversions.perfect(6), new Inversions.PixelDistance("other"))) {
      assertFalse(metric.measure(result, Inversions.pixels()).heldOut());
      assertFalse(metric.measure(result, Inversions.guessing(1)).heldOut());
    }
  }

  @Test
  void answers_thatAreNotToTheTrials_areRefused() {
    Observer forgetful =
        new Observer() {
          @Override
          public String name() {
            return "forgetful";
          }

          @Override
          public List<Answer> answer(Stimuli stimuli, List<Trial> trials) {
            return List.of(Answer.of(trials.get(0), 0));
          }
        };
    try (InversionResult result = Inversions.perfect(3)) {
      Exception e =
          assertThrows(IllegalStateException.class, () -> metric.measure(result, forgetful));
      assertEquals(
          "expected forgetful to answer each of 3 trials in their order, got 1 answers",
          e.getMessage());
    }
  }

  @Test
  void report_thatContradictsItself_isRefused() {
    Optional<Score> score = Optional.of(new Tally(1, 0, 1, 0.5).score(1, new Interval(0, 1, 0.95)));
    List<Answer> answers;
    try (InversionResult result = Inversions.perfect(1)) {
      answers = metric.measure(result, Inversions.pixels()).answers();
    }
    Optional<Score> none = Optional.empty();
    refused(1, 1, none, score, List.of());
    refused(1, 1, none, none, answers);
    refused(2, 1, score, score, answers);
    refused(1, 0, score, score, answers);
    refused(1, 1, score, none, answers);
    refused(1, 1, score, score, List.of());
  }

  private static void refused(
      int trials,
      int matchedTrials,
      Optional<Score> all,
      Optional<Score> matched,
      List<Answer> answers) {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new AlignmentReport(
                "2AFC", "pixels", 0.1, trials, matchedTrials, all, matched, answers));
  }
}
