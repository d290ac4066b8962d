package io.metamer.inversion;

/**
 * How a gradient becomes a step. Each image's step depends on nothing but that image; after each
 * step the image is projected onto what the search allows.
 *
 * @since 0.1
 */
public sealed interface StepRule {

  /** Protects the division by the norm of a gradient that is zero; the released code's value. */
  double EPSILON = 1e-10;

  /**
   * Gradient descent with each image's gradient scaled to a fixed length: {@code x - s * g / (||g||
   * + 1e-10)}.
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
   * Descent along the signs of the gradient, {@code x - s * sign(g)}; a derivative of 0 moves
   * nothing.
   *
   * @param size what each pixel moves by, above 0
   * @param schedule how it changes
   */
  record Sign(double size, Schedule schedule) implements StepRule {
    public Sign {
      requirePositive(size);
    }
  }

  /**
   * Gradient descent as such, {@code x - s * g}.
   *
   * @param size the learning rate, above 0
   * @param schedule how it changes
   */
  record Gradient(double size, Schedule schedule) implements StepRule {
    public Gradient {
      requirePositive(size);
    }
  }

  /**
   * The heavy ball, with the learning rate inside: {@code v <- decay * v - s * g; x <- x + v}, from
   * {@code v = 0}; where a round of {@link Schedule.Rounds} begins, v is 0 again. The projection of
   * x leaves v as it is.
   *
   * @param size the learning rate, above 0
   * @param decay what is left of v after a step, in [0, 1)
   * @param schedule how the learning rate changes
   * @see "Mahendran and Vedaldi (2015), section 3; the recursion is that of their code
   *     (deep-goggle, core/invert_nn.m), which also sets v to 0 whenever the learning rate changes"
   */
  record Momentum(double size, double decay, Schedule schedule) implements StepRule {
    public Momentum {
      requirePositive(size);
      requireDecay(decay);
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
      requireDecay(beta1);
      requireDecay(beta2);
    }
  }

  /**
   * L-BFGS with a backtracking line search, for each image on its own. A step of the search is one
   * evaluation of each image, whether it tries another length along the same direction or begins a
   * new one: images never wait for each other, and iterations count as with other rules.
   *
   * <p>What would lead out of the bounds or the ball of a {@link Constraint} is left out of the
   * direction; trial points are projected onto what the search allows, and accepted where they
   * lower the loss by {@value #SUFFICIENT} of what the gradient promised for the way actually taken
   * (Armijo). A rejected length shrinks to the minimum of the parabola through what is known, but
   * to no less than a tenth and no more than a half. After {@value #TRIALS} rejected lengths, what
   * is remembered of the curvature is dropped and the line search repeated along the gradient; if
   * that fails too, the search for this image ends ({@link StopReason#STALLED}). From a seed
   * outside the bounds, the first step is the normalised gradient's.
   *
   * <p>Keeps {@code 2 * history + 3} doubles for each pixel, in Java's heap.
   *
   * @param history how many past steps the curvature is estimated from, at least 1
   * @param first length of the first trial along a gradient of which no curvature is known, above 0
   * @see "Nocedal and Wright (2006), Numerical Optimization, algorithms 3.1, 7.4 and 7.5"
   */
  record Lbfgs(int history, double first) implements StepRule {

    /** The share of the promised descent that a trial has to make; Nocedal and Wright, page 33. */
    static final double SUFFICIENT = 1e-4;

    /** Lengths tried along one direction, as many as SciPy's L-BFGS-B tries. */
    static final int TRIALS = 20;

    /**
     * The least cosine of the angle between a step and the change of its gradient that counts as
     * curvature; below it is the rounding of gradients in float.
     */
    static final double CURVATURE = 1e-6;

    public Lbfgs {
      if (history < 1) {
        throw new IllegalArgumentException("expected a history of at least 1, got " + history);
      }
      requirePositive(first);
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
   * Signs of the gradient, constant.
   *
   * @param size what each pixel moves by
   * @return the rule
   * @throws IllegalArgumentException if the size is not above 0
   */
  static StepRule sign(double size) {
    return new Sign(size, Schedule.CONSTANT);
  }

  /**
   * The gradient as it is, constant learning rate.
   *
   * @param size the learning rate
   * @return the rule
   * @throws IllegalArgumentException if the size is not above 0
   */
  static StepRule gradient(double size) {
    return new Gradient(size, Schedule.CONSTANT);
  }

  /**
   * The heavy ball with the decay of Mahendran and Vedaldi (2015), 0.9, constant learning rate.
   *
   * @param size the learning rate
   * @return the rule
   * @throws IllegalArgumentException if the size is not above 0
   */
  static StepRule momentum(double size) {
    return new Momentum(size, 0.9, Schedule.CONSTANT);
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
   * L-BFGS with a history of 10, as SciPy's has, and a first trial as long as the published step.
   *
   * @return the rule
   */
  static StepRule lbfgs() {
    return new Lbfgs(10, 1);
  }

  /**
   * Copies with another schedule.
   *
   * @param schedule how the size changes
   * @return the copy
   * @throws UnsupportedOperationException if a line search chooses the size
   */
  default StepRule withSchedule(Schedule schedule) {
    if (this instanceof Normalized rule) {
      return new Normalized(rule.size, schedule);
    }
    if (this instanceof Sign rule) {
      return new Sign(rule.size, schedule);
    }
    if (this instanceof Gradient rule) {
      return new Gradient(rule.size, schedule);
    }
    if (this instanceof Momentum rule) {
      return new Momentum(rule.size, rule.decay, schedule);
    }
    if (this instanceof Adam rule) {
      return new Adam(rule.size, rule.beta1, rule.beta2, rule.epsilon, schedule);
    }
    throw new UnsupportedOperationException(
        "a line search chooses the sizes of %s; it takes no schedule".formatted(this));
  }

  private static void requirePositive(double number) {
    if (!(number > 0 && number < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("expected a finite number above 0, got " + number);
    }
  }

  private static void requireDecay(double number) {
    if (!(number >= 0 && number < 1)) {
      throw new IllegalArgumentException("expected a decay in [0, 1), got " + number);
    }
  }
}
