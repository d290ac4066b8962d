package io.metamer.metrics;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * An annotator who errs at a given rate, to test statistics and to plan studies with.
 *
 * <p>It knows the right answer and never looks at an image. With the probability of its order bias
 * it chooses the first alternative, else a wrong one with the probability of its error rate, each
 * as likely, else the right one. An error rate of 1 - 1/K is guessing.
 *
 * <p>What it answers to a trial depends on the seed and the trial's name only, not on what else is
 * asked or in which order.
 *
 * @param errorRate in [0, 1]
 * @param orderBias how often the first alternative is chosen whatever it is, in [0, 1]
 * @param seed sets observers with the same rates apart
 * @since 0.1
 */
public record SimulatedObserver(double errorRate, double orderBias, long seed) implements Observer {

  public SimulatedObserver {
    if (!(errorRate >= 0 && errorRate <= 1) || !(orderBias >= 0 && orderBias <= 1)) {
      throw new IllegalArgumentException(
          "expected rates in [0, 1], got %s and %s".formatted(errorRate, orderBias));
    }
  }

  /**
   * An annotator without a bias.
   *
   * @param errorRate in [0, 1]
   * @param seed sets observers with the same rate apart
   * @throws IllegalArgumentException if the rate is out of range
   */
  public SimulatedObserver(double errorRate, long seed) {
    this(errorRate, 0, seed);
  }

  /** The rates and the seed: {@code simulated (errors 0.10, order bias 0.00, seed 3)}. */
  @Override
  public String name() {
    return String.format(
        Locale.ROOT,
        "simulated (errors %.2f, order bias %.2f, seed %d)",
        errorRate,
        orderBias,
        seed);
  }

  /** Answers trials without looking at the images. */
  @Override
  public List<Answer> answer(Stimuli stimuli, List<Trial> trials) {
    return answers(trials);
  }

  /**
   * Answers trials that have no images yet.
   *
   * @param trials what is asked
   * @return one answer for each trial, in their order
   */
  public List<Answer> answers(List<Trial> trials) {
    return trials.stream().map(trial -> Answer.of(trial, choice(trial))).toList();
  }

  private int choice(Trial trial) {
    // The seed is mixed before the name goes in: generators of neighbouring seeds overlap.
    SplittableRandom random =
        new SplittableRandom(new SplittableRandom(seed).nextLong() ^ hash(trial.id()));
    if (random.nextDouble() < orderBias) {
      return 0;
    }
    int k = trial.alternatives().size();
    boolean errs = random.nextDouble() < errorRate;
    return errs ? (trial.correct() + 1 + random.nextInt(k - 1)) % k : trial.correct();
  }

  /** FNV-1a of the characters, in 64 bits. */
  private static long hash(String name) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }
}
