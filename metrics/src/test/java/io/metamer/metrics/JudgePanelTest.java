package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.InversionResult;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class JudgePanelTest {

  private final AlignmentMetric metric = new TwoAlternativeForcedChoice();

  @Test
  void panel_pools_whatEachJudgeFound() {
    try (InversionResult result =
        Inversions.withDistances(Inversions.perfect(8), 0, 0, 0, 0, 1, 1, 1, 1)) {
      // Right in all trials, in the first six, and in the first two.
      JudgePanel panel = new JudgePanel(List.of(right("a", 8), right("b", 6), right("c", 2)));

      PanelReport report = metric.measure(result, panel);

      assertEquals("2AFC", report.metric());
      assertEquals(
          List.of(8, 6, 2),
          report.judges().stream().map(r -> r.all().orElseThrow().correct()).toList());
      PooledScore all = report.all().orElseThrow();
      assertClose(16 / 24.0, all.value(), 1e-12, 0);
      // The proportions 1, 3/4 and 1/4 around their mean.
      double spread = Math.sqrt((1.0 / 9 + 1.0 / 144 + 25.0 / 144) / 3);
      assertClose(spread, all.judgeSpread(), 1e-12, 0);
      assertEquals(3, all.judges());
      assertEquals(8, all.n());
      assertClose(0.5, all.chance(), 0, 0);
      PooledScore matched = report.matched().orElseThrow();
      assertEquals(4, matched.n());
      assertClose((4 + 4 + 2) / 12.0, matched.value(), 1e-12, 0);
      assertEquals(List.of(), report.heldOut());
      assertEquals(List.of(), report.tookPart());
    }
  }

  @Test
  void interval_ofOneJudge_isAtLeastThatOfTheJudge() {
    try (InversionResult result = Inversions.perfect(20)) {
      AlignmentReport alone = metric.measure(result, right("a", 13));
      PooledScore pooled =
          metric.measure(result, new JudgePanel(List.of(right("a", 13)))).all().orElseThrow();

      assertClose(0, pooled.judgeSpread(), 0, 0);
      Interval wilson = alone.all().orElseThrow().interval();
      assertTrue(
          pooled.interval().low() <= wilson.low() && pooled.interval().high() >= wilson.high(),
          () -> pooled + " against " + alone);
    }
  }

  @Test
  void interval_ofJudgesWhoAgree_isNoNarrowerThanThatOfOne() {
    try (InversionResult result = Inversions.perfect(20)) {
      Interval one =
          metric
              .measure(result, new JudgePanel(List.of(right("a", 13))))
              .all()
              .orElseThrow()
              .interval();
      Interval three =
          metric
              .measure(
                  result, new JudgePanel(List.of(right("a", 13), right("b", 13), right("c", 13))))
              .all()
              .orElseThrow()
              .interval();

      assertClose(one.low(), three.low(), 1e-12, 0);
      assertClose(one.high(), three.high(), 1e-12, 0);
    }
  }

  @Test
  void judge_thatTookPart_isHeldOutOfThePooledScore_andTheReportSaysSo() {
    Inversions.PixelDistance pixels = new Inversions.PixelDistance("pixels");
    try (InversionResult result = Inversions.withRegularizer(Inversions.perfect(6), pixels)) {
      JudgePanel panel =
          new JudgePanel(List.of(right("a", 3), new PerceptualObserver(pixels), right("b", 6)));

      for (AlignmentMetric each : List.of(metric, new Clustering(1))) {
        PanelReport report = each.measure(result, panel);

        assertEquals(List.of("pixels"), report.heldOut());
        assertEquals(List.of("pixels"), report.tookPart());
        assertEquals(2, report.all().orElseThrow().judges());
        assertTrue(
            report
                .toString()
                .contains(
                    "\n  pixels: %s held out: pixels took part in the search\n"
                        .formatted(each.name())),
            report.toString());
      }
      assertClose(0.75, metric.measure(result, panel).all().orElseThrow().value(), 1e-12, 0);
    }
  }

  @Test
  void judge_thatTookPart_isAskedIfThePanelSaysSo_andTheReportStillSaysSo() {
    Inversions.PixelDistance pixels = new Inversions.PixelDistance("pixels");
    try (InversionResult result = Inversions.withRegularizer(Inversions.perfect(6), pixels)) {
      PanelReport report = metric.measure(result, JudgePanel.of(pixels).askingEveryJudge());

      assertEquals(List.of(), report.heldOut());
      assertEquals(List.of("pixels"), report.tookPart());
      assertClose(1, report.all().orElseThrow().value(), 0, 0);
      assertTrue(report.toString().endsWith("; took part in the search"), report.toString());
    }
  }

  @Test
  void panel_ofJudgesThatAllTookPart_hasNoScore_andSaysSo() {
    Inversions.PixelDistance pixels = new Inversions.PixelDistance("pixels");
    try (InversionResult result = Inversions.withRegularizer(Inversions.perfect(6), pixels)) {
      PanelReport report = metric.measure(result, JudgePanel.of(pixels));

      assertEquals(Optional.empty(), report.all());
      assertEquals(Optional.empty(), report.matched());
      assertEquals(
          "2AFC held out: every judge took part in the search\n"
              + "  pixels: 2AFC held out: pixels took part in the search",
          report.toString());
    }
  }

  @Test
  void print_hasThePooledScoreAndALineForEachJudge() {
    try (InversionResult result = Inversions.unmoved(12)) {
      PanelReport report =
          metric.measure(result, new JudgePanel(List.of(right("a", 12), right("b", 6))));
      String[] lines = report.toString().split("\n", -1);

      assertEquals(3, lines.length);
      assertTrue(lines[0].startsWith("2AFC 0.75 ["), lines[0]);
      assertTrue(
          lines[0].endsWith(
              ", mean of 2 judges, judge spread 0.25, n = 12, chance 0.50; within 0.1: - (0 of 12"
                  + " matched)"),
          lines[0]);
      assertEquals("  a: " + report.judges().get(0), lines[1]);
      assertEquals("  b: " + report.judges().get(1), lines[2]);
    }
  }

  @Test
  void tie_countsAsTheMetricSays() {
    try (InversionResult result = Inversions.perfect(4)) {
      Observer undecided =
          answering("undecided", trial -> new Answer(trial, OptionalInt.empty(), List.of()));
      JudgePanel panel = new JudgePanel(List.of(undecided));

      assertClose(0, metric.measure(result, panel).all().orElseThrow().value(), 0, 0);
      assertClose(
          1,
          TwoAlternativeForcedChoice.released().measure(result, panel).all().orElseThrow().value(),
          0,
          0);
    }
  }

  @Test
  void panel_withoutJudges_orWithTwoOfOneName_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new JudgePanel(List.of()));
    assertEquals(
        "expected one or more judges of different names, got [a, a]",
        assertThrows(
                IllegalArgumentException.class,
                () -> new JudgePanel(List.of(right("a", 1), right("a", 2))))
            .getMessage());
    assertFalse(JudgePanel.of(new Inversions.PixelDistance("x")).everyJudge());
  }

  @Test
  void report_thatContradictsItself_isRefused() {
    try (InversionResult result = Inversions.perfect(4)) {
      PanelReport report = metric.measure(result, new JudgePanel(List.of(right("a", 3))));
      Optional<PooledScore> none = Optional.empty();
      refused(List.of(), none, none);
      refused(report.judges(), none, none);
      refused(report.judges(), none, report.matched());
      List<AlignmentReport> twice = List.of(report.judges().get(0), report.judges().get(0));
      refused(twice, report.all(), report.matched());
    }
    Interval interval = new Interval(0, 1, 0.95);
    for (double wrong : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThrows(
          IllegalArgumentException.class, () -> new PooledScore(wrong, 0, 1, 1, 0.5, interval));
      assertThrows(
          IllegalArgumentException.class, () -> new PooledScore(0.5, wrong, 1, 1, 0.5, interval));
      assertThrows(
          IllegalArgumentException.class, () -> new PooledScore(0.5, 0, 1, 1, wrong, interval));
    }
    assertThrows(
        IllegalArgumentException.class, () -> new PooledScore(0.5, 0, 0, 1, 0.5, interval));
    assertThrows(
        IllegalArgumentException.class, () -> new PooledScore(0.5, 0, 1, 0, 0.5, interval));
  }

  private static void refused(
      List<AlignmentReport> judges, Optional<PooledScore> all, Optional<PooledScore> matched) {
    assertThrows(
        IllegalArgumentException.class,
        () -> new PanelReport("2AFC", judges, List.of(), all, matched));
  }

  /** An observer that is right in its first trials and wrong in the others. */
  private static Observer right(String name, int trials) {
    return new Observer() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public List<Answer> answer(Stimuli stimuli, List<Trial> asked) {
        return IntStream.range(0, asked.size())
            .mapToObj(
                i -> {
                  Trial trial = asked.get(i);
                  int wrong = trial.correct() == 0 ? 1 : 0;
                  return Answer.of(trial, i < trials ? trial.correct() : wrong);
                })
            .toList();
      }
    };
  }

  private static Observer answering(String name, Function<Trial, Answer> answer) {
    return new Observer() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public List<Answer> answer(Stimuli stimuli, List<Trial> trials) {
        return trials.stream().map(answer).toList();
      }
    };
  }
}
