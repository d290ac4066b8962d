package io.metamer.metrics;

import java.util.List;
import org.apache.commons.math3.distribution.BinomialDistribution;

/**
 * Compares two networks trial by trial, or two observers: of the trials that only one got right,
 * which one got more?
 *
 * <p>Trials that both got right or both wrong say nothing about which is better. If neither is,
 * each of the others is one's or the other's with probability 1/2. A tie is not right.
 *
 * @apiNote {@link #midP()} is the one to report: it went beyond its level in none of the 9,595
 *     cases of Fagerland et al. (2013) and has more power than {@link #exactP()}, which cannot go
 *     beyond it in any case. Both take trials as independent; where several people answered about
 *     one target, take {@link PairedDifference} of means by target or by person.
 * @param onlyFirst trials that only the first got right, at least 0
 * @param onlySecond trials that only the second got right, at least 0
 * @see <a href="https://doi.org/10.1007/BF02295996">McNemar (1947), Note on the sampling error of
 *     the difference between correlated proportions or percentages</a>
 * @see <a href="https://doi.org/10.1186/1471-2288-13-91">Fagerland, Lydersen and Laake (2013), The
 *     McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
 *     conditional</a>
 * @since 0.1
 */
public record McNemar(int onlyFirst, int onlySecond) {

  public McNemar {
    if (onlyFirst < 0 || onlySecond < 0) {
      throw new IllegalArgumentException(
          "expected counts of at least 0, got %d and %d".formatted(onlyFirst, onlySecond));
    }
  }

  /**
   * Counts the trials that only one got right.
   *
   * @param first answers about the first network
   * @param second answers about the second, to the same trials in any order
   * @return the counts
   * @throws IllegalArgumentException if there are no answers, or not each trial has one of both
   */
  public static McNemar of(List<Answer> first, List<Answer> second) {
    List<Answer> aligned = Pairs.aligned(first, second);
    int onlyFirst = 0;
    int onlySecond = 0;
    for (int i = 0; i < aligned.size(); i++) {
      boolean one = first.get(i).correct();
      boolean other = aligned.get(i).correct();
      onlyFirst += one && !other ? 1 : 0;
      onlySecond += other && !one ? 1 : 0;
    }
    return new McNemar(onlyFirst, onlySecond);
  }

  /**
   * The exact two-sided test: probability of counts at least as unequal, if both are alike.
   *
   * @return in (0, 1]; 1 if there are no such trials
   */
  public double exactP() {
    return Math.min(1, 2 * tail());
  }

  /**
   * The two-sided mid-p test: probability of counts more unequal, and half of that of counts as
   * unequal.
   *
   * @return in (0, 1]; 1 if there are no such trials
   */
  public double midP() {
    int n = onlyFirst + onlySecond;
    if (n == 0) {
      return 1;
    }
    // Null as generator: nothing is drawn.
    double observed = new BinomialDistribution(null, n, 0.5).probability(onlyFirst);
    // Equal counts are one outcome, unequal ones are two.
    return onlyFirst == onlySecond ? 1 - observed / 2 : 2 * tail() - observed;
  }

  private double tail() {
    return Binomial.atLeast(Math.max(onlyFirst, onlySecond), onlyFirst + onlySecond, 0.5);
  }
}
