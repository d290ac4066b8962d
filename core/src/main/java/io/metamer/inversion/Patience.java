package io.metamer.inversion;

import java.util.Arrays;

/** For how many evaluations the loss of each image has not fallen by more than a share. */
final class Patience {

  private final double share;
  private double[] lowest;
  private int[] waited;

  Patience(double share, int images) {
    this.share = share;
    lowest = new double[images];
    waited = new int[images];
    Arrays.fill(lowest, Double.POSITIVE_INFINITY);
  }

  /** Takes the next loss of each image. */
  void see(double[] loss) {
    for (int k = 0; k < loss.length; k++) {
      // Losses may be negative, and the share of infinity is none.
      double bar =
          Double.isInfinite(lowest[k]) ? lowest[k] : lowest[k] - share * Math.abs(lowest[k]);
      if (loss[k] < bar) {
        lowest[k] = loss[k];
        waited[k] = 0;
      } else {
        waited[k]++;
      }
    }
  }

  int waited(int k) {
    return waited[k];
  }

  /** Begins to wait anew. */
  void restart(int k) {
    waited[k] = 0;
  }

  /** Drops the state of all images but some, which keep their order; new ones follow them. */
  void keep(int[] which, int joining) {
    double[] lowestBefore = lowest;
    int[] waitedBefore = waited;
    lowest = new double[which.length + joining];
    waited = new int[which.length + joining];
    Arrays.setAll(
        lowest, k -> k < which.length ? lowestBefore[which[k]] : Double.POSITIVE_INFINITY);
    Arrays.setAll(waited, k -> k < which.length ? waitedBefore[which[k]] : 0);
  }
}
