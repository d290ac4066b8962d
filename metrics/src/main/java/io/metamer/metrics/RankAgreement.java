package io.metamer.metrics;

import java.util.Optional;

/**
 * Whether two measures rank the same networks alike.
 *
 * @param first name of one measure
 * @param second name of the other
 * @param spearman correlation of ranks; absent if a measure gives all networks the same value
 * @param kendall tau-b: pairs of networks in the same order less those in the other, ties allowed
 *     for; absent as above
 * @since 0.1
 */
public record RankAgreement(
    String first, String second, Optional<Correlation> spearman, Optional<Correlation> kendall) {

  /**
   * Compares two measures.
   *
   * @param first name of one measure
   * @param x its finite value for each network, at least two
   * @param second name of the other
   * @param y its values, of the same networks in the same order
   * @return both correlations
   * @throws IllegalArgumentException if the numbers of values differ, are less than two, or a value
   *     is not finite
   */
  public static RankAgreement of(String first, double[] x, String second, double[] y) {
    return new RankAgreement(first, second, Correlation.spearman(x, y), Correlation.kendall(x, y));
  }

  /**
   * Both in one line: {@code human 2AFC against LPIPS 2AFC: Spearman 0.93 [0.77, 0.98], n = 14;
   * Kendall 0.83 [0.68, 0.91], n = 14}.
   */
  @Override
  public String toString() {
    return "%s against %s: Spearman %s; Kendall %s"
        .formatted(
            first,
            second,
            spearman.map(Correlation::toString).orElse("-"),
            kendall.map(Correlation::toString).orElse("-"));
  }
}
