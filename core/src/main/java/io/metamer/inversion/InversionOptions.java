package io.metamer.inversion;

import io.metamer.image.Parameterization;
import io.metamer.image.Transformations;
import io.metamer.loss.Matching;
import io.metamer.model.RepresentationModel;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * How to search: an immutable value, printable and comparable.
 *
 * @param matching how representations are compared
 * @param partWeights weights of the parts of the representation, each of which is then compared by
 *     itself; empty to compare it as a whole
 * @param regularizer the penalty added to the matching term
 * @param transformations random changes of the image that the model is shown
 * @param parameterization the numbers that are searched for: pixels, or others
 * @param constraint where the image may be
 * @param step the rule of a step
 * @param iterations number of steps, at least 0
 * @param stopping when the search for an image ends before all iterations are done
 * @param keep which iterate is the result
 * @param rawSeed whether the first evaluation takes the seed as it is (the published protocol: raw
 *     N(0, 1)) rather than clipped to the bounds
 * @param batch how many images are searched for at a time, at least 1; others wait for a place
 * @param tolerance the relative distance at which an image counts as matched, above 0
 * @since 0.1
 */
public record InversionOptions(
    Matching matching,
    List<Double> partWeights,
    Regularizer regularizer,
    Transformations transformations,
    Parameterization parameterization,
    Constraint constraint,
    StepRule step,
    int iterations,
    Stopping stopping,
    Keep keep,
    boolean rawSeed,
    int batch,
    double tolerance) {

  /** The relative distance up to which an image counts as matched, unless said otherwise. */
  public static final double DEFAULT_TOLERANCE = 0.1;

  /** Steps of a search, as the code released with Nanda et al. (2023) makes them. */
  public static final int DEFAULT_ITERATIONS = 5_000;

  /** Images searched for at a time, as in the code released with Nanda et al. (2023). */
  public static final int DEFAULT_BATCH = 32;

  public InversionOptions {
    partWeights = List.copyOf(partWeights);
    if (partWeights.stream().anyMatch(w -> !(w > 0) || w.isInfinite())) {
      throw new IllegalArgumentException("expected finite weights above 0, got " + partWeights);
    }
    if (constraint instanceof Constraint.Ball && parameterization != Parameterization.PIXELS) {
      throw new IllegalArgumentException(
          "expected no ball around an image in coordinates other than pixels, got %s and %s"
              .formatted(constraint, parameterization));
    }
    if (step instanceof StepRule.Lbfgs && !transformations.steps().isEmpty()) {
      throw new IllegalArgumentException(
          "expected no random changes with a line search, which compares losses of one image; got "
              + transformations);
    }
    if (iterations < 0) {
      throw new IllegalArgumentException("expected at least 0 iterations, got " + iterations);
    }
    if (batch < 1) {
      throw new IllegalArgumentException("expected a batch of at least 1 image, got " + batch);
    }
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("expected a tolerance above 0, got " + tolerance);
    }
  }

  /**
   * The published search: 5,000 normalised steps of size 1 in pixels within their bounds, no
   * regularizer, the best iterate kept, seeds clipped first.
   *
   * @return the defaults
   */
  public static InversionOptions defaults() {
    return new InversionOptions(
        Matching.RELATIVE_L2,
        List.of(),
        Regularizer.none(),
        Transformations.none(),
        Parameterization.PIXELS,
        Constraint.box(),
        StepRule.normalized(1),
        DEFAULT_ITERATIONS,
        Stopping.never(),
        Keep.BEST,
        false,
        DEFAULT_BATCH,
        DEFAULT_TOLERANCE);
  }

  /**
   * Copies with another comparison of representations.
   *
   * @param matching what is minimised besides the penalty
   * @return the copy
   */
  public InversionOptions withMatching(Matching matching) {
    return with(draft -> draft.matching = matching);
  }

  /**
   * Copies with a comparison part by part: the mean of what each part of the representation gives
   * by itself, weighted, instead of what all of it gives at once. The relative distance of results
   * stays that of the whole.
   *
   * @param weights one for each of the model's {@linkplain
   *     io.metamer.model.RepresentationModel#parts parts}, above 0; none for the whole
   * @return the copy
   * @throws IllegalArgumentException if a weight is not above 0
   */
  public InversionOptions withPartWeights(double... weights) {
    return with(draft -> draft.partWeights = Arrays.stream(weights).boxed().toList());
  }

  /**
   * Copies with another penalty.
   *
   * @param regularizer the penalty, weighted against the matching term
   * @return the copy
   */
  public InversionOptions withRegularizer(Regularizer regularizer) {
    return with(draft -> draft.regularizer = regularizer);
  }

  /**
   * Copies with random changes: in each iteration the model is shown the image as they change it,
   * the regularizer the image itself. Distances that a search tells, stops and chooses by are those
   * of changed images; the distance in the result is that of the image.
   *
   * @param transformations the changes
   * @return the copy
   * @throws IllegalArgumentException if the step rule searches along lines
   */
  public InversionOptions withTransformations(Transformations transformations) {
    return with(draft -> draft.transformations = transformations);
  }

  /**
   * Copies with another parameterization. Steps are then made in its coordinates, and {@code
   * rawSeed} has no meaning: the seed is what its coordinates can express.
   *
   * @param parameterization the numbers that are searched for
   * @return the copy
   * @throws IllegalArgumentException if the image is to be in a ball
   */
  public InversionOptions withParameterization(Parameterization parameterization) {
    return with(draft -> draft.parameterization = parameterization);
  }

  /**
   * Copies with another constraint.
   *
   * @param constraint where the image may be
   * @return the copy
   * @throws IllegalArgumentException if it is a ball and not pixels are searched for
   */
  public InversionOptions withConstraint(Constraint constraint) {
    return with(draft -> draft.constraint = constraint);
  }

  /**
   * Copies with another step rule.
   *
   * @param step the rule
   * @return the copy
   * @throws IllegalArgumentException if it searches along lines and there are random changes
   */
  public InversionOptions withStep(StepRule step) {
    return with(draft -> draft.step = step);
  }

  /**
   * Copies with another number of steps.
   *
   * @param iterations at least 0
   * @return the copy
   * @throws IllegalArgumentException if below 0
   */
  public InversionOptions withIterations(int iterations) {
    return with(draft -> draft.iterations = iterations);
  }

  /**
   * Copies with another early end.
   *
   * @param stopping when the search for an image ends before all iterations are done
   * @return the copy
   */
  public InversionOptions withStopping(Stopping stopping) {
    return with(draft -> draft.stopping = stopping);
  }

  /**
   * Copies with another choice of the result.
   *
   * @param keep which iterate is the result
   * @return the copy
   */
  public InversionOptions withKeep(Keep keep) {
    return with(draft -> draft.keep = keep);
  }

  /**
   * Copies with another treatment of seeds.
   *
   * @param rawSeed whether the first evaluation takes the seed unclipped
   * @return the copy
   */
  public InversionOptions withRawSeed(boolean rawSeed) {
    return with(draft -> draft.rawSeed = rawSeed);
  }

  /**
   * Copies with another number of images at a time: the memory of a search grows with it.
   *
   * @param batch at least 1
   * @return the copy
   * @throws IllegalArgumentException if below 1
   */
  public InversionOptions withBatch(int batch) {
    return with(draft -> draft.batch = batch);
  }

  /**
   * Copies with no more images at a time than a memory budget has room for. Those that are done
   * make room for others, so the batch stays as large until the last ones.
   *
   * @param bytes for the network, such as {@link io.metamer.network.MachineMemory#budget}
   * @param model whose cost decides; of one that does not know its cost, the batch stays
   * @return the copy, its batch at most this one's, and at least 1
   */
  public InversionOptions withBatchWithin(long bytes, RepresentationModel model) {
    int most = model.cost().map(cost -> cost.batchWithin(bytes)).orElse(batch);
    return withBatch(Math.min(batch, most));
  }

  /**
   * Copies with another tolerance.
   *
   * @param tolerance the relative distance up to which an image counts as matched, above 0
   * @return the copy
   * @throws IllegalArgumentException if not above 0
   */
  public InversionOptions withTolerance(double tolerance) {
    return with(draft -> draft.tolerance = tolerance);
  }

  private InversionOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.options();
  }

  /** What a copy is made from, so that each {@code with} names only what it changes. */
  private static final class Draft {

    Matching matching;
    List<Double> partWeights;
    Regularizer regularizer;
    Transformations transformations;
    Parameterization parameterization;
    Constraint constraint;
    StepRule step;
    int iterations;
    Stopping stopping;
    Keep keep;
    boolean rawSeed;
    int batch;
    double tolerance;

    Draft(InversionOptions from) {
      matching = from.matching;
      partWeights = from.partWeights;
      regularizer = from.regularizer;
      transformations = from.transformations;
      parameterization = from.parameterization;
      constraint = from.constraint;
      step = from.step;
      iterations = from.iterations;
      stopping = from.stopping;
      keep = from.keep;
      rawSeed = from.rawSeed;
      batch = from.batch;
      tolerance = from.tolerance;
    }

    InversionOptions options() {
      return new InversionOptions(
          matching,
          partWeights,
          regularizer,
          transformations,
          parameterization,
          constraint,
          step,
          iterations,
          stopping,
          keep,
          rawSeed,
          batch,
          tolerance);
    }
  }
}
