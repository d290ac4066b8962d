package io.metamer.inversion;

/**
 * How a gradient becomes a step.
 *
 * @since 0.1
 */
public sealed interface StepRule {

  /** Protects the division by the norm of a gradient that is zero; the released code's value. */
  double EPSILON = 1e-10;

  /**
   * Gradient descent with each image's gradient scaled to a fixed length: {@code s * g / (||g|| +
   * 1e-10)}.
   *
   * @param size the length of a step, above 0
   * @param schedule how it changes
   */
  record Normalized(double size, Schedule schedule) implements StepRule {
    public Normalized {
      requirePositive(size);
    }
  }

  /**
   * Adam (Kingma and Ba, 2015), per element: moments with bias correction.
   *
   * @param size the learning rate, above 0
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second, in [0, 1)
   * @param epsilon added to the root of the second moment, above 0
   * @param schedule how the learning rate changes
   */
  record Adam(double size, double beta1, double beta2, double epsilon, Schedule schedule)
      implements StepRule {
    public Adam {
      requirePositive(size);
      requirePositive(epsilon);
      if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
        throw new IllegalArgumentException(
            "expected decays in [0, 1), got %s and %s".formatted(beta1, beta2));
      }
    }
  }

  /**
   * The published rule, constant.
   *
   * @param size the length of a step in pixel values, over the whole image; published: 1
   * @return the rule
   * @throws IllegalArgumentException if the size is not above 0
   */
  static StepRule normalized(double size) {
    return new Normalized(size, Schedule.CONSTANT);
  }

  /**
   * Adam with the authors' constants, constant learning rate.
   *
   * @param size the learning rate
   * @return the rule
   * @throws IllegalArgumentException if the size is not above 0
   */
  static StepRule adam(double size) {
    return new Adam(size, 0.9, 0.999, 1e-8, Schedule.CONSTANT);
  }

  /**
   * Copies with another schedule.
   *
   * @param schedule how the size changes
   * @return the copy
   */
  default StepRule withSchedule(Schedule schedule) {
    if (this instanceof Normalized rule) {
      return new Normalized(rule.size, schedule);
    }
    Adam rule = (Adam) this;
    return new Adam(rule.size, rule.beta1, rule.beta2, rule.epsilon, schedule);
  }

  private static void requirePositive(double number) {
    if (!(number > 0 && number < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("expected a finite number above 0, got " + number);
    }
  }
}
