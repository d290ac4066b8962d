package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.apache.commons.math3.distribution.BinomialDistribution;
import org.junit.jupiter.api.Test;

/** The page on reading the numbers says what the library says. */
final class ReadingTheNumbersTest {

  private static final Path PAGE =
      Path.of("").toAbsolutePath().resolveSibling("docs").resolve("reading-the-numbers.md");

  private static final int INDEPENDENT = 381;

  @Test
  void rankAgreement_ofThePage_isTheLibrarys() throws IOException {
    String page = Files.readString(PAGE);
    for (RankAgreement agreement : PublishedAlignment.rankAgreement()) {
      assertTrue(page.contains("\n    " + agreement + "\n"), agreement::toString);
    }
    assertTrue(page.contains(among(true, " is %.2f in 2AFC and %.2f in clustering")), page);
    assertTrue(page.contains(among(false, "among the seven standard ones %.2f and %.2f,")), page);
  }

  private static String among(boolean adversarial, String sentence) {
    List<PublishedAlignment.ObserverRow> rows =
        PublishedAlignment.observers().stream()
            .filter(row -> row.network().training().equals("standard") != adversarial)
            .toList();
    assertEquals(7, rows.size());
    return String.format(
        Locale.ROOT,
        sentence,
        Correlation.spearman(
                rows.stream().mapToDouble(row -> row.human2Afc().mean()).toArray(),
                rows.stream().mapToDouble(row -> row.lpips2Afc()).toArray())
            .orElseThrow()
            .value(),
        Correlation.spearman(
                rows.stream().mapToDouble(row -> row.humanClustering().mean()).toArray(),
                rows.stream().mapToDouble(row -> row.lpipsClustering()).toArray())
            .orElseThrow()
            .value());
  }

  @Test
  void accuracy_ofThePage_hasItsInterval() throws IOException {
    Accuracy accuracy = new Accuracy(9173, 10_000, Binomial.wilson(9173, 10_000, 0.95));
    assertTrue(Files.readString(PAGE).contains("\n    clean         " + accuracy + "\n"));
  }

  @Test
  void sampleSizes_ofThePage_areTheLibrarys() throws IOException {
    List<String> page = Files.readAllLines(PAGE);
    for (double score : new double[] {0.5, 0.7, 0.8, 0.9, 0.95, 1}) {
      String row =
          row(
              String.format(Locale.ROOT, "%.2f", score),
              DoubleStream.of(0.2, 0.1, 0.05).mapToObj(w -> SampleSize.answers(score, w)));
      assertTrue(page.contains(row), row);
    }
    assertEquals(INDEPENDENT, SampleSize.answers(0.5, 0.1));
    for (int cluster : new int[] {3, 10, 50}) {
      String row =
          row(
              Integer.toString(cluster),
              DoubleStream.of(0.01, 0.05, 0.1, 0.3)
                  .mapToObj(r -> SampleSize.clustered(INDEPENDENT, cluster, r)));
      assertTrue(page.contains(row), row);
    }
  }

  private static String row(String head, Stream<Integer> cells) {
    return "| %s | %s |"
        .formatted(head, cells.map(String::valueOf).collect(Collectors.joining(" | ")));
  }

  @Test
  void coverage_ofThePage_isTheSumOfTheBinomial() throws IOException {
    BinomialDistribution guesses = new BinomialDistribution(null, 100, 0.5);
    double coverage = 0;
    for (int correct = 0; correct <= 100; correct++) {
      Interval interval = Binomial.wilson(correct, 100, 0.95);
      boolean holds = interval.low() <= 0.5 && 0.5 <= interval.high();
      coverage += holds ? guesses.probability(correct) : 0;
    }
    String sentence = String.format(Locale.ROOT, "At 1/2 it is\n%.3f for n = 100", coverage);
    assertTrue(Files.readString(PAGE).contains(sentence), sentence);
  }

  @Test
  void smallestP_ofFewPairs_isAsThePageSays() {
    assertEquals(0.25, smallestP(3));
    assertTrue(smallestP(5) > 0.05);
    assertTrue(smallestP(6) < 0.05);
  }

  private static double smallestP(int pairs) {
    double[] ones = DoubleStream.generate(() -> 1).limit(pairs).toArray();
    return PairedDifference.of(ones, new double[pairs], 1).p();
  }
}
