package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.Constraint;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Keep;
import io.metamer.inversion.StepRule;
import io.metamer.inversion.Stopping;
import io.metamer.loss.Matching;
import io.metamer.network.MachineMemory;
import io.metamer.perceptual.PerceptualDistance;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a study searches: a preset, and what departs from it.
 *
 * @param preset the preset
 * @param matching how representations are compared, if otherwise
 * @param partWeights weights of the representation's parts, each of which is then compared by
 *     itself; empty to compare it as a whole
 * @param constraint where the images may be, if not everywhere within their bounds
 * @param step the rule of a step, if another
 * @param iterations number of steps, if another
 * @param stopping when the search for an image ends early, if otherwise
 * @param keep which iterate is the result, if another
 * @param rawSeed whether the first evaluation takes the seed unclipped, if otherwise
 * @param batch how many images are searched for at a time, if others
 * @param memory for the network, in MB (a million bytes), above 0: the batch is smaller where its
 *     {@link io.metamer.network.Cost#memory} would be more; {@link
 *     io.metamer.network.MachineMemory#budget} if not given
 * @param tolerance the relative distance at which an image counts as matched, if another
 * @since 0.1
 */
public record SearchRecipe(
    Preset preset,
    Optional<Matching> matching,
    List<Double> partWeights,
    Optional<Constraint> constraint,
    Optional<StepRule> step,
    Optional<Integer> iterations,
    Optional<Stopping> stopping,
    Optional<Keep> keep,
    Optional<Boolean> rawSeed,
    Optional<Integer> batch,
    Optional<Double> memory,
    Optional<Double> tolerance) {

  /** The preset of a study that names none: the published search. */
  public static final Preset DEFAULT = Preset.NANDA_2023;

  public SearchRecipe {
    partWeights = List.copyOf(partWeights);
    if (partWeights.stream().anyMatch(w -> !(w > 0) || w.isInfinite())) {
      throw new IllegalArgumentException(
          "partWeights: expected finite weights above 0, got " + partWeights);
    }
    if (iterations.isPresent() && iterations.get() < 0) {
      throw new IllegalArgumentException(
          "iterations: expected at least 0, got " + iterations.get());
    }
    if (batch.isPresent() && batch.get() < 1) {
      throw new IllegalArgumentException("batch: expected at least 1 image, got " + batch.get());
    }
    if (memory.isPresent() && !(memory.get() > 0)) {
      throw new IllegalArgumentException("memory: expected MB above 0, got " + memory.get());
    }
    if (tolerance.isPresent() && !(tolerance.get() > 0)) {
      throw new IllegalArgumentException(
          "tolerance: expected a distance above 0, got " + tolerance.get());
    }
  }

  /**
   * A preset as it is.
   *
   * @param preset the preset
   * @return the recipe
   */
  public static SearchRecipe of(Preset preset) {
    return new Draft(preset).recipe();
  }

  /**
   * Copies with another comparison of representations.
   *
   * @param matching what is minimised besides the penalty
   * @return the copy
   */
  public SearchRecipe withMatching(Matching matching) {
    return with(draft -> draft.matching = matching);
  }

  /**
   * Copies with a comparison part by part.
   *
   * @param weights one for each layer of the representation, above 0; none for the whole
   * @return the copy
   * @throws IllegalArgumentException if a weight is not above 0
   */
  public SearchRecipe withPartWeights(double... weights) {
    return with(draft -> draft.partWeights = Arrays.stream(weights).boxed().toList());
  }

  /**
   * Copies with a constraint.
   *
   * @param constraint where the images may be
   * @return the copy
   */
  public SearchRecipe withConstraint(Constraint constraint) {
    return with(draft -> draft.constraint = constraint);
  }

  /**
   * Copies with another step rule.
   *
   * @param step the rule, with its schedule
   * @return the copy
   */
  public SearchRecipe withStep(StepRule step) {
    return with(draft -> draft.step = step);
  }

  /**
   * Copies with another number of steps.
   *
   * @param iterations at least 0
   * @return the copy
   * @throws IllegalArgumentException if below 0
   */
  public SearchRecipe withIterations(int iterations) {
    return with(draft -> draft.iterations = iterations);
  }

  /**
   * Copies with another early end.
   *
   * @param stopping when the search for an image ends before all iterations are done
   * @return the copy
   */
  public SearchRecipe withStopping(Stopping stopping) {
    return with(draft -> draft.stopping = stopping);
  }

  /**
   * Copies with another choice of the result.
   *
   * @param keep which iterate is the result
   * @return the copy
   */
  public SearchRecipe withKeep(Keep keep) {
    return with(draft -> draft.keep = keep);
  }

  /**
   * Copies with another treatment of seeds.
   *
   * @param rawSeed whether the first evaluation takes the seed unclipped
   * @return the copy
   */
  public SearchRecipe withRawSeed(boolean rawSeed) {
    return with(draft -> draft.rawSeed = rawSeed);
  }

  /**
   * Copies with another number of images at a time.
   *
   * @param batch at least 1
   * @return the copy
   * @throws IllegalArgumentException if below 1
   */
  public SearchRecipe withBatch(int batch) {
    return with(draft -> draft.batch = batch);
  }

  /**
   * Copies with a memory budget.
   *
   * @param memory for the network, in MB, above 0
   * @return the copy
   * @throws IllegalArgumentException if not above 0
   */
  public SearchRecipe withMemory(double memory) {
    return with(draft -> draft.memory = memory);
  }

  /**
   * Copies with another tolerance.
   *
   * @param tolerance the relative distance up to which an image counts as matched, above 0
   * @return the copy
   * @throws IllegalArgumentException if not above 0
   */
  public SearchRecipe withTolerance(double tolerance) {
    return with(draft -> draft.tolerance = tolerance);
  }

  /**
   * The options of a search with a penalty, for images of one kind.
   *
   * @param distances opens what a penalty rests on
   */
  InversionOptions options(
      Penalty penalty, ImageSpec input, Function<DistanceRecipe, PerceptualDistance> distances) {
    InversionOptions published = preset.options(input);
    InversionOptions options =
        penalty.in(preset, batch.map(published::withBatch).orElse(published), distances);
    if (!partWeights.isEmpty()) {
      options =
          options.withPartWeights(partWeights.stream().mapToDouble(Double::doubleValue).toArray());
    }
    options = matching.map(options::withMatching).orElse(options);
    options = constraint.map(options::withConstraint).orElse(options);
    options = step.map(options::withStep).orElse(options);
    options = iterations.map(options::withIterations).orElse(options);
    options = stopping.map(options::withStopping).orElse(options);
    options = keep.map(options::withKeep).orElse(options);
    options = rawSeed.map(options::withRawSeed).orElse(options);
    return tolerance.map(options::withTolerance).orElse(options);
  }

  /** The bytes that a network may take: the batch is smaller where it would take more. */
  long budget() {
    return memory.map(megabytes -> (long) (1e6 * megabytes)).orElseGet(MachineMemory::budget);
  }

  private SearchRecipe with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.recipe();
  }

  /** What a copy is made from, so that each {@code with} names only what it changes. */
  private static final class Draft {

    final Preset preset;
    @Nullable Matching matching;
    List<Double> partWeights = List.of();
    @Nullable Constraint constraint;
    @Nullable StepRule step;
    @Nullable Integer iterations;
    @Nullable Stopping stopping;
    @Nullable Keep keep;
    @Nullable Boolean rawSeed;
    @Nullable Integer batch;
    @Nullable Double memory;
    @Nullable Double tolerance;

    Draft(Preset preset) {
      this.preset = preset;
    }

    Draft(SearchRecipe from) {
      preset = from.preset;
      matching = from.matching.orElse(null);
      partWeights = from.partWeights;
      constraint = from.constraint.orElse(null);
      step = from.step.orElse(null);
      iterations = from.iterations.orElse(null);
      stopping = from.stopping.orElse(null);
      keep = from.keep.orElse(null);
      rawSeed = from.rawSeed.orElse(null);
      batch = from.batch.orElse(null);
      memory = from.memory.orElse(null);
      tolerance = from.tolerance.orElse(null);
    }

    SearchRecipe recipe() {
      return new SearchRecipe(
          preset,
          Optional.ofNullable(matching),
          partWeights,
          Optional.ofNullable(constraint),
          Optional.ofNullable(step),
          Optional.ofNullable(iterations),
          Optional.ofNullable(stopping),
          Optional.ofNullable(keep),
          Optional.ofNullable(rawSeed),
          Optional.ofNullable(batch),
          Optional.ofNullable(memory),
          Optional.ofNullable(tolerance));
    }
  }
}
