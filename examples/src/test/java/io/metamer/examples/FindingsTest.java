package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class FindingsTest {

  @Test
  void findings_sayHowTheSearchDiffersFromThePublishedOne() {
    assertEquals(
        "Every search started from the same noise image (seed 42) and took 50 steps that shrink to"
            + " nothing along half a cosine; the published search takes 5000 steps of constant"
            + " size.",
        Findings.of(Synthetic.results()).get(0));
  }

  @Test
  void findings_countWhatWasMatched() {
    assertEquals(
        "The robust network represents as it represents their targets, to within 0.1: 6 of 6 with"
            + " regularizer none, 6 of 6 with regularizer tv-l6, 0 of 6 with regularizer"
            + " adversarial.",
        Findings.of(Synthetic.results()).get(2));
  }

  @Test
  void findings_claimNoDifferenceWhereIntervalsOverlap() {
    List<String> findings = Findings.of(Synthetic.results());
    String none = findings.get(3);
    assertTrue(
        none.startsWith(
            "2AFC with regularizer none: the intervals overlap (standard 0.67 [0.30, 0.90],"),
        none);
    assertTrue(findings.stream().noneMatch(f -> f.contains("higher")), findings::toString);
  }

  @Test
  void findings_ofOneNetwork_compareNothing() {
    DemoResults one = Synthetic.results(Synthetic.results().searches().subList(0, 3), 3);
    assertEquals(2, Findings.of(one).size());
  }
}
