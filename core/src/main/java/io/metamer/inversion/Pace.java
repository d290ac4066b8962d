package io.metamer.inversion;

import java.util.Arrays;
import java.util.stream.IntStream;

/** A schedule at work: the factor of each image's step. */
final class Pace {

  private final Schedule schedule;
  private final Patience patience;
  private double[] factor;

  Pace(Schedule schedule, int images) {
    this.schedule = schedule;
    patience = new Patience(schedule instanceof Schedule.Plateau p ? p.share() : 0, images);
    factor = new double[images];
    Arrays.fill(factor, 1);
  }

  /** The factors of step t of n, given the losses before it; valid until the next call. */
  double[] at(int t, int n, double[] loss) {
    if (schedule instanceof Schedule.Plateau plateau) {
      patience.see(loss);
      for (int k = 0; k < factor.length; k++) {
        if (patience.waited(k) > plateau.patience()) {
          factor[k] *= plateau.factor();
          patience.restart(k);
        }
      }
    } else {
      Arrays.fill(factor, clocked(t, n));
    }
    return factor;
  }

  private double clocked(int t, int n) {
    if (schedule instanceof Schedule.Halving halving) {
      return Math.scalb(1.0, -(int) ((long) t * halving.rounds() / n));
    }
    return schedule.equals(Schedule.COSINE) ? (1 + Math.cos(Math.PI * t / n)) / 2 : 1;
  }

  /** Drops the state of all images but some, which keep their order. */
  void keep(int[] which) {
    patience.keep(which);
    factor = IntStream.of(which).mapToDouble(k -> factor[k]).toArray();
  }
}
