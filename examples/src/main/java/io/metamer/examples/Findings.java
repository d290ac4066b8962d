package io.metamer.examples;

import io.metamer.examples.DemoResults.Search;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Interval;
import io.metamer.metrics.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The results in sentences. They follow from the numbers alone, whatever these show. */
final class Findings {

  private Findings() {}

  static List<String> of(DemoResults results) {
    List<String> sentences = new ArrayList<>();
    sentences.add(search(results));
    for (String network : results.networks()) {
      sentences.add(matching(network, results.of(network)));
    }
    if (results.networks().size() == 2) {
      results.searches().stream()
          .map(Search::regularizer)
          .distinct()
          .forEach(regularizer -> comparison(results, regularizer).ifPresent(sentences::add));
    }
    return sentences;
  }

  private static String search(DemoResults results) {
    InversionOptions options = results.searches().get(0).options();
    StepRule step = options.step();
    boolean published =
        step.equals(StepRule.normalized(1))
            && options.iterations() == InversionOptions.DEFAULT_ITERATIONS;
    boolean decays =
        step instanceof StepRule.Normalized normalized && normalized.schedule() == Schedule.COSINE;
    return "Every search started from the same noise image (seed %d) and took %d steps%s."
        .formatted(
            results.seed(),
            options.iterations(),
            published
                ? " of constant size, as published"
                : "%s; the published search takes %d steps of constant size"
                    .formatted(
                        decays ? " that shrink to nothing along half a cosine" : "",
                        InversionOptions.DEFAULT_ITERATIONS));
  }

  private static String matching(String network, List<Search> searches) {
    return searches.stream()
        .map(
            s ->
                "%s %d of %d (mean relative distance %s)"
                    .formatted(
                        s.regularizer(),
                        s.matchedOutcomes().size(),
                        s.outcomes().size(),
                        Table.distance(s.outcomes())))
        .collect(
            Collectors.joining(
                ", ",
                "%s network, images matched to within %s: "
                    .formatted(network, searches.get(0).options().tolerance()),
                "."));
  }

  /** The two networks against each other; absent if one of them lacks the regularizer. */
  private static Optional<String> comparison(DemoResults results, String regularizer) {
    List<Search> searches =
        results.searches().stream().filter(s -> s.regularizer().equals(regularizer)).toList();
    if (searches.size() != 2) {
      return Optional.empty();
    }
    List<String> parts = new ArrayList<>();
    for (String judge : results.judges()) {
      for (String metric : Table.METRICS) {
        Optional<Score> first = score(searches.get(0), judge, metric);
        Optional<Score> second = score(searches.get(1), judge, metric);
        if (first.isPresent() && second.isPresent()) {
          parts.add(
              "%s by %s: %s %s, %s %s, %s"
                  .formatted(
                      metric,
                      judge,
                      searches.get(0).network(),
                      shown(first.get()),
                      searches.get(1).network(),
                      shown(second.get()),
                      verdict(searches, first.get(), second.get())));
        }
      }
    }
    return parts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "Regularizer %s, all images. %s.".formatted(regularizer, String.join("; ", parts)));
  }

  private static Optional<Score> score(Search search, String judge, String metric) {
    return search.report(judge, metric).flatMap(AlignmentReport::all);
  }

  private static String shown(Score score) {
    return "%s %s".formatted(Table.decimals(score.value(), 2), score.interval());
  }

  private static String verdict(List<Search> searches, Score first, Score second) {
    Interval a = first.interval();
    Interval b = second.interval();
    if (a.high() < b.low()) {
      return "%s higher, intervals apart".formatted(searches.get(1).network());
    }
    if (b.high() < a.low()) {
      return "%s higher, intervals apart".formatted(searches.get(0).network());
    }
    return "intervals overlap, not told apart by so few images";
  }
}
