package io.metamer.inversion;

import java.util.List;

/**
 * How the size of a step changes over a search: a factor of the size that the rule has.
 *
 * @since 0.1
 */
public sealed interface Schedule {

  /** Always the same, as published. */
  Schedule CONSTANT = Clocked.CONSTANT;

  /** From 1 to 0 along half a cosine. */
  Schedule COSINE = Clocked.COSINE;

  /** Schedules that ask nothing but how far the search has come. */
  enum Clocked implements Schedule {
    /** {@link Schedule#CONSTANT}. */
    CONSTANT,
    /** {@link Schedule#COSINE}. */
    COSINE
  }

  /**
   * Rounds of equal length, each with half the step of the one before: {@code 2^-floor(t * rounds /
   * n)} at step t of n.
   *
   * @param rounds how many, at least 1
   * @see "Feather et al. (2023), Model metamers reveal divergent invariances: 8 rounds of 3,000
   *     steps"
   */
  record Halving(int rounds) implements Schedule {
    public Halving {
      if (rounds < 1) {
        throw new IllegalArgumentException("expected at least 1 round, got " + rounds);
      }
    }
  }

  /**
   * Rounds of given lengths, each with a factor of its own; what comes after the last belongs to
   * it. With each round the heavy ball starts anew, from a velocity of 0.
   *
   * @param rounds in their order, at least one
   * @see "Mahendran and Vedaldi (2015); deep-goggle, core/invert_nn.m: where the learning rate
   *     changes, the velocity of before would overshoot for several steps"
   */
  record Rounds(List<Round> rounds) implements Schedule {
    public Rounds {
      rounds = List.copyOf(rounds);
      if (rounds.isEmpty()) {
        throw new IllegalArgumentException("expected at least 1 round, got none");
      }
    }
  }

  /**
   * Some steps in a row of the same size.
   *
   * @param steps how many, at least 1
   * @param factor of the size, above 0
   */
  record Round(int steps, double factor) {
    public Round {
      if (steps < 1) {
        throw new IllegalArgumentException("expected a round of at least 1 step, got " + steps);
      }
      if (!(factor > 0 && factor < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("expected a finite factor above 0, got " + factor);
      }
    }
  }

  /**
   * Decay where the loss stays: as soon as an image's loss has not fallen by more than a share of
   * its lowest value for more than {@code patience} steps in a row, its steps shrink by a factor,
   * and waiting begins anew. Each image has its own lowest loss and its own factor.
   *
   * @param factor what a size is multiplied by, in (0, 1)
   * @param patience steps without progress that are put up with, at least 0
   * @param share of the lowest loss by which the next has to be lower to count, in [0, 1)
   * @see "torch.optim.lr_scheduler.ReduceLROnPlateau, mode min, threshold_mode rel"
   */
  record Plateau(double factor, int patience, double share) implements Schedule {
    public Plateau {
      if (!(factor > 0 && factor < 1)) {
        throw new IllegalArgumentException("expected a factor in (0, 1), got " + factor);
      }
      if (patience < 0) {
        throw new IllegalArgumentException("expected a patience of at least 0, got " + patience);
      }
      if (!(share >= 0 && share < 1)) {
        throw new IllegalArgumentException("expected a share in [0, 1), got " + share);
      }
    }
  }

  /**
   * Rounds of equal length, each with half the step of the one before.
   *
   * @param rounds how many, at least 1
   * @return the schedule
   * @throws IllegalArgumentException if there are none
   */
  static Schedule halving(int rounds) {
    return new Halving(rounds);
  }

  /**
   * Rounds of given lengths.
   *
   * @param rounds in their order, at least one
   * @return the schedule
   * @throws IllegalArgumentException if there are none
   */
  static Schedule rounds(Round... rounds) {
    return new Rounds(List.of(rounds));
  }

  /**
   * Decay where the loss stays, by PyTorch's constants: to a tenth after 10 steps without a fall by
   * more than 1e-4 of the lowest loss.
   *
   * @return the schedule
   */
  static Schedule plateau() {
    return new Plateau(0.1, 10, 1e-4);
  }
}
