package io.metamer.metrics;

import io.metamer.inversion.InversionResult;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What an alignment metric found with a panel of judges.
 *
 * <p>Beside the report of each judge it carries two pooled scores, like those of one judge: of
 * every image, and of those within the tolerance. Judges that were held out have no part in them.
 *
 * @param metric the name of the metric
 * @param judges the report of each judge, in the panel's order; at least one
 * @param tookPart the names of the judges that rest on a distance which the search was regularized
 *     with: held out, unless the panel asked for every judge
 * @param all of all trials; absent only if every judge was held out
 * @param matched of the matched trials; absent if there are none or every judge was held out
 * @since 0.1
 */
public record PanelReport(
    String metric,
    List<AlignmentReport> judges,
    List<String> tookPart,
    Optional<PooledScore> all,
    Optional<PooledScore> matched) {

  public PanelReport {
    judges = List.copyOf(judges);
    tookPart = List.copyOf(tookPart);
    long asked = judges.stream().filter(report -> !report.heldOut()).count();
    if (judges.isEmpty()
        || all.map(PooledScore::judges).orElse(0) != asked
        || matched.map(PooledScore::judges).orElse((int) asked) != asked
        || (all.isEmpty() && matched.isPresent())) {
      throw new IllegalArgumentException(
          "expected scores of the %d judges that were asked, of %d, got %s and %s"
              .formatted(asked, judges.size(), all, matched));
    }
  }

  static PanelReport of(
      AlignmentMetric metric,
      InversionResult result,
      List<AlignmentReport> judges,
      List<String> tookPart) {
    Set<Integer> identical =
        Arrays.stream(result.identical(result.options().tolerance()))
            .boxed()
            .collect(Collectors.toSet());
    return new PanelReport(
        metric.name(),
        judges,
        tookPart,
        pooled(metric, judges, answers -> answers),
        pooled(
            metric,
            judges,
            answers ->
                answers.stream()
                    .filter(a -> identical.contains(a.trial().query().index()))
                    .toList()));
  }

  private static Optional<PooledScore> pooled(
      AlignmentMetric metric, List<AlignmentReport> judges, UnaryOperator<List<Answer>> some) {
    List<List<Answer>> answers =
        judges.stream()
            .filter(report -> !report.heldOut())
            .map(report -> some.apply(report.answers()))
            .filter(list -> !list.isEmpty())
            .toList();
    return answers.isEmpty()
        ? Optional.empty()
        : Optional.of(PooledScore.of(answers, metric::aligned));
  }

  /**
   * The judges that were not asked.
   *
   * @return their names; empty if all were
   */
  public List<String> heldOut() {
    return judges.stream().filter(AlignmentReport::heldOut).map(AlignmentReport::observer).toList();
  }

  /**
   * The pooled scores in one line, and one line for each judge:
   *
   * <pre>
   * 2AFC 0.71 [0.61, 0.79], mean of 2 judges, judge spread 0.12, n = 100, chance 0.50; within 0.1: - (0 of 100 matched)
   *   SSIM: 2AFC 0.83 [0.74, 0.89], n = 100, chance 0.50, p = 7e-12; within 0.1: - (0 of 100 matched)
   *   MS-SSIM: 2AFC 0.59 [0.49, 0.68], n = 100, chance 0.50, p = 0.044; within 0.1: - (0 of 100 matched)
   *   pixels: 2AFC held out: pixels took part in the search
   * </pre>
   */
  @Override
  public String toString() {
    AlignmentReport first = judges.get(0);
    StringBuilder text =
        new StringBuilder(
            all.map(
                    score ->
                        "%s %s; within %s: %s (%d of %d matched)"
                            .formatted(
                                metric,
                                score,
                                first.tolerance(),
                                matched.map(PooledScore::toString).orElse("-"),
                                first.matchedTrials(),
                                first.trials()))
                .orElse(metric + " held out: every judge took part in the search"));
    for (AlignmentReport judge : judges) {
      text.append("\n  ").append(judge.observer()).append(": ").append(judge);
      if (tookPart.contains(judge.observer()) && !judge.heldOut()) {
        text.append("; took part in the search");
      }
    }
    return text.toString();
  }
}
