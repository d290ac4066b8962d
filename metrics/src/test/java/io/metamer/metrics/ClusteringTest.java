package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.InversionResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class ClusteringTest {

  private final AlignmentMetric metric = new Clustering(42);

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 6, 12, 100, 101})
  void trials_ofAnyNumber_askAboutEveryImageOnceAmongItsOwnGrid(int n) {
    try (InversionResult result = Inversions.perfect(n)) {
      List<Trial> trials = metric.trials(result);
      assertEquals(
          IntStream.range(0, n).boxed().toList(),
          trials.stream().map(t -> t.query().index()).sorted().toList());
      Set<Integer> rowsBefore = new HashSet<>();
      for (List<Trial> grid : grids(trials)) {
        Set<Integer> rows = grid.stream().map(t -> t.query().index()).collect(Collectors.toSet());
        List<Stimulus> columns = grid.get(0).alternatives();
        assertEquals(3, columns.size());
        for (Trial trial : grid) {
          assertEquals(columns, trial.alternatives());
          assertEquals(Stimulus.target(trial.query().index()), columns.get(trial.correct()));
        }
        for (Stimulus column : columns) {
          assertTrue(rows.contains(column.index()) || rowsBefore.contains(column.index()));
        }
        assertTrue(rows.size() == 3 || rowsBefore.size() == n / 3 * 3);
        rowsBefore.addAll(rows);
      }
      assertEquals(n, trials.stream().map(Trial::id).distinct().count());
    }
  }

  @Test
  void groups_keepTheirTargetsTogether_andSmallOnesShare() {
    // Seven of a, four of b, two of c and one of d.
    List<String> groups = List.of("abacabadabbaca".split(""));
    List<Trial> trials = new Clustering(7, groups).trials(groups.size());
    assertEquals(
        IntStream.range(0, groups.size()).boxed().toList(),
        trials.stream().map(t -> t.query().index()).sorted().toList());
    for (Trial trial : trials) {
      Set<String> columns =
          trial.alternatives().stream()
              .map(column -> groups.get(column.index()))
              .collect(Collectors.toSet());
      String own = groups.get(trial.query().index());
      assertEquals(own.equals("a") || own.equals("b") ? Set.of(own) : Set.of("c", "d"), columns);
      assertEquals(
          Stimulus.target(trial.query().index()), trial.alternatives().get(trial.correct()));
    }
    assertEquals(3 + 2 + 1, grids(trials).size());
    List<String> pair = List.of("a", "a", "a", "b", "b");
    for (Trial trial : new Clustering(7, pair).trials(5).subList(3, 5)) {
      assertEquals(
          Set.of(3, 4),
          trial.alternatives().stream()
              .map(Stimulus::index)
              .filter(i -> i > 2)
              .collect(Collectors.toSet()));
    }
  }

  @Test
  void groups_ofOtherImages_areRefused() {
    Clustering grouped = new Clustering(7, List.of("a", "a", "a"));
    assertThrows(IllegalArgumentException.class, () -> grouped.trials(4));
    assertThrows(IllegalArgumentException.class, () -> new Clustering(7).trials(2));
  }

  @Test
  void oneGroup_isNoGroup() {
    List<String> same = List.of("a", "a", "a", "a", "a", "a", "a", "a");
    assertEquals(
        new Clustering(3).trials(8).stream().map(Trial::alternatives).toList(),
        new Clustering(3, same).trials(8).stream().map(Trial::alternatives).toList());
  }

  @Test
  void trials_ofAnotherSeed_areOthers() {
    try (InversionResult result = Inversions.perfect(12)) {
      assertEquals(metric.trials(result), new Clustering(42).trials(result));
      assertNotEquals(metric.trials(result), new Clustering(43).trials(result));
    }
  }

  @Test
  void columns_overManyGrids_holdTheTargetInEveryPlaceAlike() {
    try (InversionResult result = Inversions.perfect(3)) {
      int[] firstRowIn = new int[3];
      for (int seed = 0; seed < 3000; seed++) {
        firstRowIn[new Clustering(seed).trials(result).get(0).correct()]++;
      }
      for (int count : firstRowIn) {
        // Four standard deviations of Binomial(3000, 1/3).
        assertEquals(1000, count, 104);
      }
    }
  }

  @Test
  void score_ofTargetsFound_isOneAndNotCertain() {
    try (InversionResult result = Inversions.perfect(13)) {
      Score all = metric.measure(result, Inversions.pixels()).all().orElseThrow();
      assertEquals(13, all.correct());
      assertEquals(1.0 / 3, all.chance());
      assertEquals(Binomial.wilson(13, 13, 0.95), all.interval());
    }
  }

  @Test
  void score_ofAlwaysTheFirst_isChance() {
    try (InversionResult result = Inversions.perfect(12)) {
      AlignmentReport report = metric.measure(result, Inversions.choosing(t -> 0));
      assertEquals(4, report.all().orElseThrow().correct());
    }
  }

  @Test
  void score_ofAlwaysAnother_isZero() {
    try (InversionResult result = Inversions.perfect(12)) {
      AlignmentReport report =
          metric.measure(result, Inversions.choosing(t -> (t.correct() + 1) % 3));
      assertEquals(0, report.all().orElseThrow().correct());
      assertEquals(0, report.all().orElseThrow().interval().low());
    }
  }

  @Test
  void score_ofTargetsAllAlike_isTiesAndZero() {
    INDArray same = Nd4j.zeros(6, 1, 2, 3).addi(0.4f);
    try (InversionResult result =
        Inversions.of(Inversions.SPEC, same, same.dup(), same.dup(), new double[6])) {
      Score all = metric.measure(result, Inversions.pixels()).all().orElseThrow();
      assertEquals(0, all.correct());
      assertEquals(6, all.ties());
    }
  }

  /** Whole grids right or wrong: resampled grids tell less than the rows seem to. */
  @Test
  void interval_ofDependentRows_isWiderThanOfIndependentOnes() {
    try (InversionResult result = Inversions.perfect(60)) {
      AlignmentReport report =
          metric.measure(
              result,
              Inversions.choosing(t -> t.block() % 2 == 0 ? t.correct() : (t.correct() + 1) % 3));
      Interval interval = report.all().orElseThrow().interval();
      Interval ofRows = Binomial.wilson(30, 60, 0.95);
      assertTrue(interval.low() < ofRows.low() - 0.05, interval.toString());
      assertTrue(interval.high() > ofRows.high() + 0.05, interval.toString());
    }
  }

  @Test
  void interval_ofGuesses_coversChance() {
    int repetitions = 300;
    int covered = 0;
    try (InversionResult result = Inversions.perfect(32)) {
      List<Trial> trials = metric.trials(result);
      for (int seed = 0; seed < repetitions; seed++) {
        List<Answer> guesses = Inversions.guessing(seed).answer(Stimuli.of(result), trials);
        Interval interval = metric.score(guesses).interval();
        covered += interval.low() <= 1.0 / 3 && 1.0 / 3 <= interval.high() ? 1 : 0;
      }
    }
    // Three standard errors below 95 %.
    assertTrue(covered >= 0.912 * repetitions, "covered " + covered);
  }

  @Test
  void matched_losesRowsAndKeepsColumns() {
    try (InversionResult perfect = Inversions.perfect(6);
        InversionResult result = Inversions.withDistances(perfect, 0, 1, 1, 1, 1, 0.05)) {
      AlignmentReport report = metric.measure(result, Inversions.pixels());
      assertEquals(2, report.matched().orElseThrow().n());
      assertEquals(6, report.all().orElseThrow().n());
      report.answers().forEach(a -> assertEquals(3, a.trial().alternatives().size()));
      // The columns are those of the same targets, all matched.
      assertEquals(metric.trials(perfect), metric.trials(result));
    }
  }

  @Test
  void triplesWithinGroups_areOfOneGroupEach() {
    List<String> groups = List.of("a", "b", "a", "b", "a", "b", "a", "b", "a", "a", "a");
    AlignmentMetric within = new Clustering(42, groups);
    try (InversionResult result = Inversions.perfect(11)) {
      List<Trial> trials = within.trials(result);
      assertEquals(
          IntStream.range(0, 11).boxed().toList(),
          trials.stream().map(t -> t.query().index()).sorted().toList());
      for (Trial trial : trials) {
        String group = groups.get(trial.query().index());
        trial.alternatives().forEach(s -> assertEquals(group, groups.get(s.index())));
        assertEquals(
            Stimulus.target(trial.query().index()), trial.alternatives().get(trial.correct()));
        assertTrue(trial.id().startsWith("clustering-groups-42-"), trial.id());
      }
      // Seven of a make three grids, four of b two; no grid mixes them.
      assertEquals(5, grids(trials).size());
      grids(trials).forEach(g -> assertTrue(g.size() >= 1 && g.size() <= 3));
      assertEquals("clustering within groups", within.name());
      assertEquals(1, within.measure(result, Inversions.pixels()).all().orElseThrow().value());
      for (List<String> bad : List.of(List.of("a"), Collections.nCopies(12, "a"))) {
        assertThrows(IllegalArgumentException.class, () -> new Clustering(42, bad).trials(result));
      }
    }
  }

  @Test
  void result_withTooFewTargets_isRefused() {
    for (int n = 1; n < 3; n++) {
      try (InversionResult result = Inversions.perfect(n)) {
        Exception e =
            assertThrows(
                IllegalArgumentException.class, () -> metric.measure(result, Inversions.pixels()));
        assertEquals(
            "expected at least 3 inverted images to choose among, got " + n, e.getMessage());
      }
    }
    assertThrows(IllegalArgumentException.class, () -> metric.score(List.of()));
  }

  private static List<List<Trial>> grids(List<Trial> trials) {
    Map<Integer, List<Trial>> grids = trials.stream().collect(Collectors.groupingBy(Trial::block));
    List<List<Trial>> inOrder = new ArrayList<>();
    for (int block = 0; block < grids.size(); block++) {
      inOrder.add(grids.getOrDefault(block, List.of()));
    }
    return inOrder;
  }
}
