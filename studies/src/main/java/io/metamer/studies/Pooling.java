package io.metamer.studies;

import io.metamer.metrics.Answer;
import io.metamer.metrics.Estimate;
import io.metamer.metrics.Holm;
import io.metamer.metrics.Interval;
import io.metamer.metrics.McNemar;
import io.metamer.metrics.PairedDifference;
import io.metamer.metrics.Spread;
import io.metamer.studies.StudyScores.Difference;
import io.metamer.studies.StudyScores.Images;
import io.metamer.studies.StudyScores.Pooled;
import io.metamer.studies.StudyScores.Row;
import io.metamer.studies.Verdict.Cluster;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** Turns what judges answered into the scores of a study. */
final class Pooling {

  /** Of the resamples: one for all, so that the same answers give the same intervals. */
  private static final long SEED = 0;

  /** Answers that count as aligned, and all. */
  private record Count(int aligned, int all) {

    static Count of(boolean aligned) {
      return new Count(aligned ? 1 : 0, 1);
    }

    Count plus(Count other) {
      return new Count(aligned + other.aligned, all + other.all);
    }

    double proportion() {
      return (double) aligned / all;
    }
  }

  private Pooling() {}

  static StudyScores scores(List<Verdict> verdicts) {
    List<Pooled> pooled = new ArrayList<>();
    for (List<Verdict> cell :
        by(verdicts, v -> List.of(v.network(), v.regularizer(), v.test())).values()) {
      for (Images images : Images.values()) {
        pooled.add(pooled(cell, images));
      }
    }
    List<Difference> differences = new ArrayList<>();
    for (List<Verdict> field : by(verdicts, v -> List.of(v.regularizer(), v.test())).values()) {
      differences.addAll(corrected(field, Pooling::overall));
      for (List<Verdict> one :
          by(field, v -> List.of(v.judge(), v.seed(), v.repetition())).values()) {
        differences.addAll(corrected(one, Pooling::single));
      }
    }
    return new StudyScores(
        verdicts.stream().flatMap(v -> Arrays.stream(Images.values()).map(w -> row(v, w))).toList(),
        pooled,
        differences);
  }

  private static Row row(Verdict verdict, Images images) {
    return new Row(
        verdict.network(),
        verdict.regularizer(),
        verdict.seed(),
        verdict.test(),
        verdict.repetition(),
        verdict.judge(),
        verdict.part(),
        images,
        verdict.targets().size(),
        verdict.score(images));
  }

  private static Pooled pooled(List<Verdict> cell, Images images) {
    Verdict any = cell.get(0);
    List<Verdict> asked = cell.stream().filter(v -> !v.heldOut()).toList();
    // The images of each seed, once: every judge in every repetition has the same.
    List<Double> distances =
        by(cell, Verdict::seed).values().stream()
            .flatMap(seed -> seed.get(0).distances().stream())
            .toList();
    List<Double> judged =
        distances.stream().filter(d -> images == Images.ALL || d <= any.tolerance()).toList();
    Collection<List<Verdict>> repetitions = by(asked, Verdict::repetition).values();
    List<Estimate> estimates =
        repetitions.stream().map(some -> estimate(some, images)).flatMap(Optional::stream).toList();
    return new Pooled(
        any.network(),
        any.regularizer(),
        any.test(),
        images,
        distances.size(),
        judged.size(),
        median(judged),
        cell.stream().filter(Verdict::heldOut).map(Verdict::judge).distinct().toList(),
        mean(estimates),
        spread(Spread.Over.JUDGES, counts(asked, images, (v, target) -> v.judge())),
        spread(Spread.Over.SEEDS, counts(asked, images, (v, target) -> v.seed())),
        spread(Spread.Over.IMAGES, counts(asked, images, (v, target) -> target)));
  }

