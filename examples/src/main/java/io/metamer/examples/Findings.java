package io.metamer.examples;

import io.metamer.examples.DemoResults.Search;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Score;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The results in sentences. They follow from the numbers alone, whatever these show. */
final class Findings {

  private static final String ADVERSARIAL = Demo.Name.ADVERSARIAL.toString();

  private Findings() {}

  static List<String> of(DemoResults results) {
    List<String> sentences = new ArrayList<>();
    sentences.add(search(results));
    if (results.searches().stream().anyMatch(s -> s.regularizer().equals(ADVERSARIAL))) {
      sentences.add(
          "The weight of the adversarial regularizer is set as the code released with Nanda et al."
              + " (2023) sets it for small images: mean relative distance over mean perceptual"
              + " distance, both at the seeds. The published weight of 10 suits LPIPS, and is not"
              + " used here.");
    }
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
        step instanceof StepRule.Normalized normalized
            && normalized.schedule().equals(Schedule.COSINE);
    return "Every search started from the same noise image (seed %d) and %s %d steps%s."
        .formatted(
            results.seed(),
            results.interrupted() ? "was to take" : "took",
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
                "%d of %d with regularizer %s"
                    .formatted(s.matchedOutcomes().size(), s.outcomes().size(), s.regularizer()))
        .collect(
            Collectors.joining(
                ", ",
                "Images that the %s network represents as their targets, to within %s: "
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
    String first = searches.get(0).network();
    String second = searches.get(1).network();
    Map<String, List<String>> scores = new LinkedHashMap<>();
    for (String judge : results.judges()) {
      Optional<Score> a = score(searches.get(0), judge);
      Optional<Score> b = score(searches.get(1), judge);
      if (a.isPresent() && b.isPresent()) {
        scores
            .computeIfAbsent(verdict(first, a.get(), second, b.get()), v -> new ArrayList<>())
            .add(
                "%s %s, %s %s, by %s"
                    .formatted(first, shown(a.get()), second, shown(b.get()), judge));
      }
    }
    return scores.isEmpty()
        ? Optional.empty()
        : Optional.of(
            scores.entrySet().stream()
                .map(e -> "%s (%s)".formatted(e.getKey(), String.join("; ", e.getValue())))
                .collect(
                    Collectors.joining(
                        "; ",
                        "2AFC of all images with regularizer " + regularizer + ": ",
                        "." + caution(searches))));
  }

  private static String caution(List<Search> searches) {
    if (searches.stream().allMatch(s -> s.matchedOutcomes().size() == s.outcomes().size())) {
      return "";
    }
    return searches.stream()
        .map(s -> "%s %d".formatted(s.network(), s.matchedOutcomes().size()))
        .collect(
            Collectors.joining(
                ", ",
                " Not all of these images are matched (",
                " of %d); one that is not says nothing about its network."
                    .formatted(searches.get(0).outcomes().size())));
  }

  private static Optional<Score> score(Search search, String judge) {
    return search.report(judge, Table.METRICS.get(0)).flatMap(AlignmentReport::all);
  }

  private static String shown(Score score) {
    return "%s %s".formatted(Table.decimals(score.value(), 2), score.interval());
  }

  private static String verdict(String first, Score a, String second, Score b) {
    if (a.interval().high() < b.interval().low()) {
      return second + " scores higher, the intervals are apart";
    }
    if (b.interval().high() < a.interval().low()) {
      return first + " scores higher, the intervals are apart";
    }
    return "the intervals overlap";
  }
}
