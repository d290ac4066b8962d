package io.metamer.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.HypergeometricDistribution;

/**
 * Whether an observer prefers a place among the alternatives, whatever is shown there.
 *
 * <p>An observer without such a bias finds the target as often in one place as in another. For each
 * place, Fisher's exact test (two-sided) compares how often targets there are found with how often
 * targets elsewhere are; p is the smallest, for three places or more multiplied by their number
 * (Bonferroni). With two places, both tests are the same one.
 *
 * @apiNote Counting first choices against 1/K would be right only for trials that have the target
 *     in all places equally often; trials left after exclusions do not, and an observer who is
 *     always right would seem biased. With balanced trials and an accuracy near chance the two
 *     agree, away from chance this one sees smaller biases. It cannot see a bias of an observer who
 *     is right always or never.
 * @param place the place, from 0, whose targets are found more or less often than others'
 * @param chosen how often each place was chosen; ties in none
 * @param found proportion of targets in that place that were found
 * @param foundElsewhere proportion of targets in other places that were found
 * @param p probability of a difference at least as unlikely, without a bias
 * @since 0.1
 */
public record PositionBias(
    int place, List<Integer> chosen, double found, double foundElsewhere, double p) {

  private static final double LEVEL = 0.05;

  /** Tables within this of the observed one's probability are as likely as it. */
  private static final double ROUNDING = 1e-7;

  private static final List<String> NAMES = List.of("first", "second", "third");

  public PositionBias {
    chosen = List.copyOf(chosen);
  }

  /**
   * Looks for a bias.
   *
   * @param answers at least one, to trials with the same number of alternatives
   * @return the place with the smallest p, the earliest of several
   * @throws IllegalArgumentException if there are no answers, their trials differ in the number of
   *     alternatives, or all have their target in one place
   */
  public static PositionBias of(List<Answer> answers) {
    if (answers.isEmpty()) {
      throw new IllegalArgumentException("expected at least one answer, got none");
    }
    int k = answers.get(0).trial().alternatives().size();
    int[] chosen = new int[k];
    int[] targets = new int[k];
    int[] found = new int[k];
    for (Answer answer : answers) {
      if (answer.trial().alternatives().size() != k) {
        throw new IllegalArgumentException(
            "expected %d alternatives in each trial, got %d in %s"
                .formatted(k, answer.trial().alternatives().size(), answer.trial().id()));
      }
      answer.choice().ifPresent(c -> chosen[c]++);
      targets[answer.trial().correct()]++;
      found[answer.trial().correct()] += answer.correct() ? 1 : 0;
    }
    int n = answers.size();
    int hits = Arrays.stream(found).sum();
    if (Arrays.stream(targets).anyMatch(t -> t == n)) {
      throw new IllegalArgumentException(
          "expected targets in more than one place, got all %d in one".formatted(n));
    }
    int place = -1;
    double smallest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < k; i++) {
      double p = targets[i] == 0 ? 1 : fisher(n, targets[i], hits, found[i]);
      if (targets[i] > 0 && p < smallest) {
        place = i;
        smallest = p;
      }
    }
    return new PositionBias(
        place,
        Arrays.stream(chosen).boxed().toList(),
        (double) found[place] / targets[place],
        (double) (hits - found[place]) / (n - targets[place]),
        k == 2 ? smallest : Math.min(1, k * smallest));
  }

  /** Sum of the probabilities of all tables with these margins that are no likelier than this. */
  static double fisher(int n, int targets, int hits, int found) {
    HypergeometricDistribution table = new HypergeometricDistribution(null, n, hits, targets);
    double most = table.probability(found) * (1 + ROUNDING);
    return Math.min(
        1,
        IntStream.rangeClosed(table.getSupportLowerBound(), table.getSupportUpperBound())
            .mapToDouble(table::probability)
            .filter(probability -> probability <= most)
            .sum());
  }

  /**
   * Whether the bias is beyond chance.
   *
   * @return true if p is below 0.05
   */
  public boolean seen() {
    return p < LEVEL;
  }

  /**
   * The bias, named: {@code prefers the first place: targets found 0.95 there, 0.62 elsewhere, p =
   * 3e-05; chosen 66, 34}, or {@code no preference for a place seen, p = 0.41; chosen 52, 48}.
   */
  @Override
  public String toString() {
    String counts = chosen.stream().map(String::valueOf).collect(Collectors.joining(", "));
    String number = String.format(Locale.ROOT, "p = %.2g; chosen %s", p, counts);
    return seen()
        ? String.format(
            Locale.ROOT,
            "%s the %s place: targets found %.2f there, %.2f elsewhere, %s",
            found > foundElsewhere ? "prefers" : "avoids",
            place < NAMES.size() ? NAMES.get(place) : (place + 1) + "th",
            found,
            foundElsewhere,
            number)
        : "no preference for a place seen, " + number;
  }
}