  /** Over clusters of targets, from all judges and seeds of one repetition. */
  private static Optional<Estimate> estimate(List<Verdict> verdicts, Images images) {
    Map<Cluster, Count> clusters = clusters(verdicts, images);
    if (clusters.isEmpty()) {
      return Optional.empty();
    }
    int targets = counts(verdicts, images, (v, target) -> target).size();
    return Optional.of(
        Estimate.proportion(
            clusters.values().stream().mapToInt(Count::aligned).toArray(),
            clusters.values().stream().mapToInt(Count::all).toArray(),
            targets,
            SEED));
  }

  private static Map<Cluster, Count> clusters(List<Verdict> verdicts, Images images) {
    Map<Cluster, Count> clusters = new LinkedHashMap<>();
    for (Verdict verdict : verdicts) {
      count(verdict, images, verdict.clusters(), clusters);
    }
    return clusters;
  }

  private static Map<Object, Count> counts(
      List<Verdict> verdicts, Images images, BiFunction<Verdict, Integer, Object> of) {
    Map<Object, Count> counts = new LinkedHashMap<>();
    for (Verdict verdict : verdicts) {
      count(verdict, images, answer -> of.apply(verdict, verdict.target(answer)), counts);
    }
    return counts;
  }

  private static <K> void count(
      Verdict verdict, Images images, Function<Answer, K> of, Map<K, Count> counts) {
    for (Answer answer : verdict.answers(images)) {
      boolean aligned = verdict.metric().aligned(answer);
      counts.merge(of.apply(answer), Count.of(aligned), Count::plus);
    }
  }

