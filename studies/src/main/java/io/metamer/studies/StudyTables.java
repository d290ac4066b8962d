package io.metamer.studies;

import io.metamer.metrics.Correlation;
import io.metamer.metrics.Estimate;
import io.metamer.metrics.Interval;
import io.metamer.metrics.PublishedAlignment;
import io.metamer.metrics.RankAgreement;
import io.metamer.metrics.Score;
import io.metamer.metrics.Spread;
import io.metamer.studies.StudyScores.Difference;
import io.metamer.studies.StudyScores.Images;
import io.metamer.studies.StudyScores.Pooled;
import io.metamer.studies.StudyScores.Row;
import io.metamer.studies.Table.Cell;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The tables of a study: networks x regularizers, as Nanda et al. (2023) have them, and what they
 * leave out; and those that were published, to set beside.
 */
final class StudyTables {

  private static final Cell NOTHING = Cell.of("-");

  private static final String SOURCE = "Nanda et al. (2023)";

  private StudyTables() {}

  /** Of the study. */
  static List<Table> of(StudyScores scores) {
    List<Table> tables = new ArrayList<>();
    for (String test : distinct(scores.pooled(), Pooled::test)) {
      for (Images images : Images.values()) {
        tables.add(alignment(scores, test, images));
      }
    }
    tables.add(distances(scores));
    for (String test : distinct(scores.pooled(), Pooled::test)) {
      tables.add(judges(scores, test));
    }
    tables.add(spreads(scores));
    List<Difference> differences =
        scores.differences().stream().filter(d -> d.judge().isEmpty()).toList();
    if (!differences.isEmpty()) {
      tables.add(differences(differences));
    }
    agreement(scores).ifPresent(tables::add);
    return tables;
  }

  /** Networks by regularizers: the layout of the published table. */
  private static Table alignment(StudyScores scores, String test, Images images) {
    List<String> regularizers = distinct(scores.pooled(), Pooled::regularizer);
    List<List<Cell>> rows = new ArrayList<>();
    for (String network : distinct(scores.pooled(), Pooled::network)) {
      List<Cell> row = new ArrayList<>(List.of(Cell.of(network)));
      for (String regularizer : regularizers) {
        row.add(
            cell(scores, network, regularizer, test, images)
                .map(cell -> alignment(cell, images))
                .orElse(NOTHING));
      }
      rows.add(row);
    }
    return new Table(
        "%s-%s".formatted(id(test), images.name().toLowerCase(Locale.ROOT)),
        "%s, %s, %% of answers"
            .formatted(test, images == Images.ALL ? "all images" : "matched images only"),
        with("network", regularizers),
        rows,
        "Mean over judges and seeds ± standard deviation over judges, [95 % interval over targets]"
            + (images == Images.MATCHED ? "; matched images of all that were found." : ".")
            + (scores.pooled().stream().map(Pooled::heldOut).distinct().count() > 1
                ? " Not all cells have the same judges: some were held out."
                : ""));
  }

  private static Cell alignment(Pooled cell, Images images) {
    String counted = images == Images.MATCHED ? " %d of %d".formatted(cell.n(), cell.total()) : "";
    if (cell.estimate().isEmpty()) {
      String why = cell.n() == 0 ? "none matched" : "held out";
      return new Cell("-", "", why + (cell.n() == 0 ? "" : counted));
    }
    Estimate estimate = cell.estimate().get();
    return new Cell(
        percent(estimate.value()),
        // Of one judge there is no spread.
        cell.overJudges()
            .filter(s -> s.n() > 1)
            .map(Spread::deviation)
            .map(StudyTables::percent)
            .orElse(""),
        interval(estimate.interval()) + counted);
  }

  private static Table distances(StudyScores scores) {
    List<String> regularizers = distinct(scores.pooled(), Pooled::regularizer);
    String test = scores.pooled().get(0).test();
    List<List<Cell>> rows = new ArrayList<>();
    for (String network : distinct(scores.pooled(), Pooled::network)) {
      List<Cell> row = new ArrayList<>(List.of(Cell.of(network)));
      for (String regularizer : regularizers) {
        Optional<Integer> matched =
            cell(scores, network, regularizer, test, Images.MATCHED).map(Pooled::n);
        row.add(
            cell(scores, network, regularizer, test, Images.ALL)
                .map(
                    cell ->
                        new Cell(
                            cell.distance().map(StudyTables::digits).orElse("-"),
                            "",
                            "%d of %d matched".formatted(matched.orElse(0), cell.total())))
                .orElse(NOTHING));
      }
      rows.add(row);
    }
    return new Table(
        "distance",
        "Relative distance between representations of image and target, median",
        with("network", regularizers),
        rows,
        "");
  }

