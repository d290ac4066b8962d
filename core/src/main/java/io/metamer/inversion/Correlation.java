package io.metamer.inversion;

import java.util.Arrays;

/** How two lists of finite numbers go together. Both measures are 0 where either is constant. */
final class Correlation {

  private Correlation() {}

  /** Pearson's r, in [-1, 1]. */
  static double pearson(double[] a, double[] b) {
    // Asked first: the mean of equal numbers may differ from them by rounding.
    if (isConstant(a) || isConstant(b)) {
      return 0;
    }
    double meanA = Arrays.stream(a).sum() / a.length;
    double meanB = Arrays.stream(b).sum() / b.length;
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (a[i] - meanA) * (b[i] - meanB);
      aa += (a[i] - meanA) * (a[i] - meanA);
      bb += (b[i] - meanB) * (b[i] - meanB);
    }
    double r = ab / (Math.sqrt(aa) * Math.sqrt(bb));
    // Squares of the smallest numbers may all be 0.
    return Double.isFinite(r) ? Math.max(-1, Math.min(1, r)) : 0;
  }

  /** Spearman's rho, Pearson's r of the ranks; equal numbers share the mean of theirs. */
  static double spearman(double[] a, double[] b) {
    return pearson(ranks(a), ranks(b));
  }

  private static double[] ranks(double[] numbers) {
    // The sum makes one zero of both, which sorting would tell apart.
    double[] sorted = Arrays.stream(numbers).map(v -> v + 0.0).sorted().toArray();
    double[] rankAt = new double[sorted.length];
    int from = 0;
    while (from < sorted.length) {
      int to = from + 1;
      while (to < sorted.length && sorted[to] == sorted[from]) {
        to++;
      }
      Arrays.fill(rankAt, from, to, (from + to - 1) / 2.0);
      from = to;
    }
    // Whichever of equal numbers the search comes upon, their rank is one.
    return Arrays.stream(numbers).map(v -> rankAt[Arrays.binarySearch(sorted, v + 0.0)]).toArray();
  }

  private static boolean isConstant(double[] numbers) {
    return Arrays.stream(numbers).allMatch(v -> v == numbers[0]);
  }
}
