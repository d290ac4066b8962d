package io.metamer.inversion;

import java.util.Arrays;

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

  /**
   * The factors of steps t[k] of n, one an image, given the losses before them; valid until the
   * next call.
   */
  double[] at(int[] t, int n, double[] loss) {
    if (schedule instanceof Schedule.Plateau plateau) {
      patience.see(loss);
      for (int k = 0; k < factor.length; k++) {
        if (patience.waited(k) > plateau.patience()) {
          factor[k] *= plateau.factor();
          patience.restart(k);
        }
      }
    } else {
      for (int k = 0; k < factor.length; k++) {
        factor[k] = clocked(t[k], n);
      }
    }
    return factor;
  }

  /** Whether a round of the schedule begins with step t. */
  boolean begins(int t) {
    if (schedule instanceof Schedule.Rounds rounds) {
      int start = 0;
      for (Schedule.Round round : rounds.rounds()) {
        if (t == start) {
          return true;
        }
        start += round.steps();
      }
    }
    return false;
  }

  private double clocked(int t, int n) {
    if (schedule instanceof Schedule.Halving halving) {
      return Math.scalb(1.0, -(int) ((long) t * halving.rounds() / n));
    }
    if (schedule instanceof Schedule.Rounds rounds) {
      int last = rounds.rounds().size() - 1;
      int end = 0;
      for (Schedule.Round round : rounds.rounds().subList(0, last)) {
        end += round.steps();
        if (t < end) {
          return round.factor();
        }
      }
      return rounds.rounds().get(last).factor();
    }
    return schedule.equals(Schedule.COSINE) ? (1 + Math.cos(Math.PI * t / n)) / 2 : 1;
  }

  /** Drops the state of all images but some, which keep their order; new ones follow them. */
  void keep(int[] which, int joining) {
    patience.keep(which, joining);
    double[] before = factor;
    factor = new double[which.length + joining];
    Arrays.setAll(factor, k -> k < which.length ? before[which[k]] : 1);
  }
}