  /** Judge by judge, from all seeds and repetitions. */
  private static Table judges(StudyScores scores, String test) {
    List<String> judges = distinct(scores.rows(), Row::judge);
    List<List<Cell>> rows = new ArrayList<>();
    for (Pooled cell : cells(scores, test)) {
      List<Cell> row =
          new ArrayList<>(List.of(Cell.of(cell.network() + ", " + cell.regularizer())));
      for (String judge : judges) {
        row.add(
            proportion(scores, cell, judge)
                .map(value -> Cell.of(percent(value)))
                .orElseGet(() -> Cell.of("held out")));
      }
      rows.add(row);
    }
    return new Table(
        id(test) + "-judges",
        "%s by judge, all images, %% of answers".formatted(test),
        with("network, regularizer", judges),
        rows,
        "");
  }

  private static Optional<Double> proportion(StudyScores scores, Pooled cell, String judge) {
    List<Score> of =
        scores.rows().stream()
            .filter(row -> row.judge().equals(judge) && row.images() == cell.images())
            .filter(row -> row.network().equals(cell.network()))
            .filter(row -> row.regularizer().equals(cell.regularizer()))
            .filter(row -> row.test().equals(cell.test()))
            .flatMap(row -> row.score().stream())
            .toList();
    double n = of.stream().mapToInt(Score::n).sum();
    return of.isEmpty()
        ? Optional.empty()
        : Optional.of(of.stream().mapToInt(Score::correct).sum() / n);
  }

  private static Table spreads(StudyScores scores) {
    List<List<Cell>> rows = new ArrayList<>();
    for (Pooled cell : scores.pooled()) {
      if (cell.images() == Images.ALL && cell.estimate().isPresent()) {
        rows.add(
            List.of(
                Cell.of("%s, %s, %s".formatted(cell.network(), cell.regularizer(), cell.test())),
                Cell.of(percent(cell.estimate().get().value())),
                spread(cell.overJudges()),
                spread(cell.overSeeds()),
                spread(cell.overImages())));
      }
    }
    return new Table(
        "spreads",
        "How far scores differ over judges, seeds and targets, % of answers, all images",
        List.of("network, regularizer, test", "score", "over judges", "over seeds", "over targets"),
        rows,
        "Standard deviations of these judges, seeds and targets, and how many there are.");
  }

  private static Cell spread(Optional<Spread> spread) {
    return spread.map(s -> new Cell(percent(s.deviation()), "", "n = " + s.n())).orElse(NOTHING);
  }

  private static Table differences(List<Difference> differences) {
    return new Table(
        "differences",
        "Networks compared, all images, difference in percentage points",
        List.of("regularizer, test", "networks", "difference", "n", "p", "p after Holm"),
        differences.stream()
            .map(
                d ->
                    List.of(
                        Cell.of("%s, %s".formatted(d.regularizer(), d.test())),
                        Cell.of("%s - %s".formatted(d.first(), d.second())),
                        new Cell(
                            percent(d.value()),
                            "",
                            d.interval().map(StudyTables::interval).orElse("")),
                        Cell.of(d.n()),
                        Cell.of(p(d.p())),
                        Cell.of(p(d.corrected()))))
            .toList(),
        "Sign flips of the differences of each target (of clustering, each triple), from the judges"
            + " and seeds that both networks have; Holm's correction among the pairs of networks of"
            + " one regularizer and test.");
  }

