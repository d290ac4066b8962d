package io.metamer.metrics;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * The tables of Nanda et al. (2023), as their talk shows them, to set one's own results beside.
 *
 * <p>Both have the same 14 networks in the same order. All numbers are proportions in [0, 1]; the
 * slides print percent.
 *
 * @apiNote The ± of the slides are population standard deviations: over annotators where people
 *     answered, else over LPIPS judges, never over seeds or images. How many there were is inferred
 *     from the digits: three annotators and four judges, three for adversarial regularizers. Two of
 *     the judges in the released code have heads with random weights.
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al. (2023), Do Invariances in Deep
 *     Neural Networks Align with Human Perception?</a>, slides of the talk at AAAI
 * @since 0.1
 */
public final class PublishedAlignment {

  private static final int ANNOTATORS = 3;
  private static final int JUDGES = 4;

  /** The judge that the search used was left out. */
  private static final int ADVERSARIAL_JUDGES = 3;

  private PublishedAlignment() {}

  /**
   * One network.
   *
   * @param data what it was trained on
   * @param training how: {@code standard}, or adversarially with the norm and radius
   * @param architecture its name
   * @since 0.1
   */
  public record Network(String data, String training, String architecture) {

    /** As one name: {@code CIFAR-10 adversarial l2 1 ResNet18}. */
    @Override
    public String toString() {
      return "%s %s %s".formatted(data, training, architecture);
    }
  }

  /**
   * A network's alignment as people and LPIPS see it, without a regularizer.
   *
   * @param network which
   * @param human2Afc people's 2AFC, chance 1/2, over annotators
   * @param lpips2Afc LPIPS's 2AFC
   * @param humanClustering people's clustering, chance 1/3, over annotators
   * @param lpipsClustering LPIPS's clustering
   * @param cleanAccuracy proportion of test images classified rightly
   * @param robustAccuracy the same under attack
   * @since 0.1
   */
  public record ObserverRow(
      Network network,
      Spread human2Afc,
      double lpips2Afc,
      Spread humanClustering,
      double lpipsClustering,
      double cleanAccuracy,
      double robustAccuracy) {}

  /**
   * A network's 2AFC as LPIPS sees it, over judges, with three kinds of regularizer.
   *
   * @param network which
   * @param free without one
   * @param aligned with one that agrees with human perception
   * @param adversarial with one that pushes the image away from its target
   * @since 0.1
   */
  public record RegularizerRow(Network network, Spread free, Spread aligned, Spread adversarial) {}

  /**
   * People against LPIPS.
   *
   * @return 14 networks
   */
  public static List<ObserverRow> observers() {
    return read(
        "nanda2023-observers.csv",
        List.of(
            "human_2afc",
            "human_2afc_deviation",
            "lpips_2afc",
            "human_clustering",
            "human_clustering_deviation",
            "lpips_clustering",
            "clean_accuracy",
            "robust_accuracy"),
        (network, row) ->
            new ObserverRow(
                network,
                spread(row, Spread.Over.ANNOTATORS, ANNOTATORS, "human_2afc"),
                proportion(row, "lpips_2afc"),
                spread(row, Spread.Over.ANNOTATORS, ANNOTATORS, "human_clustering"),
                proportion(row, "lpips_clustering"),
                proportion(row, "clean_accuracy"),
                proportion(row, "robust_accuracy")));
  }

  /**
   * Kinds of regularizer.
   *
   * @return 14 networks
   */
  public static List<RegularizerRow> regularizers() {
    return read(
        "nanda2023-regularizers.csv",
        List.of(
            "free",
            "free_deviation",
            "aligned",
            "aligned_deviation",
            "adversarial",
            "adversarial_deviation"),
        (network, row) ->
            new RegularizerRow(
                network,
                spread(row, Spread.Over.JUDGES, JUDGES, "free"),
                spread(row, Spread.Over.JUDGES, JUDGES, "aligned"),
                spread(row, Spread.Over.JUDGES, ADVERSARIAL_JUDGES, "adversarial")));
  }

  /**
   * Whether people and LPIPS, and both tests, rank the published networks alike.
   *
   * @return people against LPIPS in 2AFC, the same in clustering, and people's 2AFC against their
   *     clustering
   */
  public static List<RankAgreement> rankAgreement() {
    double[] human2Afc = column(row -> row.human2Afc().mean());
    double[] humanClustering = column(row -> row.humanClustering().mean());
    return List.of(
        RankAgreement.of("human 2AFC", human2Afc, "LPIPS 2AFC", column(ObserverRow::lpips2Afc)),
        RankAgreement.of(
            "human clustering",
            humanClustering,
            "LPIPS clustering",
            column(ObserverRow::lpipsClustering)),
        RankAgreement.of("human 2AFC", human2Afc, "human clustering", humanClustering));
  }

  private static double[] column(ToDoubleFunction<ObserverRow> value) {
    return observers().stream().mapToDouble(value).toArray();
  }

  private interface RowReader<T> {
    T read(Network network, Csv.Row row) throws IOException;
  }

  private static <T> List<T> read(String resource, List<String> numbers, RowReader<T> reader) {
    List<String> columns = new ArrayList<>(List.of("data", "training", "network"));
    columns.addAll(numbers);
    try (InputStream in =
            Objects.requireNonNull(
                PublishedAlignment.class.getResourceAsStream(resource), resource);
        Reader text = new InputStreamReader(in, StandardCharsets.UTF_8)) {
      List<T> rows = new ArrayList<>();
      for (Csv.Row row : Csv.readCommented(text, resource, columns)) {
        Network network = new Network(row.text("data"), row.text("training"), row.text("network"));
        rows.add(reader.read(network, row));
      }
      return List.copyOf(rows);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Spread spread(Csv.Row row, Spread.Over over, int n, String column)
      throws IOException {
    return new Spread(over, n, proportion(row, column), proportion(row, column + "_deviation"));
  }

  private static double proportion(Csv.Row row, String column) throws IOException {
    return row.number(column) / 100;
  }
}
