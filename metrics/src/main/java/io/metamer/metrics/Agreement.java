package io.metamer.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToIntFunction;

/**
 * How far observers agree beyond what chance would have them agree: 1 always, 0 as often as by
 * chance, below 0 less often.
 *
 * <p>Kappas of choices take the place of the alternative chosen as category, and a tie as one more.
 * Where designs have the target in every place equally often, observers who guess agree in 1/K of
 * the trials, and so do one who is always right and one who guesses. {@link #errorConsistency}
 * takes being right as category, and asks whether two observers err on the same trials.
 *
 * <p>A kappa is undefined, and absent, where chance alone gives full agreement: all answers are in
 * one category. Two observers who are never wrong have no errors to be consistent.
 *
 * @since 0.1
 */
public final class Agreement {

  private Agreement() {}

  /**
   * Cohen's kappa of the choices of two observers.
   *
   * @param first one observer's answers, at least one
   * @param second the other's, to the same trials in any order
   * @return at most 1; empty if both always chose one same place
   * @throws IllegalArgumentException if there are no answers, or not each trial has one of both
   * @see <a href="https://doi.org/10.1177/001316446002000104">Cohen (1960), A coefficient of
   *     agreement for nominal scales</a>
   */
  public static OptionalDouble cohen(List<Answer> first, List<Answer> second) {
    return paired(first, second, Agreement::place);
  }

  /**
   * Error consistency of two observers: Cohen's kappa of being right. Chance is what two
   * independent observers of these accuracies have in common.
   *
   * @param first one observer's answers, at least one
   * @param second the other's, to the same trials in any order; a tie is not right
   * @return at most 1; empty if both were always right, or both never
   * @throws IllegalArgumentException if there are no answers, or not each trial has one of both
   * @see <a href="https://arxiv.org/abs/2006.16736">Geirhos, Meding and Wichmann (2020), Beyond
   *     accuracy: quantifying trial-by-trial behaviour of CNNs and humans by measuring error
   *     consistency</a>
   */
  public static OptionalDouble errorConsistency(List<Answer> first, List<Answer> second) {
    return paired(first, second, answer -> answer.correct() ? 1 : 0);
  }

  /**
   * Fleiss' kappa of the choices of several observers.
   *
   * @param observers each one's answers, all to the same trials in any order; at least two
   * @return at most 1; empty if all always chose one same place
   * @throws IllegalArgumentException if there are less than two, no answers, or not each trial has
   *     one of all
   * @see <a href="https://doi.org/10.1037/h0031619">Fleiss (1971), Measuring nominal scale
   *     agreement among many raters</a>
   */
  public static OptionalDouble fleiss(Collection<List<Answer>> observers) {
    if (observers.size() < 2) {
      throw new IllegalArgumentException(
          "expected at least two observers, got " + observers.size());
    }
    List<Answer> first = observers.iterator().next();
    List<List<Answer>> aligned = new ArrayList<>();
    for (List<Answer> each : observers) {
      aligned.add(Pairs.aligned(first, each));
    }
    int places = 1 + first.stream().mapToInt(a -> a.trial().alternatives().size()).max().orElse(0);
    int[][] counts = new int[first.size()][places];
    for (List<Answer> each : aligned) {
      for (int i = 0; i < counts.length; i++) {
        counts[i][place(each.get(i))]++;
      }
    }
    return fleiss(counts);
  }

  private static OptionalDouble paired(
      List<Answer> first, List<Answer> second, ToIntFunction<Answer> category) {
    return cohen(
        first.stream().mapToInt(category).toArray(),
        Pairs.aligned(first, second).stream().mapToInt(category).toArray());
  }

  /** 0 for a tie, else 1 + the index of what was chosen. */
  private static int place(Answer answer) {
    return 1 + answer.choice().orElse(-1);
  }

  static OptionalDouble cohen(int[] first, int[] second) {
    int n = first.length;
    int categories = 1 + Math.max(max(first), max(second));
    long[] ofFirst = new long[categories];
    long[] ofSecond = new long[categories];
    int same = 0;
    for (int i = 0; i < n; i++) {
      ofFirst[first[i]]++;
      ofSecond[second[i]]++;
      same += first[i] == second[i] ? 1 : 0;
    }
    // n^2 times the agreement by chance, in integers, so that it is full exactly where it is.
    long chance = 0;
    for (int k = 0; k < categories; k++) {
      chance += ofFirst[k] * ofSecond[k];
    }
    long pairs = (long) n * n;
    return chance == pairs
        ? OptionalDouble.empty()
        : OptionalDouble.of((double) ((long) same * n - chance) / (pairs - chance));
  }

  /**
   * @param counts how many observers put each trial (row) in each category (column); all rows have
   *     the same sum, at least 2
   */
  static OptionalDouble fleiss(int[][] counts) {
    long n = counts.length;
    long observers = Arrays.stream(counts[0]).sum();
    long[] inCategory = new long[counts[0].length];
    long same = 0;
    for (int[] row : counts) {
      for (int k = 0; k < row.length; k++) {
        inCategory[k] += row[k];
        same += (long) row[k] * (row[k] - 1);
      }
    }
    double observed = (double) same / (n * observers * (observers - 1));
    double chance = 0;
    for (long count : inCategory) {
      if (count == n * observers) {
        return OptionalDouble.empty();
      }
      chance += Math.pow((double) count / (n * observers), 2);
    }
    return OptionalDouble.of((observed - chance) / (1 - chance));
  }

  private static int max(int[] values) {
    return Arrays.stream(values).max().orElse(0);
  }
}
