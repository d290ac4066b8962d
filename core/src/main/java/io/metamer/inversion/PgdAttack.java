package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import io.metamer.loss.ClassificationLoss;
import io.metamer.model.Predictions;
import io.metamer.model.RepresentationModel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Projected gradient descent against a classifier: looks near each image, within a ball and the
 * bounds, for one that is classified wrongly.
 *
 * <p>From the image, or from a point drawn uniformly from its ball and clipped to the bounds, each
 * step goes along the gradient of a loss that is large where the classifier errs, and is projected
 * back. An image that is classified wrongly is done and leaves, its adversarial example kept; the
 * others are attacked again from another point, as often as there are restarts. Images that are
 * wrong to begin with are not attacked.
 *
 * <p>What is found for image i depends on the seed and on i, not on other images, but for what the
 * batch does to the last bits of floats.
 *
 * @apiNote An attack that fails proves nothing: accuracy under attack is an upper bound of the
 *     robust accuracy. More steps, more restarts and the other losses lower it; none of them helps
 *     against networks that hide their gradients (see {@link AttackOutcome#blind()}).
 * @param ball which images count as near: norm and radius, in the unit of the pixels' values
 * @param loss what is made larger
 * @param step how a gradient becomes a step; any rule without a line search
 * @param iterations steps of each restart, at least 1
 * @param restarts at least 1
 * @param randomStart whether to start from a random point, or from the image itself
 * @param seed of the random points; restart r takes {@code seed + r}
 * @param batch how many images are attacked at a time, at least 1
 * @see "Madry et al. (2018), Towards deep learning models resistant to adversarial attacks"
 * @since 0.1
 */
public record PgdAttack(
    Constraint.Ball ball,
    ClassificationLoss loss,
    StepRule step,
    int iterations,
    int restarts,
    boolean randomStart,
    long seed,
    int batch) {

  /** Steps of each restart, unless said otherwise. */
  public static final int DEFAULT_ITERATIONS = 20;

  /**
   * The steps of a restart add up to so many radii: enough to get from anywhere in the ball to its
   * edge, and to move along it.
   *
   * @see "Madry et al. (2018), section 5: 100 steps of 2.5 epsilon / 100"
   */
  public static final double REACH = 2.5;

  public PgdAttack {
    if (ball.center() != Constraint.Center.TARGET) {
      ball = ball.around(Constraint.Center.TARGET);
    }
    if (step instanceof StepRule.Lbfgs) {
      throw new IllegalArgumentException(
          "expected a step rule without a line search, got %s".formatted(step));
    }
    if (iterations < 1 || restarts < 1 || batch < 1) {
      throw new IllegalArgumentException(
          "expected at least 1 iteration, restart and image of a batch, got %d, %d and %d"
              .formatted(iterations, restarts, batch));
    }
    if (randomStart && seed > Long.MAX_VALUE - restarts) {
      throw new IllegalArgumentException(
          "expected a seed of at most %d for %d restarts, got %d"
              .formatted(Long.MAX_VALUE - restarts, restarts, seed));
    }
    if (!randomStart && restarts > 1) {
      throw new IllegalArgumentException(
          "expected random starts for %d restarts: from the images, all would be the same"
              .formatted(restarts));
    }
  }

  /**
   * Normalised steps in a Euclidean ball: cross-entropy, one random start, {@code 2.5 epsilon /
   * iterations} a step.
   *
   * @param epsilon the radius, finite and above 0
   * @param iterations at least 1
   * @return the attack
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static PgdAttack l2(double epsilon, int iterations) {
    return of(
        Constraint.l2(epsilon), StepRule.normalized(REACH * epsilon / iterations), iterations);
  }

  /**
   * Steps by sign in a ball of the maximum norm: cross-entropy, one random start, {@code 2.5
   * epsilon / iterations} a step.
   *
   * @param epsilon the radius, finite and above 0
   * @param iterations at least 1
   * @return the attack
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static PgdAttack linf(double epsilon, int iterations) {
    return of(Constraint.linf(epsilon), StepRule.sign(REACH * epsilon / iterations), iterations);
  }

  private static PgdAttack of(Constraint.Ball ball, StepRule step, int iterations) {
    return new PgdAttack(
        ball,
        ClassificationLoss.CROSS_ENTROPY,
        step,
        iterations,
        1,
        true,
        0,
        InversionOptions.DEFAULT_BATCH);
  }

  /**
   * The same with another loss.
   *
   * @param loss what is made larger
   * @return the copy
   */
  public PgdAttack withLoss(ClassificationLoss loss) {
    return new PgdAttack(ball, loss, step, iterations, restarts, randomStart, seed, batch);
  }

  /**
   * The same with other steps.
   *
   * @param step how a gradient becomes a step
   * @return the copy
   * @throws IllegalArgumentException if it has a line search
   */
  public PgdAttack withStep(StepRule step) {
    return new PgdAttack(ball, loss, step, iterations, restarts, randomStart, seed, batch);
  }

  /**
   * The same from so many random points.
   *
   * @param restarts at least 1
   * @param seed of the points of the first
   * @return the copy
   * @throws IllegalArgumentException if below 1, or if the seeds of the last ones would be too
   *     large
   */
  public PgdAttack withRestarts(int restarts, long seed) {
    return new PgdAttack(ball, loss, step, iterations, restarts, true, seed, batch);
  }

  /**
   * The same, once, from the images themselves.
   *
   * @return the copy
   */
  public PgdAttack fromImages() {
    return new PgdAttack(ball, loss, step, iterations, 1, false, seed, batch);
  }

  /**
   * The same with so many images at a time.
   *
   * @param batch at least 1
   * @return the copy
   * @throws IllegalArgumentException if below 1
   */
  public PgdAttack withBatch(int batch) {
    return new PgdAttack(ball, loss, step, iterations, restarts, randomStart, seed, batch);
  }

  /**
   * Attacks images.
   *
   * @param logits the classifier: a network at its logits, one for each class; stays the caller's
   * @param images shape {@code [N, C, H, W]}, values in the bounds of the classifier's input, FLOAT
   *     or DOUBLE; not changed
   * @param labels the right class of each image, counted from 0
   * @return what became of each image
   * @throws IllegalArgumentException if the images are not what the classifier takes, or their
   *     values are out of bounds, or there is not one label for each, or a label is no class
   */
  public AttackResult perturb(RepresentationModel logits, INDArray images, int[] labels) {
    return perturb(logits, images, labels, done -> {});
  }

  /**
   * Attacks images. Ends early if the thread is interrupted, with the images whose attack was over
   * by then; it stays interrupted.
   *
   * @param logits the classifier: a network at its logits, one for each class; stays the caller's
   * @param images shape {@code [N, C, H, W]}, values in the bounds of the classifier's input, FLOAT
   *     or DOUBLE; not changed
   * @param labels the right class of each image, counted from 0
   * @param listener is told how many more images are done, batch by batch
   * @return what became of each image, or of the first ones
   * @throws IllegalArgumentException if the images are not what the classifier takes, or their
   *     values are out of bounds, or there is not one label for each, or a label is no class
   */
  public AttackResult perturb(
      RepresentationModel logits, INDArray images, int[] labels, IntConsumer listener) {
    Predictions.check(logits, images, labels);
    Inverter.requireInBounds(images, logits.input(), "images");
    Instant started = Instant.now();
    List<AttackOutcome> outcomes = new ArrayList<>();
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray adversarial = logits.input().clip(images);
      for (int from = 0; from < labels.length; from += batch) {
        int to = Math.min(labels.length, from + batch);
        INDArray some = adversarial.get(NDArrayIndex.interval(from, to));
        Attack attack = new Attack(this, logits, some.dup('c'), from, labels);
        if (!attack.run()) {
          break;
        }
        outcomes.addAll(attack.outcomes());
        some.assign(attack.found());
        listener.accept(to - from);
      }
      return new AttackResult(
          this,
          outcomes,
          outcomes.isEmpty()
              ? Nd4j.empty(images.dataType())
              : adversarial.get(NDArrayIndex.interval(0, outcomes.size())),
          Provenance.of(logits.id(), images, images, started));
    }
  }

  /** Where restart r starts from, for images of the given numbers. */
  INDArray start(ImageSpec input, INDArray images, int[] numbers, int r) {
    if (!randomStart) {
      return images.dup('c');
    }
    return ball.norm() == Constraint.Norm.L2
        ? Seeds.inBall(input, images, numbers, ball.radius(), seed + r)
        : Seeds.inCube(input, images, numbers, ball.radius(), seed + r);
  }

  /**
   * The attack in short: {@code l2 PGD, epsilon 0.5, 20 steps of 0.0625, 1 random start from seed
   * 0, cross-entropy}.
   */
  @Override
  public String toString() {
    return String.join(
        ", ",
        (ball.norm() == Constraint.Norm.L2 ? "l2" : "linf") + " PGD",
        "epsilon " + (float) ball.radius(),
        "%d %s".formatted(iterations, steps()),
        randomStart
            ? "%d random %s from seed %d"
                .formatted(restarts, restarts == 1 ? "start" : "starts", seed)
            : "from the images",
        loss.label());
  }

  private String steps() {
    if (step instanceof StepRule.Normalized rule && rule.schedule() == Schedule.CONSTANT) {
      return "steps of " + (float) rule.size();
    }
    if (step instanceof StepRule.Sign rule && rule.schedule() == Schedule.CONSTANT) {
      return "steps by sign of " + (float) rule.size();
    }
    return "steps by " + step;
  }
}