  /** How alike judges rank the cells. */
  private static Optional<Table> agreement(StudyScores scores) {
    List<String> judges = distinct(scores.rows(), Row::judge);
    List<List<Cell>> rows = new ArrayList<>();
    for (String test : distinct(scores.pooled(), Pooled::test)) {
      for (int i = 0; i < judges.size(); i++) {
        for (int j = i + 1; j < judges.size(); j++) {
          List<double[]> pairs = new ArrayList<>();
          for (Pooled cell : cells(scores, test)) {
            Optional<Double> x = proportion(scores, cell, judges.get(i));
            Optional<Double> y = proportion(scores, cell, judges.get(j));
            if (x.isPresent() && y.isPresent()) {
              pairs.add(new double[] {x.get(), y.get()});
            }
          }
          if (pairs.size() > 2) {
            rows.add(
                agreement(
                    test,
                    RankAgreement.of(
                        judges.get(i),
                        pairs.stream().mapToDouble(pair -> pair[0]).toArray(),
                        judges.get(j),
                        pairs.stream().mapToDouble(pair -> pair[1]).toArray())));
          }
        }
      }
    }
    return rows.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Table(
                "agreement",
                "Do judges rank networks with regularizers alike?",
                List.of("test, judges", "Spearman", "Kendall", "n"),
                rows,
                "Rank correlations over the cells of networks x regularizers that both judged,"
                    + " [95 % interval]."));
  }

  private static List<Cell> agreement(String test, RankAgreement agreement) {
    String name = "%s and %s".formatted(agreement.first(), agreement.second());
    return List.of(
        Cell.of(test.isEmpty() ? name : test + ", " + name),
        correlation(agreement.spearman()),
        correlation(agreement.kendall()),
        Cell.of(agreement.spearman().map(c -> Integer.toString(c.n())).orElse("-")));
  }

  private static Cell correlation(Optional<Correlation> correlation) {
    return correlation
        .map(
            c ->
                new Cell(
                    String.format(Locale.ROOT, "%.2f", c.value()),
                    "",
                    c.interval().map(Interval::toString).orElse("")))
        .orElse(NOTHING);
  }

  /** Those that were published. */
  static List<Table> published() {
    return List.of(
        new Table(
            "published-regularizers",
            "Published: 2AFC by LPIPS, %, " + SOURCE,
            List.of("network", "reg-free", "human-aligned", "adversarial"),
            PublishedAlignment.regularizers().stream()
                .map(
                    row ->
                        List.of(
                            Cell.of(row.network()),
                            published(row.free()),
                            published(row.aligned()),
                            published(row.adversarial())))
                .toList(),
            "± over LPIPS judges, of which two in the released code have random heads."),
        new Table(
            "published-observers",
            "Published: people and LPIPS, %, " + SOURCE,
            List.of(
                "network",
                "human 2AFC",
                "LPIPS 2AFC",
                "human clustering",
                "LPIPS clustering",
                "clean accuracy",
                "robust accuracy"),
            PublishedAlignment.observers().stream()
                .map(
                    row ->
                        List.of(
                            Cell.of(row.network()),
                            published(row.human2Afc()),
                            Cell.of(hundredths(row.lpips2Afc())),
                            published(row.humanClustering()),
                            Cell.of(hundredths(row.lpipsClustering())),
                            Cell.of(hundredths(row.cleanAccuracy())),
                            Cell.of(hundredths(row.robustAccuracy()))))
                .toList(),
            "± over annotators. Without a regularizer."),
        new Table(
            "published-agreement",
            "Published: do people and LPIPS, and both tests, rank the networks alike?",
            List.of("measures", "Spearman", "Kendall", "n"),
            PublishedAlignment.rankAgreement().stream()
                .map(agreement -> agreement("", agreement))
                .toList(),
            "Computed from the table of people and LPIPS, [95 % interval over networks]."));
  }

  private static Cell published(Spread spread) {
    return new Cell(hundredths(spread.mean()), hundredths(spread.deviation()), "");
  }

  private static List<Pooled> cells(StudyScores scores, String test) {
    return scores.pooled().stream()
        .filter(cell -> cell.test().equals(test) && cell.images() == Images.ALL)
        .toList();
  }

  private static Optional<Pooled> cell(
      StudyScores scores, String network, String regularizer, String test, Images images) {
    return scores.pooled().stream()
        .filter(cell -> cell.network().equals(network) && cell.regularizer().equals(regularizer))
        .filter(cell -> cell.test().equals(test) && cell.images() == images)
        .findFirst();
  }

  static <T> List<String> distinct(List<T> of, Function<T, String> name) {
    return of.stream().map(name).distinct().toList();
  }

  private static List<String> with(String first, List<String> more) {
    return Stream.concat(Stream.of(first), more.stream()).toList();
  }

  private static String id(String test) {
    return test.toLowerCase(Locale.ROOT).replace(' ', '-');
  }

  private static String percent(double proportion) {
    return String.format(Locale.ROOT, "%.1f", 100 * proportion);
  }

  private static String hundredths(double proportion) {
    return String.format(Locale.ROOT, "%.2f", 100 * proportion);
  }

  private static String interval(Interval interval) {
    return "[%s, %s]".formatted(percent(interval.low()), percent(interval.high()));
  }

  private static String digits(double distance) {
    return Double.isFinite(distance) ? String.format(Locale.ROOT, "%.3g", distance) : "diverged";
  }

  private static String p(double p) {
    return String.format(Locale.ROOT, p < 0.001 ? "%.0e" : "%.2g", p);
  }
}
