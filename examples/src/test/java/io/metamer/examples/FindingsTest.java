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
  void findings_ofAnInterruptedRun_doNotClaimThatItTookItsSteps() {
    DemoResults results = Synthetic.results(Synthetic.results().searches(), 7);
    assertTrue(Findings.of(results).get(0).contains(" and was to take 50 steps "));
  }

  @Test
  void findings_sayHowTheAdversarialRegularizerIsWeighted_whereThereIsOne() {
    DemoResults results = Synthetic.results();
    assertTrue(Findings.of(results).get(1).startsWith("The weight of the adversarial regularizer"));
    DemoResults without = Synthetic.results(results.searches().subList(0, 2), 2);
    assertTrue(Findings.of(without).stream().noneMatch(f -> f.contains("adversarial")));
  }

  @Test
  void findings_countWhatWasMatched() {
    assertEquals(
        "Images that the robust network represents as their targets, to within 0.1: 6 of 6 with"
            + " regularizer none, 6 of 6 with regularizer tv-l6, 0 of 6 with regularizer"
            + " adversarial.",
        Findings.of(Synthetic.results()).get(3));
  }

  @Test
  void findings_claimNoDifferenceWhereIntervalsOverlap() {
    List<String> findings = Findings.of(Synthetic.results());
    String none = findings.get(4);
    assertTrue(
        none.startsWith(
            "2AFC of all images with regularizer none: the intervals overlap (standard 0.67 [0.30, 0.90],"),
        none);
    assertTrue(findings.stream().noneMatch(f -> f.contains("higher")), findings::toString);
    assertTrue(none.endsWith("SSIM)."), none);
  }

  @Test
  void findings_onImagesThatAreNotMatched_cautionTheReader() {
    String adversarial = Findings.of(Synthetic.results()).get(6);
    assertTrue(
        adversarial.endsWith(
            "Not all of these images are matched (standard 6, robust 0 of 6); one that is not says"
                + " nothing about its network."),
        adversarial);
  }

  @Test
  void findings_ofOneNetwork_compareNothing() {
    DemoResults one = Synthetic.results(Synthetic.results().searches().subList(0, 3), 3);
    assertEquals(3, Findings.of(one).size());
  }
}
