package io.metamer.examples;

import io.metamer.examples.DemoResults.Mean;
import io.metamer.examples.DemoResults.Search;
import io.metamer.inversion.ImageOutcome;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Interval;
import io.metamer.metrics.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** The results as a table for a terminal of 120 columns. */
final class Table {

  /** The metrics of the table, by name. */
  static final List<String> METRICS = List.of("2AFC", "clustering");

  /** "0.05 [0.01, 0.24]" and a gap. */
  private static final int CELL = 18;

  private Table() {}

  static String of(DemoResults results) {
    List<String> lines = new ArrayList<>();
    String head = row("", "", "");
    lines.add(head + each(results.judges(), judge -> pad(shortened(judge), CELL * 2)));
    lines.add(head + each(results.judges(), j -> pad("(" + DemoResults.STAND_IN + ")", CELL * 2)));
    lines.add(
        row("regularizer", "images", "relative distance")
            + each(results.judges(), judge -> each(METRICS, m -> pad(m, CELL))));
    for (String network : results.networks()) {
      lines.add("");
      lines.add(network + " network");
      for (Search search : results.of(network)) {
        lines.addAll(rows(results, search));
      }
    }
    return String.join("\n", lines.stream().map(String::stripTrailing).toList()) + "\n";
  }

  private static List<String> rows(DemoResults results, Search search) {
    int matched = search.matchedOutcomes().size();
    return List.of(
        row(
                "  " + search.regularizer(),
                "all " + search.outcomes().size(),
                distance(search.outcomes()))
            + cells(results, search, AlignmentReport::all),
        row(
                search.interrupted() ? "  interrupted" : "",
                "matched " + matched,
                matched == 0
                    ? "- (0 of %d matched)".formatted(search.outcomes().size())
                    : distance(search.matchedOutcomes()))
            + cells(results, search, AlignmentReport::matched));
  }

  private static String row(String regularizer, String images, String distance) {
    return pad(regularizer, 14) + pad(images, 12) + pad(distance, 21);
  }

  private static String cells(
      DemoResults results, Search search, Function<AlignmentReport, Optional<Score>> which) {
    return each(
        results.judges(),
        judge -> each(METRICS, metric -> pad(cell(search.report(judge, metric), which), CELL)));
  }

  /**
   * A score in a table: "0.85 [0.64, 0.95]", "held out", or "-" where there is nothing to score.
   */
  static String cell(
      Optional<AlignmentReport> report, Function<AlignmentReport, Optional<Score>> which) {
    if (report.isPresent() && report.get().heldOut()) {
      return "held out";
    }
    return report
        .flatMap(which)
        .map(score -> "%s %s".formatted(decimals(score.value(), 2), score.interval()))
        .orElse("-");
  }

  /** The mean relative distance: "0.031 [0.020, 0.041]". */
  static String distance(List<ImageOutcome> outcomes) {
    Mean mean = Mean.of(outcomes, ImageOutcome::distance);
    Interval interval = mean.interval();
    return "%s [%s, %s]"
        .formatted(
            decimals(mean.value(), 3), decimals(interval.low(), 3), decimals(interval.high(), 3));
  }

  static String decimals(double number, int places) {
    return String.format(Locale.ROOT, "%." + places + "f", number);
  }

  private static String shortened(String judge) {
    int longest = CELL * 2 - 2;
    return judge.length() <= longest ? judge : judge.substring(0, longest - 3) + "...";
  }

  private static <T> String each(List<T> items, Function<T, String> text) {
    return String.join("", items.stream().map(text).toList());
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(1, width - text.length()));
  }
}
