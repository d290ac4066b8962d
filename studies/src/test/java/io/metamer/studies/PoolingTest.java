package io.metamer.studies;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.metrics.AlignmentMetric;
import io.metamer.metrics.Answer;
import io.metamer.metrics.Clustering;
import io.metamer.metrics.Estimate;
import io.metamer.metrics.Holm;
import io.metamer.metrics.McNemar;
import io.metamer.metrics.PairedDifference;
import io.metamer.metrics.Spread;
import io.metamer.metrics.Trial;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import io.metamer.studies.StudyScores.Difference;
import io.metamer.studies.StudyScores.Images;
import io.metamer.studies.StudyScores.Part;
import io.metamer.studies.StudyScores.Pooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PoolingTest {

  private static final AlignmentMetric TWO = new TwoAlternativeForcedChoice();

  /** Four images, of which the last two are not matched. */
  private static final List<Double> DISTANCES = List.of(0.01, 0.1, 0.2, Double.POSITIVE_INFINITY);

  @Test
  void spreads_sayWhatTheyAreOver() {
    StudyScores scores =
        Pooling.scores(
            List.of(
                verdict("a", 1, "x", "1111"),
                verdict("a", 1, "y", "1100"),
                verdict("a", 2, "x", "1110"),
                verdict("a", 2, "y", "1000")));
    Pooled all = scores.pooled().get(0);
    assertEquals(Images.ALL, all.images());
    assertEquals(8, all.total());
    assertEquals(8, all.n());
    assertEquals(0.15, all.distance().orElseThrow(), 1e-15);
    assertEquals(10.0 / 16, all.estimate().orElseThrow().value());
    assertEquals(
        Estimate.proportion(new int[] {4, 3, 2, 1}, new int[] {4, 4, 4, 4}, 4, 0),
        all.estimate().orElseThrow());
    assertEquals(Spread.of(Spread.Over.JUDGES, 7.0 / 8, 3.0 / 8), all.overJudges().orElseThrow());
    assertEquals(Spread.of(Spread.Over.SEEDS, 6.0 / 8, 4.0 / 8), all.overSeeds().orElseThrow());
    assertEquals(Spread.of(Spread.Over.IMAGES, 1, 0.75, 0.5, 0.25), all.overImages().orElseThrow());

    Pooled matched = scores.pooled().get(1);
    assertEquals(4, matched.n());
    assertEquals(7.0 / 8, matched.estimate().orElseThrow().value());
    assertEquals(0.055, matched.distance().orElseThrow(), 1e-15);
    assertEquals(8, scores.rows().size());
    assertEquals(0.5, scores.rows().get(2).score().orElseThrow().value());
  }

  @Test
  void cell_withoutMatchedImagesOrJudges_hasNoScore() {
    Verdict heldOut = verdict("a", 1, "x", "");
    Pooled all = Pooling.scores(List.of(heldOut)).pooled().get(0);
    assertEquals(Optional.empty(), all.estimate());
    assertEquals(Optional.empty(), all.overJudges());
    assertEquals(List.of("x"), all.heldOut());
    assertEquals(4, all.n());
    Verdict far =
        new Verdict(
            "a",
            "r",
            1,
            TWO,
            1,
            "x",
            Part.NONE,
            List.of(0),
            List.of(Double.NaN),
            0.1,
            answers(TWO, 1, "1"));
    Pooled none = Pooling.scores(List.of(far)).pooled().get(1);
    assertEquals(0, none.n());
    assertEquals(Optional.empty(), none.estimate());
    assertEquals(Optional.empty(), none.distance());
  }

  @Test
  void networks_areComparedTargetByTarget_andPairByPairOfHolm() {
    List<Verdict> verdicts = new ArrayList<>();
    String[] first = {"1111", "1100"};
    String[] second = {"0001", "0000"};
    String[] third = {"1010", "1011"};
    for (int seed = 0; seed < 2; seed++) {
      verdicts.add(verdict("a", seed, "x", first[seed]));
      verdicts.add(verdict("b", seed, "x", second[seed]));
      verdicts.add(verdict("c", seed, "x", third[seed]));
    }
    List<Difference> differences = Pooling.scores(verdicts).differences();
    assertEquals(3 + 2 * 3, differences.size());
    PairedDifference ab =
        PairedDifference.of(new double[] {1, 1, 0.5, 0.5}, new double[] {0, 0, 0, 0.5}, 0);
    Difference d = differences.get(0);
    assertEquals(List.of("a", "b"), List.of(d.first(), d.second()));
    assertEquals("sign flips", d.method());
    assertEquals(ab.value(), d.value());
    assertEquals(ab.interval(), d.interval().orElseThrow());
    assertEquals(ab.p(), d.p());
    double[] p = differences.stream().limit(3).mapToDouble(Difference::p).toArray();
    assertClose(
        Holm.adjusted(p),
        differences.stream().limit(3).mapToDouble(Difference::corrected).toArray(),
        0,
        0);
    Difference single = differences.get(3);
    assertEquals("McNemar mid-p", single.method());
    assertEquals(Optional.of("x"), single.judge());
    assertEquals(Optional.of(0L), single.seed());
    assertEquals(new McNemar(3, 0).midP(), single.p());
    assertEquals(0.75, single.value());
    assertEquals(3, single.n());
  }

  @Test
  void judgeHeldOutOfOneNetwork_isNotComparedWithIt() {
    List<Difference> differences =
        Pooling.scores(
                List.of(
                    verdict("a", 1, "x", "1111"),
                    verdict("a", 1, "y", "1111"),
                    verdict("b", 1, "x", "0000"),
                    verdict("b", 1, "y", "")))
            .differences();
    assertEquals(2, differences.size());
    assertEquals(1, differences.get(0).value());
    assertTrue(differences.stream().allMatch(d -> d.judge().map("x"::equals).orElse(true)));
    assertEquals(
        List.of(),
        Pooling.scores(List.of(verdict("a", 1, "x", "1111"), verdict("b", 1, "y", "1111")))
            .differences());
  }

  /** Of equal repetitions the interval is that of one, and p is at most twice as large. */
  @Test
  void repetitions_haveTheMeanOfTheirIntervals() {
    List<Verdict> once = new ArrayList<>();
    List<Verdict> thrice = new ArrayList<>();
    Clustering metric = new Clustering(3);
    for (String network : List.of("a", "b")) {
      for (int r = 1; r <= 3; r++) {
        Verdict verdict =
            new Verdict(
                network,
                "r",
                1,
                metric,
                r,
                "x",
                Part.NONE,
                List.of(0, 1, 2, 3, 4, 5, 6),
                List.of(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
                0.1,
                answers(metric, 7, network.equals("a") ? "1110110" : "1000000"));
        thrice.add(verdict);
        if (r == 1) {
          once.add(verdict);
        }
      }
    }
    StudyScores one = Pooling.scores(once);
    StudyScores three = Pooling.scores(thrice);
    Estimate single = one.pooled().get(0).estimate().orElseThrow();
    Estimate mean = three.pooled().get(0).estimate().orElseThrow();
    assertClose(5.0 / 7, single.value(), 1e-12, 0);
    assertClose(single.value(), mean.value(), 1e-12, 0);
    assertClose(single.interval().low(), mean.interval().low(), 1e-12, 0);
    assertClose(single.interval().high(), mean.interval().high(), 1e-12, 0);
    assertEquals(7, three.pooled().get(0).n());
    Difference all = one.differences().get(0);
    // Seven rows in three grids.
    assertEquals(3, all.n());
    assertClose(4.0 / 7, all.value(), 1e-12, 0);
    assertClose(Math.min(1, 2 * all.p()), three.differences().get(0).p(), 1e-12, 0);
  }

  private static Verdict verdict(String network, long seed, String judge, String right) {
    return new Verdict(
        network,
        "r",
        seed,
        TWO,
        1,
        judge,
        right.isEmpty() ? Part.REGULARIZER : Part.NONE,
        List.of(0, 1, 2, 3),
        DISTANCES,
        0.1,
        right.isEmpty() ? List.of() : answers(TWO, 4, right));
  }

  /** A digit for each image: 1 is right. */
  private static List<Answer> answers(AlignmentMetric metric, int n, String right) {
    List<Trial> trials =
        metric instanceof Clustering clustering
            ? clustering.trials(n)
            : new TwoAlternativeForcedChoice().trials(n);
    return trials.stream()
        .map(
            trial -> {
              int k = trial.alternatives().size();
              boolean correct = right.charAt(trial.query().index()) == '1';
              double[] distances = new double[k];
              Arrays.setAll(distances, i -> 1 + i);
              distances[correct ? trial.correct() : (trial.correct() + 1) % k] = 0;
              return Answer.nearest(
                  trial, IntStream.range(0, k).mapToObj(i -> distances[i]).toList());
            })
        .toList();
  }
}
