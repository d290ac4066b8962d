package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class PublishedAlignmentTest {

  @Test
  void tables_haveTheSameFourteenNetworks() {
    List<PublishedAlignment.Network> networks =
        PublishedAlignment.observers().stream().map(row -> row.network()).toList();
    assertEquals(14, networks.stream().distinct().count());
    assertEquals(
        networks, PublishedAlignment.regularizers().stream().map(row -> row.network()).toList());
    assertEquals("CIFAR-10 adversarial l2 1 ResNet18", networks.get(0).toString());
  }

  @Test
  void rows_areAsTheSlidesShowThem() {
    PublishedAlignment.ObserverRow vgg = PublishedAlignment.observers().get(1);
    assertEquals("VGG16", vgg.network().architecture());
    assertEquals(new Spread(Spread.Over.ANNOTATORS, 3, 0.3883, 0.0759), vgg.human2Afc());
    assertEquals(0.115, vgg.lpips2Afc());
    assertClose(0.55387, vgg.humanClustering().mean(), 1e-12, 0);
    assertClose(0.05629, vgg.humanClustering().deviation(), 1e-12, 0);
    assertEquals(0.4697, vgg.lpipsClustering());
    assertEquals(0.7984, vgg.cleanAccuracy());
    assertEquals(0.4836, vgg.robustAccuracy());
    PublishedAlignment.RegularizerRow resnet = PublishedAlignment.regularizers().get(9);
    assertEquals("ImageNet adversarial l2 3 ResNet50", resnet.network().toString());
    assertEquals("0.51 ± 0.35 over 4 judges", resnet.free().toString());
    assertEquals("0.46 ± 0.37 over 4 judges", resnet.aligned().toString());
    assertEquals("0.14 ± 0.04 over 3 judges", resnet.adversarial().toString());
  }

  /** How far annotators differ in each row, as published and as expected of further annotators. */
  @Test
  void annotatorSpread_ofEachRow_isThatOfThree() {
    for (PublishedAlignment.ObserverRow row : PublishedAlignment.observers()) {
      for (Spread people : List.of(row.human2Afc(), row.humanClustering())) {
        assertEquals(Spread.Over.ANNOTATORS, people.over());
        assertClose(
            people.deviation() * Math.sqrt(1.5), people.sampleDeviation().orElseThrow(), 1e-12, 0);
        assertTrue(people.deviation() <= 0.1, row.network().toString());
      }
    }
  }

  /** Sums of the slides' columns, in percent: no cell is mistyped unseen. */
  @Test
  void columns_addUp() {
    observers(619.34, row -> row.human2Afc().mean());
    observers(45.12, row -> row.human2Afc().deviation());
    observers(548.5, PublishedAlignment.ObserverRow::lpips2Afc);
    observers(881.077, row -> row.humanClustering().mean());
    observers(42.849, row -> row.humanClustering().deviation());
    observers(794.44, PublishedAlignment.ObserverRow::lpipsClustering);
    observers(1095.85, PublishedAlignment.ObserverRow::cleanAccuracy);
    observers(307.65, PublishedAlignment.ObserverRow::robustAccuracy);
    regularizers(318, row -> row.free().mean());
    regularizers(179.65, row -> row.free().deviation());
    regularizers(544.07, row -> row.aligned().mean());
    regularizers(309.89, row -> row.aligned().deviation());
    regularizers(32.65, row -> row.adversarial().mean());
    regularizers(18.32, row -> row.adversarial().deviation());
  }

  private static void observers(
      double sum, ToDoubleFunction<PublishedAlignment.ObserverRow> column) {
    assertClose(
        sum, 100 * PublishedAlignment.observers().stream().mapToDouble(column).sum(), 1e-12, 0);
  }

  private static void regularizers(
      double sum, ToDoubleFunction<PublishedAlignment.RegularizerRow> column) {
    assertClose(
        sum, 100 * PublishedAlignment.regularizers().stream().mapToDouble(column).sum(), 1e-12, 0);
  }

  /** The script reads the same table. */
  @ParameterizedTest
  @CsvFileSource(resources = "/golden/statistics/correlation.csv", numLinesToSkip = 1)
  void rankAgreement_ofPublishedColumns_agreesWithScipy(
      String name,
      String x,
      String y,
      double spearman,
      Double spearmanLow,
      Double spearmanHigh,
      double kendall,
      Double kendallLow,
      Double kendallHigh) {
    for (RankAgreement agreement : PublishedAlignment.rankAgreement()) {
      if (name.equals("%s against %s".formatted(agreement.first(), agreement.second()))) {
        agrees(spearman, spearmanLow, spearmanHigh, agreement.spearman().orElseThrow());
        agrees(kendall, kendallLow, kendallHigh, agreement.kendall().orElseThrow());
      }
    }
  }

  private static void agrees(double value, double low, double high, Correlation correlation) {
    assertEquals(14, correlation.n());
    assertClose(value, correlation.value(), 1e-10, 0);
    assertClose(low, correlation.interval().orElseThrow().low(), 1e-10, 0);
    assertClose(high, correlation.interval().orElseThrow().high(), 1e-10, 0);
  }

  @Test
  void rankAgreement_printsBothCorrelations() {
    assertEquals(
        List.of(
            "human 2AFC against LPIPS 2AFC: Spearman 0.87 [0.57, 0.97], n = 14; Kendall 0.74 [0.49,"
                + " 0.87], n = 14",
            "human clustering against LPIPS clustering: Spearman 0.90 [0.64, 0.97], n = 14; Kendall"
                + " 0.76 [0.53, 0.89], n = 14",
            "human 2AFC against human clustering: Spearman 0.97 [0.87, 0.99], n = 14; Kendall 0.90"
                + " [0.79, 0.96], n = 14"),
        PublishedAlignment.rankAgreement().stream().map(RankAgreement::toString).toList());
  }
}