  private static Optional<Spread> spread(Spread.Over over, Map<Object, Count> counts) {
    return counts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Spread.of(over, counts.values().stream().mapToDouble(Count::proportion).toArray()));
  }

  private static Optional<Estimate> mean(List<Estimate> estimates) {
    return estimates.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Estimate(
                average(estimates.stream().mapToDouble(Estimate::value)),
                mean(estimates.stream().map(Estimate::interval).toList())));
  }

  /** The mean of several numbers that depend on each other varies no more than one of them does. */
  private static Interval mean(Collection<Interval> intervals) {
    return new Interval(
        average(intervals.stream().mapToDouble(Interval::low)),
        average(intervals.stream().mapToDouble(Interval::high)),
        Interval.DEFAULT_CONFIDENCE);
  }

  private static double average(DoubleStream numbers) {
    return numbers.average().orElse(Double.NaN);
  }

  private static Optional<Double> median(List<Double> numbers) {
    double[] sorted = numbers.stream().mapToDouble(d -> d).sorted().toArray();
    int n = sorted.length;
    return n == 0 ? Optional.empty() : Optional.of((sorted[(n - 1) / 2] + sorted[n / 2]) / 2);
  }

  /** Compares two networks; nothing if they have no judge, or not the same targets, in common. */
  private interface Comparison {
    Optional<Difference> of(List<Verdict> first, List<Verdict> second);
  }

  private static List<Difference> corrected(List<Verdict> verdicts, Comparison comparison) {
    List<List<Verdict>> networks = List.copyOf(by(verdicts, Verdict::network).values());
    List<Difference> differences = new ArrayList<>();
    for (int i = 0; i < networks.size(); i++) {
      for (int j = i + 1; j < networks.size(); j++) {
        comparison.of(networks.get(i), networks.get(j)).ifPresent(differences::add);
      }
    }
    double[] p = Holm.adjusted(differences.stream().mapToDouble(Difference::p).toArray());
    List<Difference> corrected = new ArrayList<>();
    for (Difference difference : differences) {
      corrected.add(withCorrected(difference, p[corrected.size()]));
    }
    return corrected;
  }

  private static Difference withCorrected(Difference d, double corrected) {
    return new Difference(
        d.regularizer(),
        d.test(),
        d.judge(),
        d.seed(),
        d.repetition(),
        d.first(),
        d.second(),
        d.method(),
        d.value(),
        d.interval(),
        d.n(),
        d.p(),
        corrected);
  }

  /** By sign flips of the clusters' differences, from all judges and seeds that both have. */
  private static Optional<Difference> overall(List<Verdict> first, List<Verdict> second) {
    List<Verdict> ours = shared(first, second);
    List<Verdict> theirs = shared(second, first);
    if (ours.isEmpty()) {
      return Optional.empty();
    }
    List<PairedDifference> all = new ArrayList<>();
    for (int repetition : by(ours, Verdict::repetition).keySet()) {
      all.add(paired(of(ours, repetition), of(theirs, repetition)));
    }
    Verdict one = ours.get(0);
    double p = average(all.stream().mapToDouble(PairedDifference::p));
    return Optional.of(
        new Difference(
            one.regularizer(),
            one.test(),
            Optional.empty(),
            Optional.empty(),
            0,
            one.network(),
            theirs.get(0).network(),
            "sign flips",
            average(all.stream().mapToDouble(PairedDifference::value)),
            Optional.of(mean(all.stream().map(PairedDifference::interval).toList())),
            all.get(0).n(),
            all.size() == 1 ? p : Math.min(1, 2 * p),
            1));
  }

  private static List<Verdict> of(List<Verdict> verdicts, int repetition) {
    return verdicts.stream().filter(v -> v.repetition() == repetition).toList();
  }

  /** Those of one network to which the other has an answer of the same judge about the same. */
  private static List<Verdict> shared(List<Verdict> of, List<Verdict> with) {
    return of.stream()
        .filter(v -> !v.heldOut())
        .filter(v -> with.stream().anyMatch(other -> !other.heldOut() && same(v, other)))
        .toList();
  }

  private static boolean same(Verdict a, Verdict b) {
    return a.judge().equals(b.judge())
        && a.seed() == b.seed()
        && a.repetition() == b.repetition()
        && a.targets().equals(b.targets());
  }

  private static PairedDifference paired(List<Verdict> first, List<Verdict> second) {
    Map<Cluster, Count> ours = clusters(first, Images.ALL);
    Map<Cluster, Count> theirs = clusters(second, Images.ALL);
    int answers = ours.values().stream().mapToInt(Count::all).sum();
    // Clusters differ in size: so scaled, the mean of these is the difference of the proportions.
    double scale = (double) ours.size() / answers;
    return PairedDifference.of(
        ours.values().stream().mapToDouble(c -> scale * c.aligned).toArray(),
        ours.keySet().stream()
            .mapToDouble(cluster -> scale * theirs.getOrDefault(cluster, new Count(0, 0)).aligned)
            .toArray(),
        SEED);
  }

  /** McNemar's test of one judge about one search of each network. */
  private static Optional<Difference> single(List<Verdict> first, List<Verdict> second) {
    Verdict one = first.get(0);
    Verdict other = second.get(0);
    if (one.heldOut() || other.heldOut() || !same(one, other)) {
      return Optional.empty();
    }
    int onlyFirst = 0;
    int onlySecond = 0;
    for (int i = 0; i < one.answers().size(); i++) {
      boolean ours = one.metric().aligned(one.answers().get(i));
      boolean theirs = other.metric().aligned(other.answers().get(i));
      onlyFirst += ours && !theirs ? 1 : 0;
      onlySecond += theirs && !ours ? 1 : 0;
    }
    return Optional.of(
        new Difference(
            one.regularizer(),
            one.test(),
            Optional.of(one.judge()),
            Optional.of(one.seed()),
            one.repetition(),
            one.network(),
            other.network(),
            "McNemar mid-p",
            (double) (onlyFirst - onlySecond) / one.answers().size(),
            Optional.empty(),
            onlyFirst + onlySecond,
            new McNemar(onlyFirst, onlySecond).midP(),
            1));
  }

  private static <K> Map<K, List<Verdict>> by(List<Verdict> verdicts, Function<Verdict, K> key) {
    return verdicts.stream()
        .collect(Collectors.groupingBy(key, LinkedHashMap::new, Collectors.toList()));
  }
}
